//! Events that are not HTTP.

use http::Method;
use serde_json::json;

use super::super::{EventSettings, Reply};
use super::{read, settings, url_event};

const SQS: &[u8] = br#"{ "Records": [ { "eventSource": "aws:sqs", "body": "\u00e9" } ] }"#;

#[test]
fn any_other_event_is_posted_byte_for_byte() {
    let websocket = br#"{"requestContext":{"connectionId":"c","routeKey":"$connect"},"httpMethod":"GET","path":"/"}"#;
    let authorizer = br#"{"type":"REQUEST","methodArn":"arn","httpMethod":"GET","path":"/a","requestContext":{}}"#;
    // A state machine's input with members of the same names, and JSON that is no object.
    let input = br#"{"method":7,"path":["a"],"headers":"text","body":{}}"#;
    for event in [
        SQS,
        websocket.as_slice(),
        authorizer,
        input,
        b"{}",
        b"[1, 2]",
        b"null",
        b" \"text\"\n",
    ] {
        let incoming = read(event, &settings()).unwrap();
        assert_eq!(incoming.reply, Reply::Document);
        let request = incoming.request;
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://localhost/events");
        assert_eq!(request.headers().len(), 2);
        assert_eq!(request.headers()["content-type"], "application/json");
        let size = request.headers()["content-length"].to_str().unwrap();
        assert_eq!(size, event.len().to_string());
        assert_eq!(request.body(), event);
    }
}

#[test]
fn a_request_is_none_even_if_its_body_looks_like_an_event() {
    let mut event = url_event();
    event["body"] = json!(str::from_utf8(SQS).unwrap());
    event["rawPath"] = json!("/events");
    let incoming = read(event.to_string().as_bytes(), &settings()).unwrap();
    assert_eq!(incoming.reply, Reply::Http);
}

#[test]
fn without_a_path_such_events_are_refused_and_requests_are_not() {
    let settings = EventSettings::default();
    let error = read(SQS, &settings).unwrap_err();
    assert!(error.to_string().contains("`events-path`"), "{error}");
    let event = url_event().to_string();
    assert!(read(event.as_bytes(), &settings).is_ok());
}

#[test]
fn a_base_path_does_not_concern_them() {
    let settings = EventSettings {
        strip_base_path: Some("/events".to_owned()),
        ..settings()
    };
    let incoming = read(SQS, &settings).unwrap();
    assert_eq!(incoming.request.uri().path(), "/events");
}
