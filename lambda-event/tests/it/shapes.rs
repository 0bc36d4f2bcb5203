//! Which events are requests, and what is said about the others.

use std::error::Error as _;

use lambda_event::{Event, ReadError, RequestKind};
use serde_json::{Value, json};

use super::{Document, KINDS, event, event_with};

fn kind(event: &str) -> Option<RequestKind> {
    Event::parse(event.as_bytes()).unwrap().kind()
}

#[test]
fn each_front_end_has_its_shape() {
    for expected in KINDS {
        assert_eq!(kind(&event(expected, "/").to_string()), Some(expected));
    }
}

/// The members of VPC Lattice 1.0 and of payload format 2.0 differ in one letter's case.
#[test]
fn only_the_spelling_of_vpc_lattice_is_an_event_of_vpc_lattice() {
    let lattice = kind(r#"{"raw_path":"/","method":"GET"}"#);
    assert_eq!(lattice, Some(RequestKind::VpcLatticeV1));
    assert_eq!(kind(r#"{"rawPath":"/","method":"GET"}"#), None);
}

#[test]
fn any_other_json_is_an_event_without_a_request() {
    for event in [
        "{}",
        "[]",
        "null",
        "3",
        "\"text\"",
        r#"{"Records":[{"eventSource":"aws:sqs","body":"{}"}]}"#,
        r#"{"version":"0","source":"aws.ec2","detail":{}}"#,
        // A WebSocket API.
        r#"{"requestContext":{"connectionId":"c","routeKey":"$connect","domainName":"a.b"},"httpMethod":"GET","path":"/"}"#,
        // Inputs of a state machine that has members of these names.
        r#"{"method":7,"path":["a"],"body":{},"headers":"text","cookies":1}"#,
        r#"{"isBase64Encoded":"yes","requestContext":"text"}"#,
        r#"{"requestContext":["elb"],"httpMethod":"GET","path":"/"}"#,
        // A derived deserializer would take the elements for members.
        r#"[null,"GET",null,"/",null,null,null,null,{},{},{},{},[{}],"body",false]"#,
        r#"{"body":"{\"httpMethod\":\"GET\",\"requestContext\":{}}"}"#,
        r#"{"requestContext":null,"httpMethod":"GET"}"#,
    ] {
        assert_eq!(kind(event), None, "{event}");
        let error = Document(event.into()).error();
        assert!(matches!(error, ReadError::UnknownShape), "{event}");
        assert!(
            Event::parse(event.as_bytes())
                .unwrap()
                .require_path()
                .is_ok()
        );
    }
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    for event in [
        b"".as_slice(),
        b"not json",
        b"{\"version\":\"2.0\"",
        b"{} {}",
        b"\xff",
        b"{\"requestContext\":{\"elb\":{}},\"httpMethod\":\"GET\",\"path\":\"/\"",
    ] {
        let error = Event::parse(event).unwrap_err();
        assert!(
            matches!(error, ReadError::NotJson(_)),
            "{event:?}: {error:?}"
        );
        assert!(
            error.source().unwrap().to_string().contains("line 1"),
            "{error:?}"
        );
    }
}

#[test]
fn a_member_of_another_type_is_named() {
    for (kind, member, value) in [
        (RequestKind::ApiGatewayV2, "rawPath", json!(1)),
        (RequestKind::ApiGatewayV2, "rawQueryString", json!({})),
        (RequestKind::ApiGatewayV2, "headers", json!("text")),
        (RequestKind::ApiGatewayV2, "headers", json!({ "a": 1 })),
        (
            RequestKind::ApiGatewayV2,
            "headers",
            json!({ "a": [["b"]] }),
        ),
        (RequestKind::ApiGatewayV2, "cookies", json!("a=1")),
        (RequestKind::ApiGatewayV2, "cookies", json!([1])),
        (RequestKind::ApiGatewayV2, "body", json!({})),
        (RequestKind::ApiGatewayV2, "isBase64Encoded", json!("true")),
        (RequestKind::ApiGatewayV1, "path", json!([])),
        (RequestKind::ApiGatewayV1, "httpMethod", json!(true)),
        (RequestKind::Alb, "multiValueHeaders", json!({ "a": true })),
        (
            RequestKind::Alb,
            "multiValueQueryStringParameters",
            json!(1),
        ),
        (
            RequestKind::VpcLatticeV2,
            "queryStringParameters",
            json!([]),
        ),
        (RequestKind::VpcLatticeV1, "raw_path", json!(0)),
        (
            RequestKind::VpcLatticeV1,
            "query_string_parameters",
            json!(0),
        ),
        (RequestKind::VpcLatticeV1, "is_base64_encoded", json!(0)),
    ] {
        let error =
            Event::parse(event_with(kind, member, value).to_string().as_bytes()).unwrap_err();
        assert_eq!(error.member(), Some(member), "{error:?}");
        assert!(error.to_string().contains(member), "{error}");
        assert!(error.source().is_some());
    }
    let mut event = event(RequestKind::ApiGatewayV2, "/");
    event["requestContext"]["http"] = json!("GET");
    let error = Event::parse(event.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.member(), Some("requestContext"));
}

#[test]
fn who_asks_an_authorizer_sends_the_members_of_the_request() {
    for (kind, member) in [
        (RequestKind::ApiGatewayV1, "methodArn"),
        (RequestKind::ApiGatewayV2, "routeArn"),
    ] {
        let asking = event_with(kind, member, json!("arn:aws:execute-api:...")).to_string();
        assert!(Event::parse(asking.as_bytes()).unwrap().asks_authorizer());
        let request = event_with(kind, member, Value::Null).to_string();
        assert!(!Event::parse(request.as_bytes()).unwrap().asks_authorizer());
    }
}
