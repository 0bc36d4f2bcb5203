//! Where the bytes of a body go: into a buffer until the response is set, then into the response.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::super::super::state::ActiveInvocation;
use crate::response::{HIGH_WATER_BYTES, Refused};

/// Bytes of a failed invocation's body that its report has.
const REPORTED_BYTES: usize = 1024;

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
    all: HeldBytes,
    has_warned: bool,
}

/// The end of a body that belongs to the answer of an invocation.
pub(in super::super) enum Sink {
    /// The response of the invocation.
    Response(Arc<ActiveInvocation>),
    /// The report of a failed invocation, of which the beginning is kept.
    Report(Vec<u8>),
}

impl Held {
    pub(super) fn new(all: &HeldBytes) -> Self {
        Self {
            bytes: Vec::new(),
            writes: 0,
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

impl Sink {
    pub(in super::super) fn push(&mut self, chunk: &[u8]) -> Result<usize, Refused> {
        match self {
            Self::Response(current) => current.response.write_now(chunk),
            Self::Report(kept) => {
                let room = REPORTED_BYTES.saturating_sub(kept.len());
                kept.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
                Ok(chunk.len())
            }
        }
    }

    pub(super) fn finish(&self) -> Result<(), ErrorCode> {
        match self {
            Self::Response(current) => match current.response.finish() {
                Err(Refused::TooLarge(document)) => {
                    Err(ErrorCode::InternalError(Some(document.to_string())))
                }
                // Refused if its receiver is gone.
                Ok(())
                | Err(Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed) => {
                    Ok(())
                }
            },
            Self::Report(_) => Ok(()),
        }
    }
}
