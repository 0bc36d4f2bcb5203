//! The headers of `/next`.

use bootstream_host::http1::{AnswerHead, Body};
use bootstream_host::runtime_api::headers::parse_invocation;
use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue};
use lambda_protocol::headers;
use serde::de::IgnoredAny;

static NAMES: [HeaderName; 8] = [
    headers::REQUEST_ID,
    headers::DEADLINE_MS,
    headers::INVOKED_FUNCTION_ARN,
    headers::TRACE_ID,
    headers::CLIENT_CONTEXT,
    headers::COGNITO_IDENTITY,
    headers::TENANT_ID,
    headers::INVOCATION_ID,
];

/// As many as a head may have.
const HEADERS: usize = 1000;

/// An invocation has an id, and what is handed on of its context is what it should be. The input is values
/// of headers, each after the number of its header and with a zero byte behind it.
///
/// # Panics
///
/// When it is not.
pub fn check(bytes: &[u8]) {
    let mut head = BytesMut::from("HTTP/1.1 200 OK\r\n");
    for value in bytes.split(|byte| *byte == 0).take(HEADERS) {
        let Some((number, value)) = value.split_first() else {
            continue;
        };
        let name = NAMES.get(usize::from(*number) % NAMES.len());
        let name = name.expect("it is less than their number");
        if HeaderValue::from_bytes(value).is_ok() {
            for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
    }
    head.extend_from_slice(b"\r\n");
    let head = AnswerHead::take(&mut head).expect("these are headers");
    let head = head.expect("they have an end");
    let Some(invocation) = parse_invocation(&head, Body::Whole(Bytes::new())) else {
        return;
    };
    assert!(!invocation.request_id.is_empty());
    if let Some(context) = invocation.client_context {
        // JSON by its grammar: a number in it may be one that no machine has.
        serde_json::from_str::<IgnoredAny>(&context).expect("what is kept is JSON");
    }
    if let Some(id) = invocation.invocation_id {
        assert_eq!(Some(id.as_bytes()), head.get(&headers::INVOCATION_ID));
    }
}
