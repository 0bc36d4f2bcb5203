//! The record of one invocation.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::time::Instant;

use super::body::StoredBody;
use super::chunks::Chunks;
use super::logs::Logs;
use super::trace::Trace;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::observer::{OutboundRequest, Report, RequestOutcome, Usage};
use crate::response::ResponseHead;

/// Largest request body kept, in bytes.
const REQUEST_BODY_BYTES: usize = 256 * 1024;

/// Most warnings and outbound requests kept of an invocation, each.
const MOST_REPORTS: usize = 1000;

/// Longest wait of a chunk before the caller counts as a slow reader, in microseconds.
const SLOW_MICROS: u64 = 500_000;

/// Memory of a record without what it refers to, in bytes.
const BASE_BYTES: usize = 4096;

/// The first line of a request, as its caller sent it.
#[derive(Clone, Debug)]
pub(crate) struct RequestLine {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
}

/// What is known of an invocation when it begins.
#[derive(Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) started: Instant,
    pub(crate) line: &'a RequestLine,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) function: &'a str,
    /// The name of the front end, `invoke`, `sdk` or `sdk-stream`.
    pub(crate) door: &'static str,
    pub(crate) invocation: &'a Invocation,
    /// The invocation whose event is sent again.
    pub(crate) resent_from: Option<&'a str>,
}

/// The process that serves an invocation.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: Option<u32>,
    /// Whether it is the first invocation of the process.
    pub(super) is_first: bool,
    /// The SHA-256 of the file that the handler was made from.
    pub(super) handler: Option<String>,
    pub(super) memory_mib: u32,
    pub(super) timeout: Duration,
}

/// How a recorded invocation ended.
#[derive(Debug)]
pub(super) enum Verdict {
    Complete,
    Failed(Failure),
    Rejected(String),
    Abandoned,
}

/// The record of one invocation. Times are in microseconds from the start of the request.
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) number: u64,
    pub(crate) id: String,
    /// The number of the latest change of any record when this one changed.
    pub(crate) version: u64,
    pub(crate) function: String,
    pub(crate) door: &'static str,
    started: Instant,
    pub(super) started_at: SystemTime,
    pub(crate) line: RequestLine,
    pub(crate) headers: HeaderMap,
    pub(super) request_body: Bytes,
    pub(super) request_body_bytes: usize,
    pub(crate) event: Bytes,
    /// Headers of `next`, which became the handler's context.
    pub(crate) context: HeaderMap,
    pub(super) resent_from: Option<String>,
    pub(super) process: Option<Process>,
    pub(super) status: Option<StatusCode>,
    pub(super) head: Option<ResponseHead>,
    pub(crate) chunks: Chunks,
    pub(crate) body: StoredBody,
    pub(super) logs: Logs,
    pub(super) warnings: Vec<String>,
    pub(super) outbound: Vec<(u64, OutboundRequest)>,
    pub(super) trace: Trace,
    pub(super) usage: Option<Usage>,
    pub(super) end: Option<(u64, Verdict)>,
    /// Size of headers, head and warnings, in bytes.
    text_bytes: usize,
}

impl Record {
    pub(super) fn new(number: u64, beginning: &Beginning<'_>) -> Self {
        let Beginning {
            started,
            line,
            headers,
            body,
            function,
            door,
            invocation,
            resent_from,
        } = *beginning;
        let kept = body.len().min(REQUEST_BODY_BYTES);
        Self {
            number,
            id: invocation.request_id.clone(),
            version: 0,
            function: function.to_owned(),
            door,
            started,
            started_at: SystemTime::now() - started.elapsed(),
            line: line.clone(),
            headers: headers.clone(),
            // A copy: a slice would keep all of a large body.
            request_body: Bytes::copy_from_slice(body.get(..kept).unwrap_or_default()),
            request_body_bytes: body.len(),
            event: invocation.event.clone(),
            context: invocation.headers.clone(),
            resent_from: resent_from.map(str::to_owned),
            process: None,
            status: None,
            head: None,
            chunks: Chunks::default(),
            body: StoredBody::default(),
            logs: Logs::default(),
            warnings: Vec::new(),
            outbound: Vec::new(),
            trace: Trace::default(),
            usage: None,
            end: None,
            text_bytes: size_of_headers(headers),
        }
    }

    /// Memory in use, in bytes.
    pub(super) fn size(&self) -> usize {
        BASE_BYTES
            + self.text_bytes
            + self.event.len()
            + self.request_body.len()
            + self.chunks.size()
            + self.body.size()
            + self.logs.size()
            + self.trace.size()
            + self.outbound.len() * size_of::<OutboundRequest>()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// Records the status that the caller gets.
    pub(crate) fn status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Records the head that the caller gets.
    pub(crate) fn head(&mut self, head: &ResponseHead) {
        self.status = Some(head.status);
        let document = head.document.as_ref().map_or(0, Bytes::len);
        self.text_bytes += size_of_headers(&head.headers) + document;
        self.head = Some(head.clone());
    }

    /// Records a chunk of the body that leaves now and arrived from the runtime at `arrived`.
    pub(crate) fn chunk(&mut self, bytes: &[u8], arrived: Instant) {
        let (arrived, now) = (self.micros(arrived), self.now());
        let offset = self.body.total();
        self.chunks.push(arrived, now, bytes.len(), offset);
        self.body.push(bytes);
    }

    /// The caller's connection asks for more.
    pub(crate) fn taken(&mut self) {
        let now = self.now();
        self.chunks.taken(now);
    }

    /// Adds what a report says.
    pub(super) fn observe(&mut self, report: &Report<'_>) {
        let now = self.now();
        match report {
            Report::Request(report) => {
                self.status = Some(report.status);
                self.ended(now, verdict(report.outcome));
            }
            Report::Warning { text, .. } if self.warnings.len() < MOST_REPORTS => {
                self.text_bytes += text.len();
                self.warnings.push((*text).to_owned());
            }
            Report::Output { line, .. } => self.logs.push(now, line),
            Report::Usage(usage) => self.usage = Some((*usage).clone()),
            Report::Outbound(request) if self.outbound.len() < MOST_REPORTS => {
                self.outbound.push((now, (*request).clone()));
            }
            Report::Assigned {
                pid,
                is_first,
                handler,
                memory_mib,
                timeout,
                ..
            } => {
                self.process = Some(Process {
                    pid: *pid,
                    is_first: *is_first,
                    handler: handler.map(str::to_owned),
                    memory_mib: *memory_mib,
                    timeout: *timeout,
                });
            }
            _ => {}
        }
    }

    fn ended(&mut self, now: u64, verdict: Verdict) {
        self.end = Some((now, verdict));
        self.body.finish();
    }

    /// Returns when the response ended. `None` while it runs, and if the caller left.
    pub(crate) fn ended_at(&self) -> Option<u64> {
        self.end.as_ref().map(|(at, _)| *at)
    }

    /// Converts a time of another process on this machine to microseconds from the start of the request. It may be
    /// before that.
    pub(super) fn micros_of(&self, time: SystemTime) -> i64 {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        match time.duration_since(self.started_at) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        }
    }

    fn now(&self) -> u64 {
        self.micros(Instant::now())
    }

    fn micros(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.started);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    /// Returns the time of the latest chunk or of the end.
    pub(super) fn span(&self) -> u64 {
        let last = self.chunks.kept().last().map_or(0, |chunk| chunk.at_sent);
        self.end.as_ref().map_or(last, |(at, _)| last.max(*at))
    }

    /// Returns how long bytes of the function waited for the caller: the longest wait of a chunk, and the
    /// time in which any waited.
    pub(super) fn waits(&self) -> (u64, u64) {
        let (mut longest, mut total, mut covered) = (0, 0, 0);
        for chunk in self.chunks.kept() {
            let until = chunk.at_taken.unwrap_or(chunk.at_sent);
            longest = longest.max(until.saturating_sub(chunk.at_runtime));
            total += until.saturating_sub(covered.max(chunk.at_runtime));
            covered = covered.max(until);
        }
        (longest, total)
    }

    pub(super) fn has_slow_reader(&self) -> bool {
        self.waits().0 >= SLOW_MICROS
    }
}

fn size_of_headers(headers: &HeaderMap) -> usize {
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    sizes.sum()
}

fn verdict(outcome: RequestOutcome<'_>) -> Verdict {
    match outcome {
        RequestOutcome::Complete => Verdict::Complete,
        RequestOutcome::Failed(failure) => Verdict::Failed(failure.clone()),
        RequestOutcome::Rejected(reason) => Verdict::Rejected(reason.to_owned()),
        RequestOutcome::Abandoned => Verdict::Abandoned,
    }
}
