//! The body of a response: what the guest writes goes to the invocation's response without a detour.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use wasmtime::Error;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::super::super::limits::ResponseTooLarge;
use super::super::super::state::ActiveInvocation;
use super::sink::{Held, HeldBytes, Sink};
use crate::response::{HIGH_WATER_BYTES, Refused};

/// A body, shared by the guest's handles to it, to its stream and to its response.
pub(super) struct Body {
    /// The invocation that made it.
    maker: Arc<ActiveInvocation>,
    /// Whether the guest has a stream of it, which it can take once.
    has_stream: AtomicBool,
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

impl Body {
    pub(super) fn new(maker: Arc<ActiveInvocation>, length: Option<u64>, all: &HeldBytes) -> Self {
        Self {
            maker,
            has_stream: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                length,
                written: 0,
                end: End::Open,
                place: Place::Held(Held::new(all)),
            }),
        }
    }

    /// Returns how many bytes a write takes without waiting.
    pub(super) fn room(&self) -> StreamResult<usize> {
        self.lock().room()
    }

    /// Whether the guest has a stream of the body.
    pub(super) fn has_stream(&self) -> bool {
        self.has_stream.load(Ordering::Relaxed)
    }

    /// Ready once there is room, or a write would fail.
    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
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

    /// Writes a chunk, waiting for room as often as necessary.
    pub(super) async fn write_all(&self, mut chunk: &[u8]) -> StreamResult<()> {
        self.lock().accept(chunk.len())?;
        loop {
            let taken = self.lock().push(chunk)?;
            chunk = chunk.get(taken..).unwrap_or_default();
            if chunk.is_empty() {
                return Ok(());
            }
            poll_fn(|cx| self.poll_room(cx)).await;
        }
    }

    /// Writes a chunk for which there is room.
    pub(super) fn write(&self, chunk: &[u8]) -> StreamResult<()> {
        let mut inner = self.lock();
        inner.accept(chunk.len())?;
        if inner.push(chunk)? < chunk.len() {
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

    /// Counts what the body holds as written to the response of an invocation.
    ///
    /// # Errors
    ///
    /// It exceeds a limit.
    pub(super) fn count_held(&self, current: &ActiveInvocation) -> Result<(), ResponseTooLarge> {
        match &self.lock().place {
            Place::Held(held) => current.count_writes(held.bytes.len(), held.writes),
            Place::Sent(_) => Ok(()),
        }
    }

    /// The response of this body is the answer to an invocation: passes on what it holds.
    pub(super) fn attach(&self, mut sink: Sink) {
        let mut inner = self.lock();
        if let Place::Held(held) = &inner.place {
            // A receiver that is gone makes the next write fail, and a document that is too large its end.
            let _ = sink.push(&held.bytes);
        }
        if let End::Finished = inner.end {
            let _ = sink.finish();
        }
        inner.place = Place::Sent(sink);
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
    fn check_open(&self) -> StreamResult<()> {
        match self.end {
            End::Open => Ok(()),
            End::Finished | End::Broken(_) => Err(StreamError::Closed),
        }
    }

    /// Accepts a write of this many bytes, which are then to be [pushed](Self::push).
    fn accept(&mut self, bytes: usize) -> StreamResult<()> {
        self.check_open()?;
        let written = self
            .written
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if let Some(length) = self.length.filter(|length| written > *length) {
            // None of the write is sent: a body of just that length would look complete.
            self.end = End::Broken(Broken::Length { written, length });
            let code = Error::new(body_size(written));
            return Err(StreamError::LastOperationFailed(code));
        }
        match &mut self.place {
            Place::Held(held) => held.writes += 1,
            Place::Sent(Sink::Response(current)) => {
                let counted = current.count_write(bytes);
                counted.map_err(|it| StreamError::Trap(it.into()))?;
            }
            Place::Sent(Sink::Report(_)) => {}
        }
        self.written = written;
        Ok(())
    }

    /// Passes on the beginning of accepted bytes, as far as there is room, and returns its length.
    fn push(&mut self, chunk: &[u8]) -> StreamResult<usize> {
        match &mut self.place {
            Place::Held(held) => Ok(held.push(chunk)),
            Place::Sent(sink) => sink.push(chunk).map_err(stream_error),
        }
    }

    fn room(&self) -> StreamResult<usize> {
        self.check_open()?;
        match &self.place {
            Place::Held(held) => Ok(held.room()),
            Place::Sent(Sink::Response(current)) => current.response.room().map_err(stream_error),
            Place::Sent(Sink::Report(_)) => Ok(HIGH_WATER_BYTES),
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
pub(super) struct BodyStream(Arc<Body>);

impl BodyStream {
    pub(super) fn new(body: Arc<Body>) -> Self {
        body.has_stream.store(true, Ordering::Relaxed);
        Self(body)
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        self.0.has_stream.store(false, Ordering::Relaxed);
    }
}

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
