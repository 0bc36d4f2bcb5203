//! What a guest writes before its response is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::super::super::state::ActiveInvocation;
use crate::observe::WriteMoments;
use crate::response::HIGH_WATER_BYTES;

/// The bytes in bodies whose response is not set, of one instance.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldBytes(Arc<AtomicUsize>);

impl HeldBytes {
    fn room(&self) -> usize {
        HIGH_WATER_BYTES.saturating_sub(self.0.load(Ordering::Relaxed))
    }
}

/// What was written before the response was set.
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    pub(super) writes: u64,
    /// Empty unless the invocation keeps them.
    pub(super) moments: WriteMoments,
    all: HeldBytes,
    has_warned: bool,
}

impl Held {
    pub(super) fn new(all: &HeldBytes) -> Self {
        Self {
            bytes: Vec::new(),
            writes: 0,
            moments: WriteMoments::default(),
            all: all.clone(),
            has_warned: false,
        }
    }

    /// Bytes that a write takes.
    pub(super) fn room(&self) -> usize {
        self.all.room()
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> usize {
        let chunk = chunk.get(..self.all.room()).unwrap_or(chunk);
        self.bytes.extend_from_slice(chunk);
        self.all.0.fetch_add(chunk.len(), Ordering::Relaxed);
        chunk.len()
    }

    /// Counts a write, which begins now.
    pub(super) fn count(&mut self, bytes: usize, maker: &ActiveInvocation) {
        self.writes += 1;
        if maker.keeps_moments() {
            self.moments.push(Instant::now(), bytes);
        }
    }

    pub(super) fn warn(&mut self, maker: &ActiveInvocation) {
        if !std::mem::replace(&mut self.has_warned, true) {
            tracing::warn!(
                requestId = %maker.log_context.request_id,
                tenantId = maker.log_context.tenant_id.as_deref(),
                "the handler has written {HIGH_WATER_BYTES} bytes of a response and waits: none of it is sent \
                 before `response-outparam.set`, which should come first"
            );
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}
