//! The buffer between the guest, which writes, and the socket, which reads.
//!
//! There is no message per write. A write appends to the buffer and wakes the reader only if it
//! waits, so a chunk leaves at once while the socket keeps up, and chunks gather while the socket is
//! behind. The state of the response is under the same lock, which makes each decision about the stream
//! and its effect atomic.
//!
//! `docs/design/one-buffer.md` has the measurements behind the sizes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
use crate::observe::Watch;

/// Buffered bytes from which on `write` waits. With a lower mark, guest and socket spend their time waking
/// each other; with a higher one, data leaves the processor's cache before it is sent.
pub(crate) const HIGH_WATER_BYTES: usize = 256 * 1024;

/// A waiting `write` resumes when at most this many bytes are buffered, so that not every send wakes it.
const LOW_WATER_BYTES: usize = HIGH_WATER_BYTES / 2;

/// Chunks of at least this many bytes get a frame of their own; smaller ones are gathered in a block
/// while they wait, which saves a frame each.
const OWN_FRAME_BYTES: usize = 32 * 1024;

/// Stands in for an empty body where one is required. White space, because it is harmless in almost every
/// content type.
const PADDING: Bytes = Bytes::from_static(b"\n");

#[derive(Debug)]
pub(crate) struct Buffer {
    inner: Mutex<Inner>,
    pool: BlockPool,
    watch: Option<Arc<Watch>>,
}

#[derive(Debug)]
struct Inner {
    stream: ResponseStream,
    kind: Kind,
    /// Chunks in order, all before `tail`.
    queue: VecDeque<Bytes>,
    /// Small chunks, gathered.
    tail: Option<Block>,
    /// Bytes in `queue` and `tail`.
    buffered: usize,
    /// The trailers of a failure, or none, once the response has ended.
    end: Option<HeaderMap>,
    /// Whether an empty body gets [`PADDING`].
    pads_empty: bool,
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Whether the watch measures how long a write waits.
    is_wait_timed: bool,
    /// Whether Lambda has accepted the whole response, once that is known.
    accepted: Option<bool>,
    /// Waits for `accepted`.
    curious: Option<Waker>,
}

/// The kind of a response.
#[derive(Debug)]
pub(super) enum Kind {
    /// A stream with a head, or one that has not started.
    Http,
    /// A stream without a head, of this content type.
    Raw(HeaderValue),
    /// A document, as far as it has been written.
    Unfinished(Document),
    /// A complete document, of this content type.
    Document(HeaderValue, Bytes),
}

/// What the reader of a response's body receives.
#[derive(Debug)]
pub enum BodyEvent {
    /// Bytes, at least one.
    Data(Bytes),
    /// The end, with the trailers of a failure, or none.
    End(HeaderMap),
}

/// When a body has more to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Not yet. The body wakes the task when it has.
    Later,
    /// Perhaps now: the reader took as much as it asked for.
    Now,
    /// Never: the end was taken.
    Never,
}

impl Buffer {
    /// An empty buffer.
    pub(super) fn new(watch: Option<Arc<Watch>>) -> Self {
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
                is_wait_timed: false,
                accepted: None,
                curious: None,
            }),
            pool: BlockPool::default(),
            watch,
        }
    }

    /// Pads an empty body. Call before the start.
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
        self.push_head(&mut inner, prelude, front_end);
        wake_reader(inner);
        Ok(())
    }

    pub(super) fn start_document(&self, content_type: HeaderValue) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.stream.on_start(Delivery::Document)?;
        inner.begin_document(Envelope::Bare(content_type));
        Ok(())
    }

    pub(super) fn start_raw(&self, content_type: HeaderValue) -> Result<(), Refused> {
        let mut inner = self.lock();
        inner.stream.on_start(Delivery::Stream)?;
        inner.kind = Kind::Raw(content_type);
        // No HTTP client reads it.
        inner.pads_empty = false;
        wake_reader(inner);
        Ok(())
    }

    /// Writes all of `chunk`, waiting for the reader as often as necessary. If this starts the response,
    /// `front_end` gets a document.
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

    /// Returns how many bytes [`write_now`](Self::write_now) takes at least.
    pub(super) fn room(&self) -> Result<usize, Refused> {
        self.lock().room()
    }

    /// Ready once there is room, or a write would be refused.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        if inner.room() == Ok(0) {
            self.wait(&mut inner, cx);
            return Poll::Pending;
        }
        self.end_wait(&mut inner);
        Poll::Ready(())
    }

    /// Writes the beginning of `chunk`, as much as there is room for, and returns its length.
    pub(super) fn write_now(&self, chunk: &[u8]) -> Result<usize, Refused> {
        let cx = Context::from_waker(Waker::noop());
        let mut written = 0;
        while let Some(rest) = chunk.get(written..).filter(|rest| !rest.is_empty()) {
            match self.poll_write(&cx, rest, None) {
                Poll::Ready(taken) => written += taken?,
                Poll::Pending => break,
            }
        }
        Ok(written)
    }

    /// Takes at most one block from the beginning of `chunk`. Together with the high-water mark this
    /// bounds the buffer, however large the chunk is.
    fn poll_write(
        &self,
        cx: &Context<'_>,
        chunk: &[u8],
        front_end: Option<FrontEnd>,
    ) -> Poll<Result<usize, Refused>> {
        let mut inner = self.lock();
        self.start_unless_started(&mut inner, front_end)?;
        if let Kind::Unfinished(document) = &mut inner.kind {
            let pushed = document.push(chunk).map_err(Refused::TooLarge);
            return Poll::Ready(pushed.map(|()| chunk.len()));
        }
        inner.pads_empty &= chunk.is_empty();
        if inner.buffered >= HIGH_WATER_BYTES {
            self.wait(&mut inner, cx);
            return Poll::Pending;
        }
        self.end_wait(&mut inner);
        let taken = chunk.get(..BLOCK_BYTES).unwrap_or(chunk);
        if taken.len() < OWN_FRAME_BYTES {
            inner.gather(taken, &self.pool);
        } else {
            // Copies unlocked, so that the reader need not wait. Meanwhile the response may end.
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

    /// Ends the response. If nothing has started it, `front_end` gets a document.
    pub(super) fn finish(&self, front_end: Option<FrontEnd>) -> Result<(), Refused> {
        let mut inner = self.lock();
        self.start_unless_started(&mut inner, front_end)?;
        if let Kind::Unfinished(_) = inner.kind {
            inner = self.finish_document(inner)?;
        }
        inner.stream.on_finish()?;
        if inner.pads_empty {
            inner.push_own(PADDING);
        }
        inner.end = Some(HeaderMap::new());
        wake_reader(inner);
        if let Some(watch) = &self.watch {
            watch.finished();
        }
        Ok(())
    }

    /// Serializes a document, unlocked: that takes milliseconds, and the response may fail meanwhile.
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
            Ok((content_type, payload)) => {
                inner.kind = Kind::Document(content_type, payload);
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
            Kind::Http | Kind::Raw(_) | Kind::Document(..) => None,
        }
    }

    pub(crate) fn fail(&self, report: &ErrorReport) -> FailureRoute {
        let mut inner = self.lock();
        let route = inner.stream.on_failure();
        // A waiting write has to fail now.
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
        inner.accepted.get_or_insert(false);
        wake(&mut inner.writer);
        wake(&mut inner.curious);
    }

    /// Lambda has answered the response.
    pub(super) fn settle(&self, accepted: bool) {
        let mut inner = self.lock();
        inner.accepted.get_or_insert(accepted);
        wake(&mut inner.curious);
    }

    /// Returns whether Lambda has accepted the response, once that is known.
    pub(super) fn poll_accepted(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut inner = self.lock();
        match inner.accepted {
            Some(accepted) => Poll::Ready(accepted),
            None => {
                inner.curious = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether the receiver closed before the response had ended.
    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    pub(crate) fn state(&self) -> ResponseStream {
        self.lock().stream
    }

    /// Ready once there is something to send: a stream has started, or a document is complete. Poll it
    /// before the first [`take`](Self::take).
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

    /// What watches the invocation.
    pub(super) fn watch(&self) -> Option<&Arc<Watch>> {
        self.watch.as_ref()
    }

    /// Takes the kind of the response, with the payload of a complete document.
    pub(super) fn take_kind(&self) -> Kind {
        std::mem::replace(&mut self.lock().kind, Kind::Http)
    }

    /// Passes buffered data to `taker`, until it has received `enough_bytes`.
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
        // Woken once everything was taken, so that it finds as much room as there is.
        let has_room = inner.buffered <= LOW_WATER_BYTES;
        let mut writer = inner.writer.take_if(|_| has_room);
        drop(inner);
        wake(&mut writer);
        more
    }

    /// Starts a response that has not started, as a write and an end do.
    fn start_unless_started(
        &self,
        inner: &mut Inner,
        front_end: Option<FrontEnd>,
    ) -> Result<(), Refused> {
        if inner.stream.on_write(delivery_to(front_end))? == Start::Now {
            self.push_head(inner, Prelude::implied(), front_end);
        }
        Ok(())
    }

    fn push_head(&self, inner: &mut Inner, prelude: Prelude, front_end: Option<FrontEnd>) {
        let before = inner.buffered;
        inner.push_head(prelude, front_end);
        #[cfg(feature = "rehearsal")]
        crate::rehearsal::reader::set_prelude(inner.buffered - before);
        if let Some(watch) = &self.watch {
            watch.set_prelude(inner.buffered - before);
        }
    }

    /// A write has to wait for the reader.
    fn wait(&self, inner: &mut Inner, cx: &Context<'_>) {
        inner.writer = Some(cx.waker().clone());
        if let Some(watch) = &self.watch {
            watch.wait_begins();
            inner.is_wait_timed = true;
        }
    }

    fn end_wait(&self, inner: &mut Inner) {
        if inner.is_wait_timed {
            inner.is_wait_timed = false;
            self.watch.as_ref().inspect(|watch| watch.wait_ends());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The delivery of a response whose handler does not choose one.
fn delivery_to(front_end: Option<FrontEnd>) -> Delivery {
    match front_end {
        Some(_) => Delivery::Document,
        None => Delivery::Stream,
    }
}

/// Wakes the reader if it waits. Unlocks first, or the reader would wake only to wait for the lock.
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

    /// Bytes that a write takes without waiting. At least a block if any, so that a guest is not offered a few
    /// bytes at a time.
    fn room(&self) -> Result<usize, Refused> {
        let mut stream = self.stream;
        stream.on_write(Delivery::Stream)?;
        match &self.kind {
            Kind::Unfinished(document) => match document.too_large() {
                Some(too_large) => Err(Refused::TooLarge(too_large)),
                None => Ok(HIGH_WATER_BYTES),
            },
            Kind::Http | Kind::Raw(_) | Kind::Document(..) => {
                match HIGH_WATER_BYTES.saturating_sub(self.buffered) {
                    0 => Ok(0),
                    room => Ok(room.max(BLOCK_BYTES)),
                }
            }
        }
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
        // The front end computes the length itself.
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
        // Bytes beyond `content-length` would be taken for the start of another response.
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
