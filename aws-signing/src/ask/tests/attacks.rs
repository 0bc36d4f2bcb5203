//! Ways to a signature that are closed.

use super::{DYNAMODB, SCOPE};
use crate::testing::{answer, authorization, head, policy, signed_head, with_endpoint};

#[test]
fn the_placeholder_elsewhere_is_refused() {
    let policy = policy(&["dynamodb"]);
    let text = |place: &str| {
        format!("the access key of the handler is in {place}; it belongs into `authorization` only")
    };
    let other: &[(&str, &str)] = &[("x-key", "KEY")];
    for (uri, headers, place) in [
        ("", other, "the header `x-key`"),
        ("", &[("cookie", "a=KEY; b")], "the header `cookie`"),
        ("?a=KEY", &[], "the query"),
        ("?KEY", &[], "the query"),
        ("?a=%42OOTSTREAMREST", &[], "the query"),
        ("KEY/x", &[], "the path"),
        ("a/%42OOTSTREAMREST", &[], "the path"),
    ] {
        let key = crate::testing::placeholder();
        let uri = format!("{DYNAMODB}{uri}")
            .replace("BOOTSTREAMREST", key.as_str())
            .replace("OOTSTREAMREST", key.as_str().get(1..).unwrap())
            .replace("KEY", key.as_str());
        let unsigned = head("GET", &uri, headers);
        assert_eq!(answer(&policy, &unsigned), text(place), "{uri}");
        let signed = signed_head("GET", &uri, SCOPE, headers);
        assert_eq!(answer(&policy, &signed), text(place), "{uri}");
    }
    let basic = head("GET", DYNAMODB, &[("authorization", "Bearer KEY")]);
    assert_eq!(
        answer(&policy, &basic),
        "the algorithm `Bearer` is not supported; use `AWS4-HMAC-SHA256`"
    );
    let elsewhere =
        "https://evil.example/?a=KEY".replace("KEY", crate::testing::placeholder().as_str());
    assert_eq!(
        answer(&policy, &head("GET", &elsewhere, &[])),
        text("the query")
    );
}

#[test]
fn presigned_requests_are_refused() {
    let policy = policy(&["s3"]);
    let key = crate::testing::placeholder();
    for name in ["X-Amz-Credential", "x-amz-credential", "X-Amz-%43redential"] {
        let uri = format!(
            "https://s3.eu-central-1.amazonaws.com/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&\
             {name}={}%2F20261129%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature=0",
            key.as_str()
        );
        let text = "presigned requests are not signed again; sign in the header";
        assert_eq!(answer(&policy, &head("GET", &uri, &[])), text, "{name}");
    }
}

#[test]
fn a_signature_in_header_and_query_is_refused() {
    let policy = policy(&["dynamodb"]);
    for (query, name) in [
        ("X-Amz-Signature=0", "X-Amz-Signature"),
        ("x-amz-signature=0", "X-Amz-Signature"),
        ("a=b&X-Amz-%53ignature=0", "X-Amz-Signature"),
        ("X-Amz-Credential=AKID", "X-Amz-Credential"),
        ("X-Amz-Security-Token=t", "X-Amz-Security-Token"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm"),
        ("X-Amz-Date=20261129T000000Z", "X-Amz-Date"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders"),
        ("X-Amz-Expires=604800", "X-Amz-Expires"),
        ("AWSAccessKeyId=AKID", "AWSAccessKeyId"),
    ] {
        let head = signed_head("GET", &format!("{DYNAMODB}?{query}"), SCOPE, &[]);
        assert_eq!(
            answer(&policy, &head),
            format!(
                "it is signed in the header and has `{name}` in the query; sign in the header only"
            )
        );
    }
}

#[test]
fn heads_with_two_meanings_are_refused() {
    let policy = policy(&["dynamodb"]);
    for name in [
        "authorization",
        "x-amz-date",
        "x-amz-target",
        "x-amz-content-sha256",
        "x-amz-security-token",
    ] {
        let twice = signed_head("POST", DYNAMODB, SCOPE, &[(name, "1"), (name, "2")]);
        assert_eq!(
            answer(&policy, &twice),
            format!("it has two `{name}` headers")
        );
    }
    // The second one names the placeholder.
    let own = authorization("dynamodb", "eu-central-1");
    let second = head(
        "POST",
        DYNAMODB,
        &[("authorization", "Basic eDp5"), ("authorization", &own)],
    );
    assert_eq!(
        answer(&policy, &second),
        "it has two `authorization` headers"
    );
    for (name, value) in [("x-amz-s3session-token", "t"), ("x-amz-region-set", "*")] {
        let head = signed_head("POST", DYNAMODB, SCOPE, &[(name, value)]);
        assert_eq!(
            answer(&policy, &head),
            format!("the header `{name}` is not supported")
        );
    }
    let plus = signed_head("GET", &format!("{DYNAMODB}?a=b+c"), SCOPE, &[]);
    let text = "`+` in the query is ambiguous; write `%20` or `%2B`";
    assert_eq!(answer(&policy, &plus), text);
    for target in ["%zz", "?a=%zz"] {
        let head = signed_head("GET", &format!("{DYNAMODB}{target}"), SCOPE, &[]);
        assert!(answer(&policy, &head).contains("is not followed by two hexadecimal digits"));
    }
}

#[test]
fn methods_that_return_the_head_are_refused() {
    let policy = policy(&["dynamodb"]);
    for method in ["TRACE", "CONNECT"] {
        let head = signed_head(method, DYNAMODB, SCOPE, &[]);
        assert_eq!(
            answer(&policy, &head),
            format!("the method {method} is not supported")
        );
    }
}

#[test]
fn bodies_that_cannot_be_signed_are_refused() {
    let policy = with_endpoint(policy(&["s3"]), "s3", "http://127.0.0.1:9000");
    let scope = ("s3", "eu-central-1");
    let asked = |uri: &str, mode: &str| {
        answer(
            &policy,
            &signed_head("PUT", uri, scope, &[("x-amz-content-sha256", mode)]),
        )
    };
    let tls = "https://s3.eu-central-1.amazonaws.com/b/k";
    let plain = "http://127.0.0.1:9000/b/k";
    for mode in ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        assert_eq!(asked(tls, mode), "granted");
        assert_eq!(
            asked(plain, mode),
            format!("its body is unsigned (`{mode}`): use https")
        );
    }
    assert_eq!(asked(plain, crate::testing::EMPTY), "granted");
    for mode in [
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-EVENTS",
        "STREAMING-X",
    ] {
        assert!(asked(tls, mode).contains(mode), "{mode}");
    }
}
