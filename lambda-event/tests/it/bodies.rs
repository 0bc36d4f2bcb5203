//! Bodies: text, base64, or none.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lambda_event::{ReadError, RequestKind};
use serde_json::{Value, json};

use super::{Document, KINDS, event};

fn document(kind: RequestKind, body: Value, is_base64_encoded: Value) -> Document {
    let mut event = event(kind, "/");
    event["body"] = body;
    event["isBase64Encoded"] = is_base64_encoded;
    Document::of(&event)
}

#[test]
fn every_byte_comes_back_from_base64() {
    let bytes: Vec<u8> = (0..=255).collect();
    for kind in KINDS {
        let document = document(kind, json!(BASE64_STANDARD.encode(&bytes)), json!(true));
        assert_eq!(*document.request().body, bytes, "{kind}");
    }
}

#[test]
fn text_is_borrowed_unless_json_escapes_it() {
    let borrowed = document(RequestKind::Alb, json!("h\u{e9}"), json!(false));
    let body = borrowed.request().body;
    assert!(matches!(body, Cow::Borrowed(_)));
    assert_eq!(*body, *"h\u{e9}".as_bytes());
    let escaped = document(RequestKind::Alb, json!("\"\n"), Value::Null);
    assert_eq!(*escaped.request().body, *b"\"\n");
}

#[test]
fn no_body_is_an_empty_one() {
    for is_base64_encoded in [json!(true), json!(false), Value::Null] {
        for body in [Value::Null, json!("")] {
            let document = document(RequestKind::ApiGatewayV1, body, is_base64_encoded.clone());
            assert!(document.request().body.is_empty());
        }
    }
}

#[test]
fn what_is_not_base64_is_an_error_and_not_an_empty_body() {
    for body in ["?", "eHg", "eHg=\n", "e", "\u{e9}", "eHg=eHg="] {
        let error = document(RequestKind::Alb, json!(body), json!(true)).error();
        assert!(matches!(error, ReadError::Body(_)), "{error:?}");
        assert_eq!(error.member(), Some("body"));
    }
}

#[test]
fn a_body_that_is_no_text_is_an_error() {
    for body in [
        br#""\ud800""#.as_slice(),
        b"\"\xff\"",
        b"{}",
        b"1",
        b"\"a\nb\"",
    ] {
        let mut event =
            br#"{"httpMethod":"GET","path":"/","requestContext":{"elb":{}},"body":"#.to_vec();
        event.extend_from_slice(body);
        event.push(b'}');
        let error = Document(event).error();
        let is_named = error.member() == Some("body");
        assert!(
            is_named || matches!(error, ReadError::NotJson(_)),
            "{error:?}"
        );
    }
}
