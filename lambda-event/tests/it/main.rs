//! Events as their front ends send them, and what else can be in their place.
#![cfg(test)]

mod arbitrary;
mod bodies;
mod captured;
mod foreign;
mod headers;
mod multimap;
mod origins;
mod paths;
mod queries;
mod shapes;
mod types;

use lambda_event::{Event, HttpRequest, ReadError, RequestKind, parse_query};
use serde_json::{Value, json};

/// The shapes in which the events of this file are written.
const KINDS: [RequestKind; 5] = [
    RequestKind::ApiGatewayV1,
    RequestKind::ApiGatewayV2,
    RequestKind::Alb,
    RequestKind::VpcLatticeV1,
    RequestKind::VpcLatticeV2,
];

/// Returns the smallest event of a shape, a `GET` of a path.
fn event(kind: RequestKind, path: &str) -> Value {
    match kind {
        RequestKind::ApiGatewayV1 => json!({
            "httpMethod": "GET", "path": path,
            "requestContext": { "stage": "live", "resourcePath": "/{proxy+}" },
        }),
        RequestKind::ApiGatewayV2 => json!({
            "version": "2.0", "rawPath": path,
            "requestContext": { "stage": "$default", "http": { "method": "GET" } },
        }),
        RequestKind::Alb => json!({
            "httpMethod": "GET", "path": path,
            "requestContext": { "elb": { "targetGroupArn": "arn" } },
        }),
        RequestKind::VpcLatticeV1 => json!({ "method": "GET", "raw_path": path }),
        RequestKind::VpcLatticeV2 => json!({
            "version": "2.0", "method": "GET", "path": path,
            "requestContext": { "serviceArn": "arn" },
        }),
        other => panic!("no event of {other}"),
    }
}

/// Returns the smallest event of a shape with another member.
fn event_with(kind: RequestKind, member: &str, value: Value) -> Value {
    let mut event = event(kind, "/");
    event[member] = value;
    event
}

/// An event that outlives its reading.
struct Document(Vec<u8>);

impl Document {
    fn of(event: &Value) -> Self {
        Self(event.to_string().into_bytes())
    }

    fn request(&self) -> HttpRequest<'_> {
        self.read().unwrap()
    }

    fn read(&self) -> Result<HttpRequest<'_>, ReadError> {
        Event::parse(&self.0)?.into_request()
    }

    fn error(&self) -> ReadError {
        self.read().unwrap_err()
    }
}

fn target(event: &Value) -> String {
    Document::of(event).request().target.to_string()
}

/// Returns the values of a header as text.
fn values(request: &HttpRequest<'_>, name: &str) -> Vec<String> {
    let values = request.headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

/// Returns the decoded query.
fn pairs(request: &HttpRequest<'_>) -> Vec<(String, String)> {
    parse_query(request.target.query().unwrap_or_default())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
