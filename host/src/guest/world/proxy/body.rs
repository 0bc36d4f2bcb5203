//! The body of a response: what the guest writes goes to the invocation's response without a detour.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use wasmtime::Error;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
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

/// A body, shared by the guest's handles to it, to its stream and to its response.
pub(super) struct Body {
    /// The invocation that made it.
    maker: Arc<ActiveInvocation>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The `content-length`.
    length: Option<u64>,
    /// Bytes the guest has written, at most `length`.
    written: u64,
    end: End,
    place: Place,
}

/// How the guest has ended the body.
#[derive(Clone, Copy)]
enum End {
    /// Not yet.
    Open,
    Finished,
    Broken(Broken),
}

/// Why a body cannot be complete any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Broken {
    #[error(
        "the handler dropped the body of its response without finishing it: call `outgoing-body.finish` at its end"
    )]
    Dropped,
    #[error("the handler wrote {written} bytes of response, and its `content-length` is {length}")]
    Length { written: u64, length: u64 },
}

/// Where bytes go.
enum Place {
    /// The response is not set.
    Held(Held),
    Sent(Sink),
}

/// What was written before the response was set.
struct Held {
    bytes: Vec<u8>,
    writes: u64,
    all: HeldBytes,
    has_warned: bool,
}

/// The end of a body that belongs to the answer of an invocation.
pub(super) enum Sink {
    /// The response of the invocation.
    Response(Arc<ActiveInvocation>),
    /// The report of a failed invocation, of which the beginning is kept.
    Report(Vec<u8>),
}

impl Body {
    pub(super) fn new(maker: Arc<ActiveInvocation>, length: Option<u64>, all: &HeldBytes) -> Self {
        Self {
            maker,
            inner: Mutex::new(Inner {
                length,
                written: 0,
                end: End::Open,
                place: Place::Held(Held {
                    bytes: Vec::new(),
                    writes: 0,
                    all: all.clone(),
                    has_warned: false,
                }),
            }),
        }
    }

    /// Returns how many bytes a write takes without waiting.
    fn room(&self) -> StreamResult<usize> {
        self.lock().room()
    }

    /// Ready once there is room, or a write would fail.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if !matches!(inner.room(), Ok(0)) {
            return Poll::Ready(());
        }
        match &mut inner.place {
            Place::Held(held) => {
                held.warn(&self.maker);
                // Only the guest can end this wait, by another of the pollables that it waits for.
                Poll::Pending
            }
            Place::Sent(Sink::Response(current)) => current.response.poll_room(cx),
            Place::Sent(Sink::Report(_)) => Poll::Ready(()),
        }
    }

    /// Accepts a write of this many bytes, which are then to be [pushed](Self::push).
    pub(super) fn accept(&self, bytes: usize) -> StreamResult<()> {
        let mut inner = self.lock();
        inner.room()?;
        let written = inner
            .written
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if let Some(length) = inner.length.filter(|length| written > *length) {
            // None of the write is sent: a body of just that length would look complete.
            inner.end = End::Broken(Broken::Length { written, length });
            return Err(StreamError::LastOperationFailed(Error::new(body_size(
                written,
            ))));
        }
        match &mut inner.place {
            Place::Held(held) => held.writes += 1,
            Place::Sent(Sink::Response(current)) => {
                current
                    .count_write(bytes)
                    .map_err(|it| StreamError::Trap(it.into()))?;
            }
            Place::Sent(Sink::Report(_)) => {}
        }
        inner.written = written;
        Ok(())
    }

    /// Passes on the beginning of accepted bytes, as far as there is room, and returns its length.
    pub(super) fn push(&self, chunk: &[u8]) -> StreamResult<usize> {
        match &mut self.lock().place {
            Place::Held(held) => Ok(held.push(chunk)),
            Place::Sent(sink) => sink.push(chunk).map_err(stream_error),
        }
    }

    /// Writes a chunk for which there is room.
    fn write(&self, chunk: &[u8]) -> StreamResult<()> {
        self.accept(chunk.len())?;
        if self.push(chunk)? < chunk.len() {
            return Err(StreamError::trap(
                "the handler wrote more to the body of its response than `check-write` had allowed",
            ));
        }
        Ok(())
    }

    /// Ends the body well. `may_be_empty`: whether it may lack all of its announced bytes.
    pub(super) fn finish(&self, may_be_empty: bool) -> Result<(), ErrorCode> {
        let mut inner = self.lock();
        let written = inner.written;
        if let End::Broken(_) = inner.end {
            return Err(body_size(written));
        }
        let is_absent = may_be_empty && written == 0;
        if let Some(length) = inner.length.filter(|it| *it != written && !is_absent) {
            inner.end = End::Broken(Broken::Length { written, length });
            return Err(body_size(written));
        }
        inner.end = End::Finished;
        match &inner.place {
            Place::Sent(sink) => sink.finish(),
            Place::Held(_) => Ok(()),
        }
    }

    /// The guest has dropped its handle. Without a `finish` before, the body is incomplete for good.
    pub(super) fn abandon(&self) {
        let end = &mut self.lock().end;
        if let End::Open = end {
            *end = End::Broken(Broken::Dropped);
        }
    }

    /// Why the body cannot be complete any more.
    pub(super) fn broken(&self) -> Option<String> {
        match self.lock().end {
            End::Broken(broken) => Some(broken.to_string()),
            End::Open | End::Finished => None,
        }
    }

    /// Whether the guest has ended the body well.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self.lock().end, End::Finished)
    }

    /// The response of this body is the answer to an invocation: passes on what it holds.
    ///
    /// # Errors
    ///
    /// What the guest had written exceeds a limit.
    pub(super) fn attach(&self, mut sink: Sink) -> wasmtime::Result<()> {
        let mut inner = self.lock();
        if let Place::Held(held) = &mut inner.place {
            if let Sink::Response(current) = &sink {
                current.count_writes(held.bytes.len(), held.writes)?;
            }
            // A receiver that is gone makes the next write fail, and a document that is too large its end.
            let _ = sink.push(&held.bytes);
        }
        if let End::Finished = inner.end {
            let _ = sink.finish();
        }
        inner.place = Place::Sent(sink);
        Ok(())
    }

    /// Takes the beginning of the body of a failed invocation.
    pub(super) fn take_report(&self) -> Vec<u8> {
        match &mut self.lock().place {
            Place::Sent(Sink::Report(kept)) => std::mem::take(kept),
            Place::Sent(Sink::Response(_)) | Place::Held(_) => Vec::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn room(&self) -> StreamResult<usize> {
        if !matches!(self.end, End::Open) {
            return Err(StreamError::Closed);
        }
        match &self.place {
            Place::Held(held) => Ok(held.all.room()),
            Place::Sent(Sink::Response(current)) => current.response.room().map_err(stream_error),
            Place::Sent(Sink::Report(_)) => Ok(HIGH_WATER_BYTES),
        }
    }
}

impl Held {
    fn push(&mut self, chunk: &[u8]) -> usize {
        let chunk = chunk.get(..self.all.room()).unwrap_or(chunk);
        self.bytes.extend_from_slice(chunk);
        self.all.0.fetch_add(chunk.len(), Ordering::Relaxed);
        chunk.len()
    }

    fn warn(&mut self, maker: &ActiveInvocation) {
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
    fn push(&mut self, chunk: &[u8]) -> Result<usize, Refused> {
        match self {
            Self::Response(current) => current.response.write_now(chunk),
            Self::Report(kept) => {
                let room = REPORTED_BYTES.saturating_sub(kept.len());
                kept.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
                Ok(chunk.len())
            }
        }
    }

    fn finish(&self) -> Result<(), ErrorCode> {
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

fn body_size(written: u64) -> ErrorCode {
    ErrorCode::HttpResponseBodySize(Some(written))
}

fn stream_error(refused: Refused) -> StreamError {
    match refused {
        Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed => StreamError::Closed,
        Refused::TooLarge(document) => StreamError::LastOperationFailed(Error::new(document)),
    }
}

/// The stream to which the guest writes the body.
pub(super) struct BodyStream(pub(super) Arc<Body>);

#[async_trait]
impl Pollable for BodyStream {
    async fn ready(&mut self) {
        poll_fn(|cx| self.0.poll_room(cx)).await;
    }
}

#[async_trait]
impl OutputStream for BodyStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes)
    }

    /// What was written is on its way already.
    fn flush(&mut self) -> StreamResult<()> {
        self.0.room().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.room()
    }
}
