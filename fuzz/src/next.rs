//! The headers of `/next`.

use bootstream_host::runtime_api::headers::{self, parse_invocation};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
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

/// An invocation has an id, and what is handed on of its context is what it should be. The input is values
/// of headers, each after the number of its header and with a zero byte behind it.
///
/// # Panics
///
/// When it is not.
pub fn check(bytes: &[u8]) {
    let mut map = HeaderMap::new();
    for value in bytes.split(|byte| *byte == 0) {
        let Some((number, value)) = value.split_first() else {
            continue;
        };
        let name = NAMES.get(usize::from(*number) % NAMES.len());
        let name = name.expect("it is less than their number");
        if let Ok(value) = HeaderValue::from_bytes(value) {
            map.append(name, value);
        }
    }
    let Some(invocation) = parse_invocation(&map, Bytes::new()) else {
        return;
    };
    assert!(!invocation.request_id.is_empty());
    if let Some(context) = invocation.client_context {
        // JSON by its grammar: a number in it may be one that no machine has.
        serde_json::from_str::<IgnoredAny>(&context).expect("what is kept is JSON");
    }
    if let Some(id) = invocation.invocation_id {
        assert_eq!(Some(&id), map.get(headers::INVOCATION_ID));
    }
}
