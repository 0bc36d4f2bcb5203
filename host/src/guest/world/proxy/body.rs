//! The body of a response: what the guest writes goes to the invocation's response without a detour.

use std::future::poll_fn;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use http::StatusCode;
use wasmtime::Error;
use wasmtime_wasi::p2::{StreamError, StreamResult};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::super::super::limits::ResponseTooLarge;
use super::super::super::state::ActiveInvocation;
use super::super::http::{KEPT, Length, Sink, WrongLength};
use super::held::{Held, HeldBytes};
use crate::capsule::{Output, Taken};
use crate::response::Refused;

/// A body, shared by the guest's handles to it, to its stream and to its response.
pub(super) struct Body {
    /// The invocation that made it.
    maker: Arc<ActiveInvocation>,
    /// Whether the guest has a stream of it, which it can take once.
    pub(super) has_stream: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    length: Length,
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
    #[error(transparent)]
    Length(#[from] WrongLength),
    #[error("the response of the handler is invalid: {}", KEPT)]
    Kept,
}

/// Where bytes go.
enum Place {
    /// The response is not set.
    Held(Held),
    Sent(Sink),
}

impl Body {
    pub(super) fn new(maker: Arc<ActiveInvocation>, length: Length, all: &HeldBytes) -> Self {
        Self {
            maker,
            has_stream: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                length,
                end: End::Open,
                place: Place::Held(Held::new(all)),
            }),
        }
    }

    /// Returns how many bytes a write takes without waiting.
    pub(super) fn room(&self) -> StreamResult<usize> {
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
            Place::Sent(sink) => sink.poll_room(cx),
        }
    }

    /// Waits until there is room. There is nothing to wait for before the response is set: only the guest can end
    /// that wait, and it would be in this call.
    pub(super) async fn flush(&self) -> StreamResult<()> {
        self.room()?;
        poll_fn(|cx| match &self.lock().place {
            Place::Held(_) => Poll::Ready(()),
            Place::Sent(sink) => sink.poll_room(cx),
        })
        .await;
        self.room().map(drop)
    }

    /// Writes a chunk, waiting for room as often as necessary.
    pub(super) async fn write_all(&self, chunk: &[u8]) -> StreamResult<()> {
        self.lock().accept(chunk.len(), &self.maker)?;
        let written = self.push_all(chunk).await;
        self.note(chunk, written)
    }

    async fn push_all(&self, mut chunk: &[u8]) -> StreamResult<()> {
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
        inner.accept(chunk.len(), &self.maker)?;
        let pushed = inner.push(chunk);
        if self.note(chunk, pushed)? < chunk.len() {
            return Err(StreamError::trap(
                "the handler wrote more to the body of its response than `check-write` had allowed",
            ));
        }
        Ok(())
    }

    /// Records a write, or compares it. Returns its result.
    fn note<T>(&self, chunk: &[u8], written: StreamResult<T>) -> StreamResult<T> {
        let Some(tape) = &self.maker.tape else {
            return written;
        };
        let taken = match &written {
            Ok(_) => Taken::Whole,
            Err(StreamError::Closed) => Taken::Closed,
            Err(_) => Taken::Refused,
        };
        match tape.wrote(Output::Write(chunk), taken) {
            Taken::Closed => Err(StreamError::Closed),
            Taken::Whole | Taken::Refused => written,
        }
    }

    /// Closes the body unless this invocation, which it would answer, has made it.
    pub(super) fn close_unless_of(&self, current: &Arc<ActiveInvocation>) {
        if !Arc::ptr_eq(&self.maker, current) {
            self.lock().end = End::Broken(Broken::Kept);
        }
    }

    /// The guest has changed the status of the response.
    pub(super) fn set_status(&self, status: StatusCode) {
        self.lock().length.set_status(status);
    }

    /// Ends the body well.
    pub(super) fn finish(&self) -> Result<(), ErrorCode> {
        let mut inner = self.lock();
        if let End::Broken(_) = inner.end {
            return Err(body_size(inner.length.written()));
        }
        if let Err(wrong) = inner.length.end() {
            inner.end = End::Broken(wrong.into());
            return Err(body_size(wrong.written));
        }
        inner.end = End::Finished;
        match &inner.place {
            Place::Sent(sink) => sink
                .finish()
                .map_err(|document| ErrorCode::InternalError(Some(document.to_string()))),
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
            Place::Held(held) => {
                current.count_earlier((held.bytes.len(), held.writes), &held.moments)
            }
            Place::Sent(_) => Ok(()),
        }
    }

    /// The response of this body is the answer to an invocation: passes on what it holds.
    pub(super) fn attach(&self, mut sink: Sink) {
        let mut inner = self.lock();
        if let Place::Held(held) = &inner.place {
            // A receiver that is gone makes the next write fail, and a document that is too large its end. Otherwise
            // there is room for all: a response that has only its head takes as much as may be held.
            let taken = sink.push(&held.bytes).unwrap_or(held.bytes.len());
            debug_assert_eq!(taken, held.bytes.len(), "what was held is sent whole");
        }
        if let End::Finished = inner.end {
            let _ = sink.finish();
        }
        inner.place = Place::Sent(sink);
    }

    /// Takes the beginning of the body of a failed invocation.
    pub(super) fn take_report(&self) -> Vec<u8> {
        match &mut self.lock().place {
            Place::Sent(sink) => sink.take_report(),
            Place::Held(_) => Vec::new(),
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
    fn accept(&mut self, bytes: usize, maker: &ActiveInvocation) -> StreamResult<()> {
        self.check_open()?;
        if let Err(wrong) = self.length.check(bytes) {
            self.end = End::Broken(wrong.into());
            let code = Error::new(body_size(wrong.written));
            return Err(StreamError::LastOperationFailed(code));
        }
        match &mut self.place {
            Place::Held(held) => held.count(bytes, maker),
            Place::Sent(Sink::Response(current)) => {
                let counted = current.count_write(bytes);
                counted.map_err(|it| StreamError::Trap(it.into()))?;
            }
            Place::Sent(Sink::Report(_)) => {}
        }
        self.length.add(bytes);
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
            Place::Sent(sink) => sink.room().map_err(stream_error),
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
