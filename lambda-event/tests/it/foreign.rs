//! `aws_lambda_events`, AWS's own types, as a judge of methods, headers and bodies.

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use http::header::{CONTENT_LENGTH, COOKIE};
use http::{HeaderMap, Method};
use lambda_event::RequestKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Document;
use super::captured::{ALB, HTTP_API, REST};

/// What both readers tell.
#[derive(Debug, PartialEq)]
struct Told {
    method: Method,
    headers: HeaderMap,
    body: Option<String>,
}

/// Leaves out the headers that this crate computes.
fn told(method: Method, mut headers: HeaderMap, body: Option<String>) -> Told {
    headers.remove(COOKIE);
    headers.remove(CONTENT_LENGTH);
    let body = body.filter(|body| !body.is_empty());
    Told {
        method,
        headers,
        body,
    }
}

fn ours(event: &Value) -> Told {
    let document = Document::of(event);
    let request = document.request();
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    told(request.method, request.headers, Some(body))
}

/// Several values if there are any, as this crate takes them.
fn either(multi: HeaderMap, single: HeaderMap) -> HeaderMap {
    if multi.is_empty() { single } else { multi }
}

fn theirs(kind: RequestKind, event: &Value) -> Told {
    let event = event.clone();
    match kind {
        RequestKind::ApiGatewayV1 => {
            let read: ApiGatewayProxyRequest = serde_json::from_value(event).unwrap();
            told(
                read.http_method,
                either(read.multi_value_headers, read.headers),
                read.body,
            )
        }
        RequestKind::Alb => {
            let read: AlbTargetGroupRequest = serde_json::from_value(event).unwrap();
            told(
                read.http_method,
                either(read.multi_value_headers, read.headers),
                read.body,
            )
        }
        _ => {
            let read: ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
            told(read.request_context.http.method, read.headers, read.body)
        }
    }
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let value = "[ -~\u{e9}\u{3bb}]{0,8}";
    let header = ("[A-Z][a-z-]{1,8}", prop::collection::vec(value, 1..3));
    prop::collection::vec(header, 0..5)
}

proptest! {
    #[test]
    fn the_same_is_read(
        method in "GET|POST|DELETE|OPTIONS|FOO",
        headers in headers(),
        is_multi in any::<bool>(),
        body in proptest::option::of(".{0,20}"),
    ) {
        for (captured, kind) in [
            (REST, RequestKind::ApiGatewayV1),
            (HTTP_API, RequestKind::ApiGatewayV2),
            (ALB, RequestKind::Alb),
        ] {
            let mut event: Value = serde_json::from_slice(captured).unwrap();
            // The types do not accept these members as AWS has sent them.
            event["requestContext"]["authorizer"] = Value::Null;
            event["queryStringParameters"] = json!({});
            event["headers"] = Value::Null;
            event["multiValueHeaders"] = Value::Null;
            if kind == RequestKind::ApiGatewayV2 {
                event["requestContext"]["http"]["method"] = json!(method);
            } else {
                event["httpMethod"] = json!(method);
            }
            event["isBase64Encoded"] = json!(false);
            event["body"] = json!(body);
            for (name, values) in &headers {
                if is_multi && kind != RequestKind::ApiGatewayV2 {
                    event["multiValueHeaders"][name] = json!(values);
                } else {
                    event["headers"][name] = json!(values[0]);
                }
            }
            prop_assert_eq!(ours(&event), theirs(kind, &event), "{}", event);
        }
    }
}
