//! Paths, as each front end passes them on.

use lambda_event::{Event, ReadError, RequestKind, normal_form};
use serde_json::{Value, json};

use super::{Document, KINDS, event, target};

/// What a caller sent, what an HTTP API makes of it, and the path that the component sees behind it. Every other
/// front end passes on what was sent. From `ingress-paths.json` in `vokerhttp/testdata` of hotsock/voker (MIT), July
/// 2026.
const SENT: [(&str, &str, &str); 9] = [
    ("/a%20b", "/a b", "/a%20b"),
    ("/q%3Fv", "/q", "/q"),
    ("/h%23v", "/h#v", "/h%23v"),
    ("/s%2Fv", "/s/v", "/s/v"),
    ("/l%252Fv", "/l/v", "/l/v"),
    ("/l%253Fv", "/l?v", "/l%3Fv"),
    ("/l%2525v", "/l%v", "/l%25v"),
    ("/%CE%BB", "/\u{3bb}", "/%CE%BB"),
    (
        "/capture/space%20value",
        "/capture/space value",
        "/capture/space%20value",
    ),
];

#[test]
fn an_encoded_path_is_passed_on_verbatim_by_every_kind() {
    for (sent, ..) in SENT {
        for kind in KINDS {
            assert_eq!(target(&event(kind, sent)), sent, "{kind}");
        }
    }
    for sent in [
        "/p%25d",
        "/%ce%bb",
        "/%41",
        "/a+b",
        "//",
        "/a/../b",
        "/[x]",
        "/%zz".replace('z', "7").as_str(),
    ] {
        for kind in KINDS {
            assert_eq!(target(&event(kind, sent)), sent, "{kind}");
        }
    }
}

#[test]
fn a_path_that_an_http_api_has_decoded_is_encoded_again() {
    for (sent, raw, expected) in SENT {
        let target = target(&event(RequestKind::ApiGatewayV2, raw));
        assert_eq!(target, expected, "{sent}");
    }
}

#[test]
fn what_a_path_cannot_have_never_ends_it() {
    for (raw, expected) in [
        (
            "/unicode-\u{3bb}-\u{4e16}\u{754c}",
            "/unicode-%CE%BB-%E4%B8%96%E7%95%8C",
        ),
        ("/a\r\nb: c", "/a%0D%0Ab:%20c"),
        ("/a\0", "/a%00"),
        ("/%", "/%25"),
        ("/100%/x", "/100%25/x"),
        ("", "/"),
        ("a/b", "/a/b"),
        ("*", "/*"),
        ("http://example.com/a", "/http://example.com/a"),
    ] {
        for kind in [
            RequestKind::ApiGatewayV1,
            RequestKind::ApiGatewayV2,
            RequestKind::Alb,
        ] {
            assert_eq!(target(&event(kind, raw)), expected, "{kind}");
        }
    }
}

#[test]
fn a_path_that_was_decoded_or_not_has_the_same_normal_form() {
    for (encoded, decoded) in [
        ("/%ce%bb", "/\u{3bb}"),
        ("/%41%2D%7e", "/A-~"),
        ("/a%5Bb", "/a[b"),
    ] {
        let normal = |path| {
            let document = Document::of(&event(RequestKind::ApiGatewayV2, path));
            normal_form(&document.request().target).unwrap()
        };
        assert_eq!(normal(encoded), normal(decoded));
    }
}

fn http_api(stage: &str, path: &str, domain: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": path,
        "requestContext": { "stage": stage, "domainName": domain, "http": { "method": "GET" } },
    })
}

#[test]
fn the_stage_of_an_http_api_is_no_part_of_the_path() {
    for domain in ["abc.execute-api.us-east-1.amazonaws.com", "api.example.com"] {
        for (raw, path) in [
            ("/dev/a", "/a"),
            ("/dev/dev/a", "/dev/a"),
            ("/dev/", "/"),
            ("/dev", "/"),
            ("/devices", "/devices"),
            ("/a/dev", "/a/dev"),
        ] {
            assert_eq!(target(&http_api("dev", raw, domain)), path);
        }
    }
    let url = "abc.lambda-url.us-east-1.on.aws";
    assert_eq!(target(&http_api("dev", "/dev/a", url)), "/dev/a");
    assert_eq!(
        target(&http_api("$default", "/$default/a", "a.example")),
        "/$default/a"
    );
}

#[test]
fn the_stage_of_a_rest_api_is_never_added() {
    let mut rest = event(RequestKind::ApiGatewayV1, "/a");
    rest["requestContext"]["path"] = json!("/live/a");
    rest["requestContext"]["domainName"] = json!("abc.execute-api.us-east-1.amazonaws.com");
    assert_eq!(target(&rest), "/a");
    // A path below a resource that has the stage's name.
    rest["path"] = json!("/live/a");
    assert_eq!(target(&rest), "/live/a");
    // An HTTP API with payload format 1.0 has the stage in front.
    rest["version"] = json!("1.0");
    assert_eq!(target(&rest), "/a");
}

#[test]
fn a_path_too_long_for_a_uri_is_refused_with_its_size() {
    let path = format!("/{}", "a".repeat(65_534));
    let error = Document::of(&event(RequestKind::Alb, &path)).error();
    assert!(matches!(error, ReadError::Target(65_535, _)), "{error:?}");
    assert!(error.to_string().contains("65535 bytes"), "{error}");
}

#[test]
fn a_path_that_is_missing_is_named() {
    for (kind, member) in [
        (RequestKind::ApiGatewayV1, "path"),
        (RequestKind::ApiGatewayV2, "rawPath"),
        (RequestKind::Alb, "path"),
        (RequestKind::VpcLatticeV2, "path"),
    ] {
        for absent in [None, Some(Value::Null)] {
            let mut event = event(kind, "/");
            event.as_object_mut().unwrap().remove(member);
            if let Some(null) = absent {
                event[member] = null;
            }
            let event = event.to_string();
            let error = Event::parse(event.as_bytes()).unwrap().require_path();
            assert_eq!(error.unwrap_err().member(), Some(member), "{kind}");
        }
    }
}
