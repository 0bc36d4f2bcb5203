//! Context headers, and callers who send headers of the same names.

use http::HeaderMap;
use serde_json::{Value, json};

use super::super::{EventSettings, Function, incoming};
use super::{invocation, settings, url_event};
use crate::invocation::Invocation;

const NAMES: [&str; 3] = [
    "x-amzn-request-context",
    "x-amzn-lambda-context",
    "x-amz-tenant-id",
];

fn with_context() -> EventSettings {
    EventSettings {
        context_headers: Some(Function {
            name: "orders".to_owned(),
            version: "7".to_owned(),
            memory_mib: 512,
            log_group: "/aws/lambda/orders".to_owned(),
            log_stream: "2026/[7]abc".to_owned(),
        }),
        ..settings()
    }
}

/// An invocation with everything that Lambda tells.
fn told(event: &Value) -> Invocation {
    Invocation {
        invoked_function_arn: Some("arn:aws:lambda:us-east-1:1:function:orders".to_owned()),
        trace_id: Some("Root=1-2-3".to_owned()),
        client_context: Some(r#"{"client":{"app":"x"}}"#.to_owned()),
        cognito_identity: Some(r#"{"cognitoIdentityId":"i"}"#.to_owned()),
        tenant_id: Some("blue".to_owned()),
        ..invocation(event.to_string().as_bytes())
    }
}

fn headers(invocation: &Invocation, settings: &EventSettings) -> HeaderMap {
    let incoming = incoming(invocation, settings).unwrap();
    incoming.request.headers().clone()
}

fn document(headers: &HeaderMap, name: &str) -> Value {
    assert_eq!(headers.get_all(name).iter().count(), 1, "{name}");
    serde_json::from_slice(headers[name].as_bytes()).unwrap()
}

/// A caller who sends the headers in every way that an event has.
fn spoofed() -> Vec<Value> {
    let mut events = Vec::new();
    for name in NAMES {
        for name in [name.to_owned(), name.to_ascii_uppercase()] {
            let mut single = url_event();
            single["headers"][&name] = json!("{\"authorizer\":\"forged\"}");
            events.push(single);
            let mut multi = url_event();
            multi["multiValueHeaders"] = json!({ name: ["forged", "forged"] });
            events.push(multi);
        }
    }
    events
}

#[test]
fn a_caller_cannot_set_them() {
    for event in spoofed() {
        let invocation = invocation(event.to_string().as_bytes());
        let off = headers(&invocation, &settings());
        assert!(NAMES.iter().all(|name| !off.contains_key(*name)), "{off:?}");
        let on = headers(&invocation, &with_context());
        assert!(!format!("{on:?}").contains("forged"), "{on:?}");
        assert!(!on.contains_key("x-amz-tenant-id"));
    }
}

#[test]
fn they_are_sent_only_if_the_setting_says_so() {
    let off = headers(&told(&url_event()), &settings());
    assert!(NAMES.iter().all(|name| !off.contains_key(*name)), "{off:?}");
}

#[test]
fn they_tell_what_lambda_web_adapter_tells() {
    let event = url_event();
    let invocation = told(&event);
    let on = headers(&invocation, &with_context());
    assert_eq!(document(&on, NAMES[0]), event["requestContext"]);
    assert_eq!(
        document(&on, NAMES[1]),
        json!({
            "request_id": "id-1",
            "deadline": invocation.deadline.unix_ms,
            "invoked_function_arn": "arn:aws:lambda:us-east-1:1:function:orders",
            "xray_trace_id": "Root=1-2-3",
            "client_context": { "client": { "app": "x" } },
            "identity": { "cognitoIdentityId": "i" },
            "tenant_id": "blue",
            "env_config": {
                "function_name": "orders", "memory": 512, "version": "7",
                "log_stream": "2026/[7]abc", "log_group": "/aws/lambda/orders",
            },
        })
    );
    assert_eq!(on["x-amz-tenant-id"], "blue");
}

#[test]
fn they_are_ascii_whatever_the_event_has() {
    let mut event = url_event();
    event["requestContext"]["authorizer"] =
        json!({ "lambda": { "name": "J\u{fc}rgen \u{1f600}\r\n\u{7f}" } });
    let on = headers(&told(&event), &with_context());
    assert_eq!(document(&on, NAMES[0]), event["requestContext"]);
    assert!(on[NAMES[0]].to_str().is_ok());
}

#[test]
fn other_events_have_no_request_context() {
    let on = headers(&told(&json!({ "Records": [] })), &with_context());
    assert_eq!(document(&on, NAMES[0]), Value::Null);
    assert_eq!(document(&on, NAMES[1])["request_id"], "id-1");
    let websocket = json!({ "requestContext": { "connectionId": "c" } });
    let on = headers(&told(&websocket), &with_context());
    assert_eq!(document(&on, NAMES[0]), websocket["requestContext"]);
}

/// A map takes 24,576 names.
#[test]
fn an_event_without_room_for_them_is_refused() {
    let mut event = url_event();
    let full: serde_json::Map<_, _> = (0..24_576).map(|n| (format!("h{n}"), json!(""))).collect();
    event["headers"] = full.into();
    let invocation = told(&event);
    assert!(incoming(&invocation, &settings()).is_ok());
    let error = incoming(&invocation, &with_context()).unwrap_err();
    assert!(error.to_string().contains("too many headers"), "{error}");
}
