//! The headers of `/next`.
#![no_main]

use bootstream_host::runtime_api::headers::{self, parse_invocation};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NAMES: [HeaderName; 8] = [
    headers::REQUEST_ID,
    headers::DEADLINE_MS,
    headers::INVOKED_FUNCTION_ARN,
    headers::TRACE_ID,
    headers::CLIENT_CONTEXT,
    headers::COGNITO_IDENTITY,
    headers::TENANT_ID,
    headers::INVOCATION_ID,
];

fuzz_target!(|values: Vec<(u8, Vec<u8>)>| {
    let mut map = HeaderMap::new();
    for (name, value) in values {
        let name = NAMES[usize::from(name) % NAMES.len()].clone();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            map.append(name, value);
        }
    }
    let Some(invocation) = parse_invocation(&map, Bytes::new()) else {
        return;
    };
    assert!(!invocation.request_id.is_empty());
    if let Some(context) = invocation.client_context {
        serde_json::from_str::<serde_json::Value>(&context).expect("what is kept is JSON");
    }
    if let Some(id) = invocation.invocation_id {
        assert_eq!(Some(&id), map.get(headers::INVOCATION_ID));
    }
});
