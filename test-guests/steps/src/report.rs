//! The guest's view of its environment, as text for the body.

use std::collections::BTreeMap;

use serde_json::json;

use crate::bindings::Context;

pub(crate) fn context(context: &Context) -> String {
    json!({
        "request-id": context.request_id,
        "deadline-ms": context.deadline_ms,
        "invoked-function-arn": context.invoked_function_arn,
        "trace-id": context.trace_id,
        "client-context": context.client_context,
        "cognito-identity": context.cognito_identity,
        "tenant-id": context.tenant_id,
        "function-name": context.function_name,
        "function-version": context.function_version,
        "memory-limit-mib": context.memory_limit_mib,
    })
    .to_string()
}

pub(crate) fn environment() -> String {
    let variables: BTreeMap<_, _> = std::env::vars().collect();
    json!(variables).to_string()
}

pub(crate) fn arguments() -> String {
    json!(std::env::args().collect::<Vec<_>>()).to_string()
}

pub(crate) fn event_digest(event: &[u8]) -> String {
    format!("bytes: {} fnv1a64: {:016x}\n", event.len(), fnv1a64(event))
}

/// The 64-bit FNV-1a hash: a few lines that detect any accidental change.
fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::event_digest;

    #[test]
    fn the_digest_is_that_of_the_published_vectors() {
        assert_eq!(event_digest(b""), "bytes: 0 fnv1a64: cbf29ce484222325\n");
        assert_eq!(event_digest(b"a"), "bytes: 1 fnv1a64: af63dc4c8601ec8c\n");
        assert_eq!(
            event_digest(b"foobar"),
            "bytes: 6 fnv1a64: 85944171f73967e8\n"
        );
    }
}
