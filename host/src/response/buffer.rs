//! What the guest has written and the socket has not yet taken: the one place where the guest's
//! thread and the I/O thread meet.
//!
//! There is no message per write. A write appends to the buffer and wakes the reader only if it
//! waits, so a chunk leaves at once while the socket keeps up, and chunks gather while it is
//! behind. The state of the response lives under the same lock, which makes every decision about
//! the stream and its effect on the stream one step.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::HeaderMap;

use super::piece::{PIECE_BYTES, Piece, Pieces};
use super::prelude::Prelude;
use super::state::{Refused, ResponseStream, Start, Telling};
use crate::error_report::ErrorReport;

/// Bytes that may wait for the socket before `write` waits. Below 128 KiB two threads lose their
/// time waking each other; above 256 KiB nothing is gained.
const HIGH_WATER_BYTES: usize = 256 * 1024;

/// A waiting `write` goes on when no more than this is left, so that it is not woken for every
/// piece the socket takes.
const LOW_WATER_BYTES: usize = HIGH_WATER_BYTES / 2;

/// Chunks of at least this many bytes travel as they are; smaller ones are gathered in a piece while
/// they wait, which saves a frame each.
const OWN_FRAME_BYTES: usize = 32 * 1024;

/// The body of a response that has none and must not be empty. White space, because it changes the
/// meaning of hardly any type of content.
const PADDING: Bytes = Bytes::from_static(b"\n");

#[derive(Debug)]
pub(crate) struct Buffer {
    inner: Mutex<Inner>,
    pieces: Pieces,
}

#[derive(Debug)]
struct Inner {
    stream: ResponseStream,
    /// What was written, in order, all before `tail`.
    queue: VecDeque<Bytes>,
    /// Small chunks, gathered.
    tail: Option<Piece>,
    /// Bytes in `queue` and `tail`.
    buffered: usize,
    end: End,
    /// Whether a body without a byte gets [`PADDING`].
    pads_empty: bool,
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// How the body ends once everything buffered has been read.
#[derive(Debug)]
enum End {
    NotYet,
    Clean,
    Trailers(HeaderMap),
}

/// What the reader gets next.
#[derive(Debug)]
pub(super) enum Next {
    Data(Bytes),
    Trailers(HeaderMap),
    CleanEnd,
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Inner {
                stream: ResponseStream::AwaitingPrelude,
                queue: VecDeque::new(),
                tail: None,
                buffered: 0,
                end: End::NotYet,
                pads_empty: false,
                abandoned: false,
                reader: None,
                writer: None,
            }),
            pieces: Pieces::default(),
        }
    }
}

impl Buffer {
    /// A body without a byte is to get one. To be called before the start.
    pub(super) fn pad_empty(&self) {
        self.lock().pads_empty = true;
    }

    pub(crate) fn start(&self, prelude: Prelude) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.stream.on_head()?;
        inner.push_prelude(prelude);
        wake_reader(inner);
        Ok(())
    }

    /// Writes all of `chunk`, waiting for the reader as often as necessary.
    pub(crate) async fn write(&self, mut chunk: &[u8]) -> Result<(), Refused> {
        loop {
            let taken = std::future::poll_fn(|cx| self.poll_write(cx, chunk)).await?;
            chunk = chunk.get(taken..).unwrap_or_default();
            if chunk.is_empty() {
                return Ok(());
            }
        }
    }

    /// Takes as much of `chunk` as one piece has room for. Together with the high-water mark this
    /// bounds the buffer, however large the chunk is.
    fn poll_write(&self, cx: &Context<'_>, chunk: &[u8]) -> Poll<Result<usize, Refused>> {
        let mut inner = ready!(self.poll_room(cx))?;
        let taken = chunk.get(..PIECE_BYTES).unwrap_or(chunk);
        inner.pads_empty &= taken.is_empty();
        if taken.len() < OWN_FRAME_BYTES {
            inner.gather(taken, &self.pieces);
        } else {
            // The reader should not have to wait for the copy. Meanwhile the response may end.
            drop(inner);
            let mut piece = self.pieces.take();
            piece.push(taken);
            inner = self.lock();
            inner.stream.on_write()?;
            inner.push_own(piece.freeze());
        }
        wake_reader(inner);
        Poll::Ready(Ok(taken.len()))
    }

    /// Waits until the buffer takes more.
    fn poll_room(&self, cx: &Context<'_>) -> Poll<Result<MutexGuard<'_, Inner>, Refused>> {
        let mut inner = self.lock();
        if inner.stream.on_write()? == Start::Now {
            inner.push_prelude(Prelude::implied());
        } else if inner.buffered >= HIGH_WATER_BYTES {
            inner.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok(inner))
    }

    pub(crate) fn finish(&self) -> Result<(), Refused> {
        let mut inner = self.lock();
        if inner.stream.on_finish()? == Start::Now {
            inner.push_prelude(Prelude::implied());
        }
        if inner.pads_empty {
            inner.push_own(PADDING);
        }
        inner.end = End::Clean;
        wake_reader(inner);
        Ok(())
    }

    pub(crate) fn fail(&self, report: &ErrorReport) -> Telling {
        let mut inner = self.lock();
        let telling = inner.stream.on_failure();
        // A write that still waits must learn that it waits in vain.
        inner.wake_writer();
        match telling {
            Telling::Trailers => {
                inner.end = End::Trailers(report.trailers());
                wake_reader(inner);
            }
            Telling::ErrorDocument | Telling::LogOnly => {}
        }
        telling
    }

    /// The receiver is gone: nothing will be read any more.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.abandoned |= inner.stream.on_peer_closed();
        inner.queue.clear();
        inner.tail = None;
        inner.buffered = 0;
        inner.wake_writer();
    }

    /// Whether the receiver went before the response had ended.
    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    pub(crate) fn state(&self) -> ResponseStream {
        self.lock().stream
    }

    /// Ready once the response has started. To be polled before the first [`poll_next`].
    ///
    /// [`poll_next`]: Self::poll_next
    pub(super) fn poll_started(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.buffered > 0 {
            return Poll::Ready(());
        }
        inner.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Next> {
        let mut inner = self.lock();
        if let Some(bytes) = inner.pop() {
            return Poll::Ready(Next::Data(bytes));
        }
        match std::mem::replace(&mut inner.end, End::NotYet) {
            End::Clean => Poll::Ready(Next::CleanEnd),
            End::Trailers(trailers) => Poll::Ready(Next::Trailers(trailers)),
            End::NotYet => {
                inner.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the reader, if it waits. Unlocked, or it would wake only to wait for the lock.
fn wake_reader(mut inner: MutexGuard<'_, Inner>) {
    let reader = inner.reader.take();
    drop(inner);
    if let Some(reader) = reader {
        reader.wake();
    }
}

impl Inner {
    fn gather(&mut self, chunk: &[u8], pieces: &Pieces) {
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.room() < chunk.len())
        {
            self.flush_tail();
        }
        if !chunk.is_empty() {
            self.tail.get_or_insert_with(|| pieces.take()).push(chunk);
            self.buffered += chunk.len();
        }
    }

    fn push_prelude(&mut self, prelude: Prelude) {
        // What is longer than it says would be taken for the start of another response.
        self.pads_empty &= !prelude.has_length();
        for chunk in prelude.into_chunks() {
            self.push_own(chunk);
        }
    }

    fn push_own(&mut self, bytes: Bytes) {
        self.flush_tail();
        self.buffered += bytes.len();
        self.queue.push_back(bytes);
    }

    fn flush_tail(&mut self) {
        self.queue.extend(self.tail.take().map(Piece::freeze));
    }

    fn pop(&mut self) -> Option<Bytes> {
        let queued = self.queue.pop_front();
        let bytes = queued.or_else(|| self.tail.take().map(Piece::freeze))?;
        self.buffered -= bytes.len();
        if self.buffered <= LOW_WATER_BYTES {
            self.wake_writer();
        }
        Some(bytes)
    }

    fn wake_writer(&mut self) {
        if let Some(waker) = self.writer.take() {
            waker.wake();
        }
    }
}
