use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;

use super::*;
use crate::testing::{
    EMPTY, credentials, granted, head, header, now, part, policy, sign, signed_head, with_endpoint,
};

const DYNAMODB: &str = "https://dynamodb.eu-central-1.amazonaws.com/";
const SCOPE: (&str, &str) = ("dynamodb", "eu-central-1");

fn dynamodb(uri: &str, headers: &[(&str, &str)], token: Option<&str>) -> Parts {
    sign(
        &policy(&["dynamodb"]),
        signed_head("POST", uri, SCOPE, headers),
        token,
    )
}

fn s3(path: &str) -> Parts {
    let uri = format!("https://b.s3.eu-central-1.amazonaws.com{path}");
    let head = signed_head(
        "GET",
        &uri,
        ("s3", "eu-central-1"),
        &[("x-amz-content-sha256", EMPTY)],
    );
    sign(&policy(&["s3"]), head, None)
}

#[test]
fn requests_to_code_of_the_user_are_not_repeated_like_those_of_sdks() {
    let is_repeatable = |prefix: &str, service: &str, url: &str| {
        let policy = with_endpoint(policy(&[prefix]), prefix, url);
        let head = signed_head("POST", url, (service, "eu-central-1"), &[]);
        granted(&policy, &head).is_repeatable()
    };
    for (prefix, service, repeatable) in [
        ("dynamodb", "dynamodb", true),
        ("lambda", "lambda", true),
        ("execute-api", "execute-api", false),
        ("lambda-url", "lambda", false),
        ("appsync-api", "appsync", false),
        ("vpc-lattice-svcs", "vpc-lattice-svcs", false),
        ("es", "es", false),
        ("aoss", "aoss", false),
    ] {
        let url = "https://api.example";
        assert_eq!(is_repeatable(prefix, service, url), repeatable, "{prefix}");
    }
}

#[test]
fn the_signature_of_the_handler_is_replaced() {
    let head = dynamodb(
        DYNAMODB,
        &[
            ("x-amz-date", "20000101T000000Z"),
            ("x-amz-security-token", "the handler's"),
            ("expect", "100-continue"),
            ("host", "evil.example"),
            ("x-amz-target", "DynamoDB_20120810.GetItem"),
        ],
        Some("t0ken"),
    );
    let text = header(&head, "authorization").unwrap();
    let start = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target, Signature=";
    assert!(text.starts_with(start), "{text}");
    for (name, value) in [
        ("x-amz-date", Some("20150830T123600Z")),
        ("x-amz-security-token", Some("t0ken")),
        ("host", Some("dynamodb.eu-central-1.amazonaws.com")),
        ("expect", None),
        ("x-amz-content-sha256", None),
    ] {
        assert_eq!(header(&head, name), value, "{name}");
        assert!(head.headers.get_all(name).iter().count() <= 1);
    }
    assert!(head.headers["authorization"].is_sensitive());
    assert!(head.headers["x-amz-security-token"].is_sensitive());
}

#[test]
fn a_session_token_is_signed_and_a_long_term_key_has_none() {
    let without = dynamodb(DYNAMODB, &[], None);
    assert_eq!(header(&without, "x-amz-security-token"), None);
    assert_eq!(part(&without, "SignedHeaders"), "host;x-amz-date");
    let with = dynamodb(DYNAMODB, &[], Some("t0ken"));
    assert_eq!(
        part(&with, "SignedHeaders"),
        "host;x-amz-date;x-amz-security-token"
    );
    assert_ne!(part(&with, "Signature"), part(&without, "Signature"));
}

#[test]
fn a_retry_is_signed_anew() {
    let mut head = signed_head("POST", DYNAMODB, SCOPE, &[]);
    let grant = granted(&policy(&["dynamodb"]), &head);
    grant.prepare(&mut head);
    let hash = PayloadHash::of(["{}"]);
    let mut attempt = |token, later| {
        let time = now() + Duration::from_secs(later);
        grant
            .sign(&mut head, &hash, &credentials(token), time)
            .unwrap();
        let map: HeaderMap = head.headers.clone();
        (map, part(&head, "Signature").to_owned())
    };
    let (first, signature) = attempt(Some("one"), 0);
    let (later, another) = attempt(Some("two"), 1);
    assert_ne!(signature, another);
    assert_eq!(later["x-amz-date"], "20150830T123601Z");
    assert_eq!(later["x-amz-security-token"], "two");
    assert_eq!(later.get_all("authorization").iter().count(), 1);
    let (no_token, _) = attempt(None, 1);
    assert!(!no_token.contains_key("x-amz-security-token"));
    assert_eq!(attempt(Some("one"), 0), (first, signature));
}

#[test]
fn the_date_of_the_scope_is_that_of_the_time_stamp() {
    // 2015-12-31, 23:59:59 UTC, and one second later.
    for (seconds, stamp) in [
        (1_451_606_399, "20151231T235959Z"),
        (1_451_606_400, "20160101T000000Z"),
    ] {
        let mut head = signed_head("POST", DYNAMODB, SCOPE, &[]);
        let grant = granted(&policy(&["dynamodb"]), &head);
        grant.prepare(&mut head);
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        grant
            .sign(&mut head, &PayloadHash::of([""]), &credentials(None), time)
            .unwrap();
        assert_eq!(header(&head, "x-amz-date"), Some(stamp));
        let date = stamp.get(..8).unwrap();
        assert!(part(&head, "Credential").contains(&format!("/{date}/eu-central-1/")));
    }
    let mut head = signed_head("POST", DYNAMODB, SCOPE, &[]);
    let grant = granted(&policy(&["dynamodb"]), &head);
    let before = UNIX_EPOCH - Duration::from_secs(1);
    let result = grant.sign(
        &mut head,
        &PayloadHash::of([""]),
        &credentials(None),
        before,
    );
    assert_eq!(result, Err(SignError::Clock));
}

#[test]
fn the_host_has_one_form_on_the_wire_and_in_the_signature() {
    let plain = dynamodb(DYNAMODB, &[], None);
    for authority in [
        "dynamodb.eu-central-1.amazonaws.com:443",
        "DynamoDB.EU-Central-1.amazonaws.com",
        "dynamodb.eu-central-1.amazonaws.com.",
        "dynamodb.eu-central-1.amazonaws.com.:443",
    ] {
        let head = dynamodb(&format!("https://{authority}/"), &[], None);
        assert_eq!(
            header(&head, "host"),
            Some("dynamodb.eu-central-1.amazonaws.com")
        );
        assert_eq!(head.uri, plain.uri, "{authority}");
        assert_eq!(
            part(&head, "Signature"),
            part(&plain, "Signature"),
            "{authority}"
        );
    }
    let local = with_endpoint(policy(&["dynamodb"]), "dynamodb", "http://127.0.0.1:8000");
    let head = sign(
        &local,
        signed_head("POST", "http://127.0.0.1:8000/", SCOPE, &[]),
        None,
    );
    assert_eq!(header(&head, "host"), Some("127.0.0.1:8000"));
    assert_eq!(head.uri, "http://127.0.0.1:8000/");
}

#[test]
fn a_model_id_is_encoded_once_on_the_wire() {
    for id in [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "anthropic.claude-3-haiku-20240307-v1%3A0",
    ] {
        let uri = format!("https://bedrock-runtime.eu-central-1.amazonaws.com/model/{id}/invoke");
        let head = signed_head("POST", &uri, ("bedrock", "eu-central-1"), &[]);
        let grant = granted(&policy(&["bedrock-runtime"]), &head);
        assert_eq!(
            grant.uri().path(),
            "/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke"
        );
        assert_eq!(
            grant.canonical_path,
            "/model/anthropic.claude-3-haiku-20240307-v1%253A0/invoke"
        );
    }
}

#[test]
fn a_key_of_s3_is_encoded_once() {
    for (path, sent) in [
        ("/images/mac@2x.png", "/images/mac%402x.png"),
        ("/images/mac%402x.png", "/images/mac%402x.png"),
        ("/test%20file", "/test%20file"),
        ("/100%25.txt", "/100%25.txt"),
        ("/a//b/./c", "/a//b/./c"),
        ("/a/../b", "/a/../b"),
    ] {
        let head = s3(path);
        assert_eq!(head.uri.path(), sent);
        assert_eq!(
            part(&head, "Signature"),
            part(&s3(sent), "Signature"),
            "{path}"
        );
        let grant = granted(
            &policy(&["s3"]),
            &signed_head("GET", &head.uri.to_string(), ("s3", "eu-central-1"), &[]),
        );
        assert_eq!(grant.canonical_path, sent);
    }
}

#[test]
fn other_services_normalise_in_the_signature_only() {
    let url = "https://a1.execute-api.eu-central-1.amazonaws.com";
    let policy = with_endpoint(policy(&["execute-api"]), "execute-api", url);
    let uri = format!("{url}/prod//a/./b?z=1&a=2&a=1&c");
    let head = signed_head("GET", &uri, ("execute-api", "eu-central-1"), &[]);
    let grant = granted(&policy, &head);
    assert_eq!(grant.uri().path(), "/prod//a/./b");
    assert_eq!(grant.uri().query(), Some("z=1&a=2&a=1&c"));
    assert_eq!(grant.canonical_path, "/prod/a/b");
    assert_eq!(grant.canonical_query, "a=1&a=2&c=&z=1");
    assert!(grant.is_custom());
}

#[test]
fn the_hash_of_the_body_is_sent_where_it_is_needed() {
    let hash_of = |head: &Parts| header(head, "x-amz-content-sha256").map(str::to_owned);
    assert_eq!(hash_of(&dynamodb(DYNAMODB, &[], None)), None);
    let stated = dynamodb(DYNAMODB, &[("x-amz-content-sha256", EMPTY)], None);
    assert_eq!(hash_of(&stated).as_deref(), Some(EMPTY));
    assert!(part(&stated, "SignedHeaders").contains("x-amz-content-sha256"));
    // S3 needs it, even from a client that leaves it to us.
    let uri = "https://b.s3.eu-central-1.amazonaws.com/k";
    let head = signed_head("GET", uri, ("s3", "eu-central-1"), &[]);
    assert_eq!(
        hash_of(&sign(&policy(&["s3"]), head, None)).as_deref(),
        Some(EMPTY)
    );
    let unsigned = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    let head = signed_head("PUT", uri, ("s3", "eu-central-1"), &unsigned);
    let head = sign(&policy(&["s3"]), head, None);
    assert_eq!(hash_of(&head).as_deref(), Some("UNSIGNED-PAYLOAD"));
}

#[test]
fn headers_that_the_handler_signed_are_signed() {
    let asked = crate::testing::authorization("dynamodb", "eu-central-1").replace(
        "=host",
        "=accept;connection;content-length;host;missing;te;user-agent",
    );
    let head = head(
        "POST",
        DYNAMODB,
        &[
            ("authorization", &asked),
            ("accept", "*/*"),
            ("accept-language", "de"),
            ("content-length", "0"),
            ("content-type", "application/json"),
            ("content-md5", "x"),
            ("range", "bytes=0-1"),
            ("te", "trailers"),
            ("user-agent", "x"),
            ("x-amz-meta-a", "b"),
            ("x-amzn-trace-id", "t"),
        ],
    );
    let head = sign(&policy(&["dynamodb"]), head, None);
    assert_eq!(
        part(&head, "SignedHeaders"),
        "accept;content-md5;content-type;host;range;x-amz-date;x-amz-meta-a"
    );
}

#[test]
fn a_header_that_changes_after_preparing_is_signed_as_it_is_sent() {
    let mut signatures = Vec::new();
    for value in ["placeholder", "secret"] {
        let mut head = signed_head("POST", DYNAMODB, SCOPE, &[("x-amz-meta-a", "placeholder")]);
        let grant = granted(&policy(&["dynamodb"]), &head);
        grant.prepare(&mut head);
        head.headers.insert("x-amz-meta-a", value.parse().unwrap());
        grant
            .sign(&mut head, &PayloadHash::of([""]), &credentials(None), now())
            .unwrap();
        signatures.push(part(&head, "Signature").to_owned());
    }
    assert_ne!(signatures.first(), signatures.last());
}
