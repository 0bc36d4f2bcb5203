//! Events: the reading, what a component of `wasi:http` gets of it, and what the SDK gets.

use std::borrow::Cow;

use bootstream::RequestExt as _;
use bootstream::testing::{event, get};
use bootstream_host::event::{EventSettings, Function, IncomingRequest, Reply, incoming};
use bootstream_host::invocation::Invocation;
use bytes::Bytes;
use http::Request;
use lambda_event::{Event, HttpRequest};
use lambda_protocol::headers::HOP_BY_HOP;

/// Reads `bytes` in every way.
///
/// # Panics
///
/// When the readings differ, or a request is not one of HTTP.
pub fn check(bytes: &[u8]) {
    let read = Event::parse(bytes).and_then(Event::into_request);
    if let Ok(request) = &read {
        check_request(request);
        crate::front_ends::check(request);
    }
    check_handler(bytes, read.as_ref().ok());
    for settings in settings() {
        check_component(bytes, &settings);
    }
}

fn check_request(request: &HttpRequest<'_>) {
    check_target(request.target.as_str());
    let headers = &request.headers;
    assert!(headers.get_all("cookie").iter().count() <= 1);
    if let Some(size) = headers.get("content-length") {
        assert_eq!(
            size.to_str().expect("digits"),
            request.body.len().to_string()
        );
    } else {
        assert!(request.body.is_empty());
    }
    if let Cow::Borrowed(body) = request.body {
        assert!(str::from_utf8(body).is_ok());
    }
    assert!(!request.authority().as_str().is_empty());
    assert_ne!(request.method, "CONNECT");
}

/// A target passes through a front end that leaves it alone as it is.
fn check_target(target: &str) {
    assert!(target.starts_with('/'), "{target}");
    assert!(
        target.bytes().all(|byte| byte.is_ascii_graphic()),
        "{target}"
    );
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let event = serde_json::json!({
        "rawPath": path, "rawQueryString": query, "requestContext": { "http": { "method": "GET" } },
    });
    let event = event.to_string();
    let again = Event::parse(event.as_bytes()).and_then(Event::into_request);
    let again = again.expect("a request").target;
    assert_eq!(
        again.as_str().trim_end_matches('?'),
        target.trim_end_matches('?')
    );
}

/// Reads the event in every way a handler can: everything that has a name is found by it.
fn check_handler(bytes: &[u8], read: Option<&HttpRequest<'_>>) {
    let event = event(bytes);
    assert_eq!(event.bytes(), bytes);
    // Any of them may be refused.
    let _ = event.api_gateway_v1();
    let _ = event.api_gateway_v2();
    let _ = event.function_url();
    let _ = event.alb();
    let Ok(request) = event.request() else { return };
    let read = read.expect("the handler's request is read from the same event");
    assert_eq!(request.headers(), &read.headers);
    assert_eq!(**request.body(), *read.body);
    assert_eq!(request.kind(), Some(read.kind));
    for (name, value) in request.query_pairs() {
        assert!(request.query_value(&name).is_some(), "{name}={value}");
    }
    for (name, value) in request.cookies() {
        assert!(request.cookie(name).is_some(), "{name}={value}");
    }
    check_normal_form(&request);
    let _ = (request.stage(), request.headers());
    let taken = event.clone().into_request().expect("a request");
    assert_eq!(taken.body(), request.body());
    let _ = request.parse_query_value::<u8>("a");
    let _ = request.json::<serde_json::Value>();
}

/// The path is normalized, so that the same request has the same path through every front end.
fn check_normal_form(request: &Request<Vec<u8>>) {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    let target = format!("{path}?{query}");
    let again = get(&target).request().expect("a request");
    assert_eq!(again.uri().path(), path);
    assert_eq!(again.path_segments(), request.path_segments());
    let pairs: Vec<_> = request.query_pairs().collect();
    assert_eq!(again.query_pairs().collect::<Vec<_>>(), pairs);
}

fn settings() -> [EventSettings; 2] {
    let full = EventSettings {
        events_path: Some("/events".parse().expect("a path")),
        strip_base_path: Some("/a".to_owned()),
        context_headers: Some(Function::default()),
    };
    [EventSettings::default(), full]
}

fn check_component(bytes: &[u8], settings: &EventSettings) {
    let invocation = Invocation::new("id", Bytes::copy_from_slice(bytes));
    let incoming = match incoming(&invocation, settings) {
        Ok(incoming) => incoming,
        Err(error) => {
            assert!(!error.report().message.is_empty());
            return;
        }
    };
    let request = &incoming.request;
    let uri = request.uri();
    assert!(uri.scheme().is_some() && uri.authority().is_some(), "{uri}");
    assert!(uri.path().starts_with('/'), "{uri}");
    let headers = request.headers();
    assert!(!headers.contains_key("host"));
    assert!(HOP_BY_HOP.iter().all(|name| !headers.contains_key(name)));
    check_context(&incoming, settings);
    if incoming.reply == Reply::Document {
        assert_eq!(request.body(), bytes);
        assert_eq!(uri.path(), "/events");
    }
}

/// The context headers are the host's, or there are none.
fn check_context(incoming: &IncomingRequest, settings: &EventSettings) {
    let headers = incoming.request.headers();
    assert!(!headers.contains_key("x-amz-tenant-id"));
    let context = headers.get_all("x-amzn-lambda-context").iter();
    let contexts: Vec<_> = context.map(http::HeaderValue::as_bytes).collect();
    match (&settings.context_headers, contexts.as_slice()) {
        (None, []) => assert!(!headers.contains_key("x-amzn-request-context")),
        (Some(_), [context]) => assert!(context.starts_with(br#"{"request_id":"id","#)),
        (wanted, contexts) => panic!("{wanted:?}: {contexts:?}"),
    }
}
