//! Requests of front ends.

use super::super::{EventSettings, Reply, parse_base_path};
use super::{message, read, request, settings, url_event};
use http::Method;
use serde_json::{Value, json};

const CAPTURED: [&[u8]; 4] = [
    include_bytes!("../../../../lambda-event/tests/captured/alb.json"),
    include_bytes!("../../../../lambda-event/tests/captured/api_gateway_v1.json"),
    include_bytes!("../../../../lambda-event/tests/captured/api_gateway_v2.json"),
    include_bytes!("../../../../lambda-event/tests/captured/function_url.json"),
];

#[test]
fn a_request_has_an_absolute_uri_and_no_host() {
    for event in CAPTURED {
        let incoming = read(event, &settings()).unwrap();
        assert_eq!(incoming.reply, Reply::Http);
        let request = incoming.request;
        assert_eq!(request.method(), Method::POST);
        let uri = request.uri();
        assert!(uri.scheme().is_some() && uri.authority().is_some(), "{uri}");
        assert_eq!(uri.path(), "/capture/space%20value");
        assert!(!request.headers().contains_key("host"));
        assert_eq!(request.headers()["content-length"], "66");
        assert_eq!(request.headers()["cookie"], "session=abc123; theme=dark");
        assert_eq!(request.body().len(), 66);
    }
}

#[test]
fn path_and_query_of_a_function_url_are_verbatim() {
    let mut event = url_event();
    event["rawPath"] = json!("/a%20b");
    event["rawQueryString"] = json!("x=1&x=2&y=%26");
    let uri = request(&event).request.uri().to_string();
    assert_eq!(
        uri,
        "https://abc.lambda-url.us-east-1.on.aws/a%20b?x=1&x=2&y=%26"
    );
}

#[test]
fn a_path_of_several_slashes_is_no_authority() {
    let mut event = url_event();
    event["rawPath"] = json!("//evil.example/a");
    let uri = request(&event).request.uri().clone();
    assert_eq!(uri.host(), Some("abc.lambda-url.us-east-1.on.aws"));
    assert_eq!(uri.path(), "//evil.example/a");
}

#[test]
fn headers_of_the_connection_are_not_passed_on() {
    let mut event = url_event();
    event["headers"] = json!({
        "Connection": "keep-alive, x-kept", "Host": "a.example", "Transfer-Encoding": "chunked",
        "Keep-Alive": "timeout=5", "TE": "trailers", "Trailer": "x", "Upgrade": "websocket",
        "Proxy-Connection": "close", "Proxy-Authorization": "Basic eA==", "Proxy-Authenticate": "Basic",
        "HTTP2-Settings": "x", "X-Kept": "1", "Authorization": "Bearer x",
    });
    let request = request(&event).request;
    let mut names: Vec<_> = request
        .headers()
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    names.sort_unstable();
    // What `Connection` names stays: otherwise a caller could remove what a front end has added.
    assert_eq!(names, ["authorization", "x-kept"]);
    assert_eq!(request.uri().authority().unwrap(), "a.example");
}

#[test]
fn a_header_that_http_does_not_allow_is_told_and_nothing_panics() {
    let mut event = url_event();
    event["headers"] = json!({ "city": "S\u{e3}o", "split": "a\r\nb: c", "a b": "x" });
    let incoming = request(&event);
    assert_eq!(
        incoming.request.headers()["city"].as_bytes(),
        "S\u{e3}o".as_bytes()
    );
    assert_eq!(incoming.request.headers().len(), 1);
    assert_eq!(incoming.invalid_headers.len(), 2);
}

#[test]
fn without_a_host_the_request_goes_to_localhost() {
    let mut event = url_event();
    event["headers"] = Value::Null;
    event["requestContext"]["domainName"] = Value::Null;
    let uri = request(&event).request.uri().to_string();
    assert_eq!(uri, "https://localhost/");
}

#[test]
fn a_base_path_is_removed_if_the_setting_says_so() {
    let strip = |base: &str, path: &str| {
        let mut event = url_event();
        event["rawPath"] = json!(path);
        let settings = EventSettings {
            strip_base_path: parse_base_path(base).unwrap(),
            ..settings()
        };
        let incoming = read(event.to_string().as_bytes(), &settings).unwrap();
        incoming.request.uri().path().to_owned()
    };
    assert_eq!(strip("/orders", "/orders/7"), "/7");
    assert_eq!(strip("/orders/", "/orders"), "/");
    assert_eq!(strip("/orders", "/orders7"), "/orders7");
    assert_eq!(strip("/my shop", "/my%20shop/7"), "/7");
    assert_eq!(strip("/", "/orders"), "/orders");
}

#[test]
fn the_body_stays_in_the_memory_of_the_event() {
    let mut event = url_event();
    event["body"] = json!("x".repeat(100_000));
    let event = bytes::Bytes::from(event.to_string());
    let range = event.as_ptr_range();
    let invocation = crate::invocation::Invocation::new("id-1", event.clone());
    let incoming = super::super::incoming(&invocation, &settings()).unwrap();
    assert!(range.contains(&incoming.request.body().as_ptr()));
}

#[test]
fn what_is_wrong_is_named() {
    let with = |change: fn(&mut Value)| {
        let mut event = url_event();
        change(&mut event);
        message(event.to_string().as_bytes())
    };
    let without_path = with(|event| event["rawPath"] = Value::Null);
    assert_eq!(without_path, "the event has no `rawPath`");
    let base64 = with(|event| {
        event["body"] = json!("?");
        event["isBase64Encoded"] = json!(true);
    });
    assert!(
        base64.starts_with("`body` of the event: failed to decode"),
        "{base64}"
    );
    assert!(base64.contains("Invalid"), "{base64}");
    let tunnel = with(|event| event["requestContext"]["http"]["method"] = json!("CONNECT"));
    assert!(
        tunnel.starts_with("`requestContext.http.method` of the event: "),
        "{tunnel}"
    );
    let headers = with(|event| event["headers"] = json!("text"));
    assert!(
        headers.starts_with("the event has an invalid `headers`: expected an object"),
        "{headers}"
    );
    for event in [b"".as_slice(), b"not json", b"{", b"\xff"] {
        let message = message(event);
        assert!(message.starts_with("the event is not JSON: "), "{message}");
    }
}
