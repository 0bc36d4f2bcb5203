//! Method, scheme and authority.

use http::uri::Scheme;
use lambda_event::{ReadError, RequestKind};
use serde_json::{Value, json};

use super::{Document, KINDS, event, event_with};

/// Sets the method in the member in which a shape has it.
fn with_method(kind: RequestKind, method: Value) -> Document {
    let mut event = event(kind, "/");
    match kind {
        RequestKind::ApiGatewayV2 => event["requestContext"]["http"]["method"] = method,
        RequestKind::ApiGatewayV1 | RequestKind::Alb => event["httpMethod"] = method,
        _ => event["method"] = method,
    }
    Document::of(&event)
}

#[test]
fn any_token_is_a_method_and_a_standard_one_is_upper_case() {
    for kind in KINDS {
        for (text, method) in [
            ("GET", "GET"),
            ("HEAD", "HEAD"),
            ("head", "HEAD"),
            ("Patch", "PATCH"),
            ("FOO", "FOO"),
            ("foo", "foo"),
            ("M-SEARCH", "M-SEARCH"),
        ] {
            assert_eq!(
                with_method(kind, json!(text)).request().method,
                method,
                "{kind}"
            );
        }
    }
}

#[test]
fn a_tunnel_and_what_is_no_token_are_refused() {
    for kind in KINDS {
        for text in ["CONNECT", "connect"] {
            let error = with_method(kind, json!(text)).error();
            assert!(matches!(error, ReadError::Connect(_)), "{error:?}");
            assert!(error.member().unwrap().ends_with("ethod"), "{error:?}");
        }
        for text in ["", "G T", "GET\r\n", "G\u{c9}T", "(GET)"] {
            let error = with_method(kind, json!(text)).error();
            assert!(matches!(error, ReadError::Method(..)), "{text}: {error:?}");
        }
    }
    let error = with_method(RequestKind::ApiGatewayV2, Value::Null).error();
    assert_eq!(error.member(), Some("requestContext.http.method"));
}

#[test]
fn the_scheme_is_https_unless_the_front_end_says_http() {
    for (proto, scheme) in [
        (Some("http"), Scheme::HTTP),
        (Some("HTTP"), Scheme::HTTP),
        (Some("https"), Scheme::HTTPS),
        (Some("gopher"), Scheme::HTTPS),
        (Some(""), Scheme::HTTPS),
        (Some("http, https"), Scheme::HTTPS),
        (None, Scheme::HTTPS),
    ] {
        let headers = proto.map_or(json!({}), |proto| json!({ "X-Forwarded-Proto": proto }));
        let document = Document::of(&event_with(RequestKind::ApiGatewayV1, "headers", headers));
        assert_eq!(document.request().scheme(), scheme, "{proto:?}");
    }
}

#[test]
fn the_authority_is_the_host_else_the_domain_else_localhost() {
    for (host, domain, authority) in [
        (Some("a.example"), Some("b.example"), "a.example"),
        (Some("a.example:8443"), None, "a.example:8443"),
        (Some("[::1]:80"), None, "[::1]:80"),
        (Some(" a.example "), None, "a.example"),
        (None, Some("b.example"), "b.example"),
        (Some(""), Some("b.example"), "b.example"),
        (Some("a b"), Some("b.example"), "b.example"),
        (Some("user@a.example"), Some("b.example"), "b.example"),
        (Some("a.example/path"), Some("b.example"), "b.example"),
        (Some(":80"), Some("b.example"), "b.example"),
        (Some("http://a.example"), Some("not a domain"), "localhost"),
        (None, Some(""), "localhost"),
        (None, None, "localhost"),
    ] {
        let headers = host.map_or(Value::Null, |host| json!({ "Host": host }));
        let mut event = event_with(RequestKind::ApiGatewayV2, "headers", headers);
        event["requestContext"]["domainName"] = json!(domain);
        let document = Document::of(&event);
        assert_eq!(
            document.request().authority(),
            authority,
            "{host:?} {domain:?}"
        );
    }
}
