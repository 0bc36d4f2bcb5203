//! An invocation: the event and its context.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use lambda_protocol::headers::TRACE_ID;

/// One invocation of a function.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    /// Headers of `next`, which become the handler's context.
    pub(crate) headers: HeaderMap,
}

impl Invocation {
    /// Creates an invocation with an event and no context.
    pub(crate) fn new(event: Bytes) -> Self {
        Self {
            request_id: new_request_id(),
            event,
            headers: HeaderMap::new(),
        }
    }
}

/// Generates a request id: a random UUID, like Lambda's.
#[must_use]
pub fn new_request_id() -> String {
    const VERSION_4: u128 = 0x4000 << 64;
    const VARIANT_1: u128 = 0x8000 << 48;
    const RANDOM: u128 = !((0xf000 << 64) | (0xc000 << 48));
    let id = (fastrand::u128(..) & RANDOM) | VERSION_4 | VARIANT_1;
    let part = |shift: u32, bits: u32| (id >> shift) & ((1 << bits) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 32),
        part(80, 16),
        part(64, 16),
        part(48, 16),
        part(0, 48)
    )
}

/// Returns the caller's trace, or a new one.
#[must_use]
pub fn trace(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get("x-amzn-trace-id").cloned().or_else(|| {
        let root = format!(
            "{:08x}-{:024x}",
            fastrand::u32(..),
            fastrand::u128(..) >> 32
        );
        let parent = fastrand::u64(..);
        HeaderValue::try_from(format!("Root=1-{root};Parent={parent:016x};Sampled=1")).ok()
    })
}

/// Returns the headers of `next` for a trace.
pub(crate) fn trace_headers(trace: Option<HeaderValue>) -> HeaderMap {
    trace.into_iter().map(|trace| (TRACE_ID, trace)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = new_request_id();

        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert_ne!(id, new_request_id());
    }
}
