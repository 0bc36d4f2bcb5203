//! What the guest has written and the socket has not yet taken: where the guest's thread and the I/O
//! thread meet.
//!
//! There is no message per write. A write appends to the buffer and wakes the reader only if it
//! waits, so a chunk leaves at once while the socket keeps up, and chunks gather while it is
//! behind. The state of the
//! response lives under the same lock, which makes every decision about the stream and its effect on
//! the stream one step.
//!
//! `docs/design/one-buffer.md` has the measurements behind the sizes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use lambda_protocol::error_report::ErrorReport;
use lambda_protocol::front_end::FrontEnd;
use lambda_protocol::prelude::Prelude;
use lambda_protocol::response_document::DocumentTooLarge;

use super::block::{BLOCK_BYTES, Block, BlockPool};
use super::document::{Document, Envelope};
use super::state::{Delivery, FailureRoute, Refused, ResponseStream, Start};

/// Bytes that may wait for the socket before `write` waits. With less, two threads lose their time
/// waking each other; with more, what is copied leaves the processor's cache before it is sent.
pub(crate) const HIGH_WATER_BYTES: usize = 256 * 1024;

/// A waiting `write` goes on when no more than this is left, so that it is not woken for every
/// block the socket takes.
const LOW_WATER_BYTES: usize = HIGH_WATER_BYTES / 2;

/// Chunks of at least this many bytes travel as they are; smaller ones are gathered in a block while
/// they wait, which saves a frame each.
const OWN_FRAME_BYTES: usize = 32 * 1024;

/// The body of a response that has none and must not be empty. White space, because it changes the
/// meaning of hardly any type of content.
const PADDING: Bytes = Bytes::from_static(b"\n");

#[derive(Debug)]
pub(crate) struct Buffer {
    inner: Mutex<Inner>,
    pool: BlockPool,
}

#[derive(Debug)]
struct Inner {
    stream: ResponseStream,
    kind: Kind,
    /// What was written, in order, all before `tail`.
    queue: VecDeque<Bytes>,
    /// Small chunks, gathered.
    tail: Option<Block>,
    /// Bytes in `queue` and `tail`.
    buffered: usize,
    /// The trailers of a failure, or none, once the response has ended.
    end: Option<HeaderMap>,
    /// Whether a body without a byte gets [`PADDING`].
    pads_empty: bool,
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// What kind of response it is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A stream with a head, or one that has not started.
    Http,
    /// A stream without a head, of this content type.
    Raw(HeaderValue),
    /// A document, as far as it was written.
    Unfinished(Document),
    /// A document that is complete.
    Document(Bytes),
}

/// A part of a response's body, as the reader takes it.
#[derive(Debug)]
pub enum BodyEvent {
    /// Bytes, at least one.
    Data(Bytes),
    /// The end, with the trailers of a failure, or none.
    End(HeaderMap),
}

/// What a body has besides what was taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Nothing yet. It wakes the task when it has.
    Later,
    /// Perhaps something: enough was taken.
    Now,
    /// Nothing: its end was taken.
    Never,
}

impl Buffer {
    /// An empty buffer.
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                stream: ResponseStream::AwaitingPrelude,
                kind: Kind::Http,
                queue: VecDeque::new(),
                tail: None,
                buffered: 0,
                end: None,
                pads_empty: false,
                abandoned: false,
                reader: None,
                writer: None,
            }),
            pool: BlockPool::default(),
        }
    }

    /// A body without a byte is to get one. Must be called before the start.
    pub(super) fn pad_empty(&self) {
        self.lock().pads_empty = true;
    }

    /// Starts a response with a head: a stream, or the document of a front end.
    pub(super) fn start(
        &self,
        prelude: Prelude,
        front_end: Option<FrontEnd>,
    ) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.stream.on_start(delivery_to(front_end))?;
        inner.push_head(prelude, front_end);
        wake_reader(inner);
        Ok(())
    }

    pub(super) fn start_document(&self) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.stream.on_start(Delivery::Document)?;
        inner.begin_document(Envelope::Bare);
        Ok(())
    }

    pub(super) fn start_raw(&self, content_type: HeaderValue) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.stream.on_start(Delivery::Stream)?;
        inner.kind = Kind::Raw(content_type);
        // Nobody reads it over HTTP.
        inner.pads_empty = false;
        wake_reader(inner);
        Ok(())
    }

    /// Writes all of `chunk`, waiting for the reader as often as necessary. `front_end` is the one that
    /// gets a document if this starts the response.
    pub(super) async fn write(
        &self,
        mut chunk: &[u8],
        front_end: Option<FrontEnd>,
    ) -> Result<(), Refused> {
        loop {
            let taken = std::future::poll_fn(|cx| self.poll_write(cx, chunk, front_end)).await?;
            chunk = chunk.get(taken..).unwrap_or_default();
            if chunk.is_empty() {
                return Ok(());
            }
        }
    }

    /// Takes as much of the beginning of `chunk` as one block has room for. Together with the high-water
    /// mark this bounds the buffer, however large the chunk is.
    fn poll_write(
        &self,
        cx: &Context<'_>,
        chunk: &[u8],
        front_end: Option<FrontEnd>,
    ) -> Poll<Result<usize, Refused>> {
        let mut inner = self.lock();
        inner.start_unless_started(front_end)?;
        if let Kind::Unfinished(document) = &mut inner.kind {
            let pushed = document.push(chunk).map_err(Refused::TooLarge);
            return Poll::Ready(pushed.map(|()| chunk.len()));
        }
        inner.pads_empty &= chunk.is_empty();
        if inner.buffered >= HIGH_WATER_BYTES {
            inner.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let taken = chunk.get(..BLOCK_BYTES).unwrap_or(chunk);
        if taken.len() < OWN_FRAME_BYTES {
            inner.gather(taken, &self.pool);
        } else {
            // The reader should not have to wait for the copy. Meanwhile the response may end.
            drop(inner);
            let mut block = self.pool.take();
            block.push(taken);
            inner = self.lock();
            inner.stream.on_write(Delivery::Stream)?;
            inner.push_own(block.freeze());
        }
        wake_reader(inner);
        Poll::Ready(Ok(taken.len()))
    }

    /// Ends the response. `front_end` is the one that gets a document if nothing has started it.
    pub(super) fn finish(&self, front_end: Option<FrontEnd>) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.start_unless_started(front_end)?;
        if let Kind::Unfinished(_) = inner.kind {
            inner = self.finish_document(inner)?;
        }
        inner.stream.on_finish()?;
        if inner.pads_empty {
            inner.push_own(PADDING);
        }
        inner.end = Some(HeaderMap::new());
        wake_reader(inner);
        Ok(())
    }

    /// Makes the payload of a document, unlocked: that takes milliseconds, and the response may fail
    /// meanwhile.
    fn finish_document<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner>,
    ) -> Result<MutexGuard<'a, Inner>, Refused> {
        let Kind::Unfinished(document) = std::mem::replace(&mut inner.kind, Kind::Http) else {
            return Ok(inner);
        };
        drop(inner);
        let payload = document.into_payload();
        let mut inner = self.lock();
        match payload {
            Ok(payload) => {
                inner.kind = Kind::Document(payload);
                Ok(inner)
            }
            Err(document) => {
                let refused = document
                    .too_large()
                    .map_or(Refused::Closed, Refused::TooLarge);
                inner.kind = Kind::Unfinished(document);
                Err(refused)
            }
        }
    }

    /// Why a document cannot be sent, if it has become too large.
    pub(super) fn too_large(&self) -> Option<DocumentTooLarge> {
        match &self.lock().kind {
            Kind::Unfinished(document) => document.too_large(),
            Kind::Http | Kind::Raw(_) | Kind::Document(_) => None,
        }
    }

    pub(crate) fn fail(&self, report: &ErrorReport) -> FailureRoute {
        let mut inner = self.lock();
        let route = inner.stream.on_failure();
        // A write that still waits must learn that it waits in vain.
        wake(&mut inner.writer);
        match route {
            FailureRoute::Trailers => {
                inner.end = Some(report.trailers());
                wake_reader(inner);
            }
            FailureRoute::ErrorDocument | FailureRoute::LogOnly => {}
        }
        route
    }

    /// The receiver is gone: nothing will be read any more.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.abandoned |= inner.stream.on_peer_closed();
        inner.queue.clear();
        inner.tail = None;
        inner.buffered = 0;
        wake(&mut inner.writer);
    }

    /// Whether the receiver went before the response had ended.
    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    pub(crate) fn state(&self) -> ResponseStream {
        self.lock().stream
    }

    /// Ready once there is something to send: a stream has started, or a document is complete. To be
    /// polled before the first [`take`](Self::take).
    pub(super) fn poll_started(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.has_started() {
            return Poll::Ready(());
        }
        inner.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Whether there is something to send, as [`poll_started`](Self::poll_started) waits for.
    pub(super) fn has_started(&self) -> bool {
        self.lock().has_started()
    }

    /// Takes what kind of response it is, with all of a document that is complete.
    pub(super) fn take_kind(&self) -> Kind {
        std::mem::replace(&mut self.lock().kind, Kind::Http)
    }

    /// Hands what there is to `taker`, until it got `enough_bytes`.
    pub(super) fn take(
        &self,
        cx: &Context<'_>,
        enough_bytes: usize,
        mut taker: impl FnMut(BodyEvent),
    ) -> Readiness {
        let mut inner = self.lock();
        let mut taken = 0;
        while taken < enough_bytes
            && let Some(bytes) = inner.pop()
        {
            taken += bytes.len();
            taker(BodyEvent::Data(bytes));
        }
        let more = if taken >= enough_bytes {
            Readiness::Now
        } else if let Some(trailers) = inner.end.take() {
            taker(BodyEvent::End(trailers));
            Readiness::Never
        } else {
            inner.reader = Some(cx.waker().clone());
            Readiness::Later
        };
        // Once everything was taken: on the same processor the guest runs at once when it is woken.
        let has_room = inner.buffered <= LOW_WATER_BYTES;
        let mut writer = inner.writer.take_if(|_| has_room);
        drop(inner);
        wake(&mut writer);
        more
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a response travels whose handler does not say.
fn delivery_to(front_end: Option<FrontEnd>) -> Delivery {
    match front_end {
        Some(_) => Delivery::Document,
        None => Delivery::Stream,
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

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Inner {
    fn has_started(&self) -> bool {
        self.stream == ResponseStream::Streaming || self.end.is_some()
    }

    /// A write or an end starts a response that has not started.
    fn start_unless_started(&mut self, front_end: Option<FrontEnd>) -> Result<(), Refused> {
        if self.stream.on_write(delivery_to(front_end))? == Start::Now {
            self.push_head(Prelude::implied(), front_end);
        }
        Ok(())
    }

    fn push_head(&mut self, prelude: Prelude, front_end: Option<FrontEnd>) {
        match front_end {
            Some(front_end) => {
                self.begin_document(Envelope::FrontEnd(front_end, prelude.into_head()));
            }
            None => self.push_prelude(prelude),
        }
    }

    fn begin_document(&mut self, envelope: Envelope) {
        // Its reader counts the bytes itself.
        self.pads_empty = false;
        self.kind = Kind::Unfinished(Document::new(envelope));
    }

    fn gather(&mut self, chunk: &[u8], pool: &BlockPool) {
        if self
            .tail
            .as_ref()
            .is_some_and(|tail| tail.room() < chunk.len())
        {
            self.flush_tail();
        }
        if !chunk.is_empty() {
            self.tail.get_or_insert_with(|| pool.take()).push(chunk);
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
        self.queue.extend(self.tail.take().map(Block::freeze));
    }

    fn pop(&mut self) -> Option<Bytes> {
        let queued = self.queue.pop_front();
        let bytes = queued.or_else(|| self.tail.take().map(Block::freeze))?;
        self.buffered -= bytes.len();
        Some(bytes)
    }
}
