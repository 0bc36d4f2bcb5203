//! What a component gets for an event.

mod context;
mod documents;
mod requests;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{EventError, EventSettings, IncomingRequest, incoming, parse_path};
use crate::invocation::Invocation;

/// The settings as they are without any.
fn settings() -> EventSettings {
    EventSettings {
        events_path: parse_path("/events"),
        ..EventSettings::default()
    }
}

/// A request to a function URL.
fn url_event() -> Value {
    json!({
        "version": "2.0", "rawPath": "/", "rawQueryString": "",
        "headers": { "host": "abc.lambda-url.us-east-1.on.aws", "x-forwarded-proto": "https" },
        "requestContext": {
            "domainName": "abc.lambda-url.us-east-1.on.aws", "stage": "$default",
            "http": { "method": "GET", "path": "/" },
        },
        "isBase64Encoded": false,
    })
}

fn invocation(event: &[u8]) -> Invocation {
    Invocation::new("id-1", Bytes::copy_from_slice(event))
}

fn request(event: &Value) -> IncomingRequest {
    read(event.to_string().as_bytes(), &settings()).unwrap()
}

fn read(event: &[u8], settings: &EventSettings) -> Result<IncomingRequest, EventError> {
    incoming(&invocation(event), settings)
}

fn message(event: &[u8]) -> String {
    let report = read(event, &settings()).unwrap_err().report();
    assert_eq!(report.error_type.as_str(), "Function.BadEvent");
    report.message
}
