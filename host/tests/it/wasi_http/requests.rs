//! What a component sees of a request. The mapping itself is tested in `host/src/event/`.

use bootstream_test_support::recorder::Event;
use serde_json::{Value, json};

use super::{respond, serving};

#[track_caller]
fn seen(event: &Value) -> Value {
    let (lambda, _host) = serving("");
    lambda.enqueue(Event::new("id-1", event.to_string()));
    let (_, body) = lambda.complete_response("id-1").prelude_and_body();
    serde_json::from_slice(&body).expect("JSON")
}

/// A function URL's event whose script is in a header.
fn url_event(steps: &Value) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/a%20b", "rawQueryString": "x=1&x=2&y=%26",
        "headers": {"host": "abc.lambda-url.us-east-1.on.aws", "x-forwarded-proto": "https",
            "connection": "close", "x-a": "1", "x-script": json!({"steps": steps}).to_string()},
        "requestContext": {"domainName": "abc.lambda-url.us-east-1.on.aws",
            "http": {"method": "GET", "path": "/a b"}},
    })
}

#[test]
fn a_request_has_method_target_scheme_authority_and_headers() {
    let described = seen(&url_event(&json!([
        respond(),
        "describe_request",
        "finish"
    ])));
    assert_eq!(described["method"], "get");
    assert_eq!(described["target"], "/a%20b?x=1&x=2&y=%26");
    assert_eq!(described["scheme"], "https");
    assert_eq!(described["authority"], "abc.lambda-url.us-east-1.on.aws");
    let names: Vec<&str> = described["headers"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|header| header[0].as_str())
        .collect();
    assert!(names.contains(&"x-a"), "{names:?}");
    for name in ["host", "connection", "content-length"] {
        assert!(!names.contains(&name), "{name}");
    }
}

#[test]
fn methods_and_scheme_are_those_of_the_event() {
    for (method, seen_as) in [("POST", "post"), ("HEAD", "head"), ("FOO", "other(FOO)")] {
        let mut event = url_event(&json!([respond(), "describe_request", "finish"]));
        event["requestContext"]["http"]["method"] = method.into();
        event["headers"]["x-forwarded-proto"] = "http".into();
        let described = seen(&event);
        assert_eq!(
            (&described["method"], &described["scheme"]),
            (&json!(seen_as), &json!("http"))
        );
    }
}

#[test]
fn the_body_is_what_the_event_has() {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..=255).collect();
    let (lambda, _host) = serving("");
    let mut event = url_event(&json!([respond(), "digest_request", "finish"]));
    event["body"] = base64::prelude::BASE64_STANDARD.encode(&bytes).into();
    event["isBase64Encoded"] = true.into();
    lambda.enqueue(Event::new("binary", event.to_string()));
    assert_eq!(lambda.complete_response("binary").body(), digest(&bytes));

    let text = "λ".repeat(1000);
    event["body"] = text.as_str().into();
    event["isBase64Encoded"] = false.into();
    lambda.enqueue(Event::new("text", event.to_string()));
    assert_eq!(
        lambda.complete_response("text").body(),
        digest(text.as_bytes())
    );

    event["body"] = Value::Null;
    lambda.enqueue(Event::new("none", event.to_string()));
    assert_eq!(lambda.complete_response("none").body(), digest(b""));
}

/// A component need not read its request.
#[test]
fn a_large_body_may_be_left_unread() {
    let (lambda, _host) = serving("limits.event-kib = 8000");
    let mut event = url_event(&json!([respond(), {"write": "unread"}, "finish"]));
    event["body"] = "x".repeat(6_000_000).into();
    lambda.enqueue(Event::new("id-1", event.to_string()));
    assert_eq!(lambda.complete_response("id-1").body(), "unread");
}

fn digest(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("bytes: {} fnv1a64: {hash:016x}\n", bytes.len())
}
