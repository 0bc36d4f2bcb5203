//! Collects what an invocation does, from whichever task does it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::{Method, StatusCode};
use lambda_protocol::error_report::ErrorReport;

use super::calls::{CallId, Calls};
use super::guest_span::{GuestSpan, GuestSpans};
use super::id::{Ids, SpanId, TraceId};
use super::moments::Moments;
#[cfg(feature = "outbound-http")]
use super::moments::WriteMoments;
use super::record::{Ending, Init, Record};
use super::trace::Traces;

/// What one write to the socket completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The head of the response.
    pub(crate) head: bool,
    /// The first byte of the body.
    pub(crate) first_byte: bool,
}

/// How an instance came to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instantiated {
    pub(crate) began: Instant,
    pub(crate) time: Duration,
    /// Whether the invocation waited for it.
    pub(crate) on_path: bool,
}

/// The state of a guest when its call ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuestEnd {
    pub(crate) at: Instant,
    pub(crate) memory_bytes: usize,
    /// Bytes and number of its writes.
    pub(crate) written_bytes: u64,
    pub(crate) writes: u64,
}

/// The watch of one invocation.
#[derive(Debug)]
pub(crate) struct Watch {
    began: Instant,
    wall: SystemTime,
    ids: Ids,
    traces: Traces,
    is_first: bool,
    /// Whether it keeps when the guest wrote.
    keeps_moments: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of the prelude, ahead of the body.
    prelude_bytes: u64,
    head: Option<Instant>,
    first_byte: Option<Instant>,
    last_sent: Option<Instant>,
    longest_silence: Duration,
    finished: Option<Instant>,
    waiting_since: Option<Instant>,
    waits: Option<(Instant, Instant)>,
    backpressure: Duration,
    moments: Moments,
    calls: Calls,
    spans: GuestSpans,
    guest: Option<GuestEnd>,
    instantiated: Option<Instantiated>,
    ending: Ending,
}

impl Watch {
    /// Call it when the event has arrived. `is_first`: whether it is the first of the process.
    pub(crate) fn new(ids: Ids, traces: Traces, is_first: bool) -> Self {
        Self {
            began: Instant::now(),
            wall: SystemTime::now(),
            ids,
            traces,
            is_first,
            keeps_moments: false,
            state: Mutex::default(),
        }
    }

    /// Keeps when the guest wrote, and when its writes waited.
    pub(crate) fn with_moments(self, keeps_moments: bool) -> Self {
        Self {
            keeps_moments,
            ..self
        }
    }

    pub(crate) fn ids(&self) -> Ids {
        self.ids
    }

    pub(crate) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// The response begins with a prelude of this length, in bytes.
    pub(crate) fn set_prelude(&self, bytes: usize) {
        self.lock().prelude_bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    }

    /// Length of the prelude, in bytes.
    pub(crate) fn prelude_bytes(&self) -> u64 {
        self.lock().prelude_bytes
    }

    /// The socket took bytes of the response.
    pub(crate) fn sent(&self, sent: Sent) {
        let now = Instant::now();
        let mut state = self.lock();
        let silence = state.last_sent.map_or(Duration::ZERO, |last| now - last);
        state.longest_silence = state.longest_silence.max(silence);
        state.last_sent = Some(now);
        if sent.head {
            state.head.get_or_insert(now);
        }
        if sent.first_byte {
            state.first_byte.get_or_insert(now);
        }
    }

    /// Whether it keeps when the guest wrote.
    pub(crate) fn keeps_moments(&self) -> bool {
        self.keeps_moments
    }

    /// The guest writes. Out of line: hardly any invocation keeps it, and each write comes by here.
    #[cold]
    #[inline(never)]
    pub(crate) fn wrote(&self, bytes: usize) {
        if self.keeps_moments {
            let now = Instant::now();
            self.lock().moments.writes.push(now, bytes);
        }
    }

    /// What the guest has written before is part of its response.
    #[cfg(feature = "outbound-http")]
    pub(crate) fn wrote_before(&self, writes: &WriteMoments) {
        if self.keeps_moments {
            self.lock().moments.writes.extend(writes);
        }
    }

    /// A write has to wait for the reader.
    pub(crate) fn wait_begins(&self) {
        self.lock().waiting_since.get_or_insert_with(Instant::now);
    }

    /// It no longer has to.
    pub(crate) fn wait_ends(&self) {
        self.lock().end_wait(Instant::now(), self.keeps_moments);
    }

    /// The handler has ended its response.
    pub(crate) fn finished(&self) {
        self.lock().finished.get_or_insert_with(Instant::now);
    }

    pub(crate) fn call_begins(&self, host: String, method: Method, url: &str) -> CallId {
        let mut state = self.lock();
        let parent = state.spans.current();
        state
            .calls
            .begin(parent, (host, method, url), Instant::now())
    }

    /// The id of the span of a request.
    pub(crate) fn span_of(&self, call: CallId) -> SpanId {
        self.ids.span(Ids::FIRST_CALL + call.number())
    }

    pub(crate) fn call_ends(&self, id: CallId, status: Option<StatusCode>) {
        self.lock().calls.end(id, status, Instant::now());
    }

    /// The guest has begun a span.
    pub(crate) fn span_begins(&self, id: SpanId) {
        if self.traces.are_recorded() {
            self.lock().spans.start(id);
        }
    }

    /// The guest has ended a span, whether or not it has begun it here.
    pub(crate) fn span_ends(&self, span: GuestSpan) {
        // The host's own is described by the host.
        if self.traces.are_recorded() && span.id != self.ids.span(Ids::INVOCATION) {
            self.lock().spans.end(span);
        }
    }

    /// The trace in which the guest's spans are recorded, if they are, and the span that it is in: its own, or that of
    /// the invocation.
    pub(crate) fn current_span(&self) -> Option<(TraceId, SpanId)> {
        let trace = self.traces.trace()?;
        let current = self.lock().spans.current();
        Some((trace, current.unwrap_or(self.ids.span(Ids::INVOCATION))))
    }

    pub(crate) fn instantiated(&self, instantiated: Option<Instantiated>) {
        self.lock().instantiated = instantiated;
    }

    pub(crate) fn guest_ended(&self, end: GuestEnd) {
        self.lock().guest = Some(end);
    }

    /// The invocation has failed. `in_stream`: after its response had begun.
    pub(crate) fn failed(&self, report: &ErrorReport, in_stream: bool) {
        let report = Box::new(report.clone());
        self.lock().ending = if in_stream {
            Ending::FailedInStream(report)
        } else {
            Ending::Failed(report)
        };
    }

    /// Whether the invocation has failed so far.
    pub(crate) fn has_failed(&self) -> bool {
        self.lock().ending.report().is_some()
    }

    /// Returns the record. `init`: the start of the process, which only the first record has.
    pub(crate) fn record(
        &self,
        request_id: &str,
        tenant_id: Option<&str>,
        init: Option<Init>,
    ) -> Record {
        let now = Instant::now();
        let mut state = self.lock();
        state.end_wait(now, self.keeps_moments);
        state.calls.end_all(now);
        Record {
            request_id: request_id.to_owned(),
            tenant_id: tenant_id.map(ToOwned::to_owned),
            began: self.began,
            wall: self.wall,
            ended: now,
            init: init.filter(|_| self.is_first),
            is_first: self.is_first,
            head: state.head,
            first_byte: state.first_byte,
            longest_silence: state.longest_silence,
            finished: state.finished,
            backpressure: state.backpressure,
            waits: state.waits,
            moments: std::mem::take(&mut state.moments),
            calls: std::mem::take(&mut state.calls),
            spans: std::mem::take(&mut state.spans),
            guest: state.guest.take(),
            instantiated: state.instantiated,
            ending: std::mem::take(&mut state.ending),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end_wait(&mut self, now: Instant, keeps_moments: bool) {
        if let Some(since) = self.waiting_since.take() {
            let first = self.waits.map_or(since, |(first, _)| first);
            self.waits = Some((first, now));
            self.backpressure += now - since;
            if keeps_moments {
                self.moments.waited(since, now);
            }
        }
    }
}
