//! Collects the record of one request and its response.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::{Observer, Report, RequestOutcome, RequestReport};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::recorder::{Beginning, Recording, RequestLine};
use crate::response::ResponseHead;

/// The record of one request. Reports it once, at its end or when dropped.
#[derive(Debug)]
pub(crate) struct RequestRecord {
    observer: Observer,
    /// As the caller sent it.
    line: RequestLine,
    request_id: Option<String>,
    started: Instant,
    status: StatusCode,
    first_byte: Option<Duration>,
    bytes: usize,
    chunks: usize,
    is_reported: bool,
    /// The record for the console, if there is one.
    recording: Option<Recording>,
}

/// What became an invocation.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    pub(crate) function: &'a str,
    /// The name of the front end, `invoke`, `sdk` or `sdk-stream`.
    pub(crate) door: &'static str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    /// The invocation whose event is sent again.
    pub(crate) resent_from: Option<&'a str>,
}

impl RequestRecord {
    pub(crate) fn start(observer: Observer, line: RequestLine) -> Self {
        Self {
            observer,
            line,
            request_id: None,
            started: Instant::now(),
            status: StatusCode::BAD_GATEWAY,
            first_byte: None,
            bytes: 0,
            chunks: 0,
            is_reported: false,
            recording: None,
        }
    }

    /// Records the invocation that the request became.
    pub(crate) fn invocation(&mut self, invocation: &Invocation, received: &Received<'_>) {
        self.request_id = Some(invocation.request_id.clone());
        let recorder = self.observer.recorder();
        self.recording = recorder.map(|recorder| {
            recorder.begin(&Beginning {
                started: self.started,
                line: &self.line,
                headers: received.headers,
                body: received.body,
                function: received.function,
                door: received.door,
                invocation,
                resent_from: received.resent_from,
            })
        });
    }

    /// Records the status that the caller gets.
    pub(crate) fn status(&mut self, status: StatusCode) {
        self.status = status;
        if let Some(recording) = &self.recording {
            recording.update(|record| record.status(status));
        }
    }

    /// Records the head that the caller gets.
    pub(crate) fn head(&mut self, head: &ResponseHead) {
        self.warn(&head.warnings);
        self.status = head.status;
        if let Some(recording) = &self.recording {
            recording.update(|record| record.head(head));
        }
    }

    /// Warns about a response that is still delivered.
    pub(crate) fn warn(&self, warnings: &[String]) {
        for warning in warnings {
            self.observer.warn(self.request_id.as_deref(), warning);
        }
    }

    /// Records a chunk of the body on its way to the caller, and when it arrived from the runtime.
    pub(crate) fn chunk(&mut self, chunk: &[u8], arrived: Instant) {
        self.first_byte
            .get_or_insert_with(|| self.started.elapsed());
        self.bytes += chunk.len();
        self.chunks += 1;
        if let Some(recording) = &self.recording {
            recording.update(|record| record.chunk(chunk, arrived));
        }
    }

    /// The caller's connection asks for the next chunk.
    pub(crate) fn taken(&self) {
        if let Some(recording) = &self.recording
            && self.chunks > 0
        {
            recording.update(crate::recorder::Record::taken);
        }
    }

    /// The response is complete.
    pub(crate) fn complete(&mut self) {
        self.report(RequestOutcome::Complete);
    }

    /// The invocation failed.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.report(RequestOutcome::Failed(failure));
    }

    /// The function was not invoked.
    pub(crate) fn rejected(&mut self, reason: &str) {
        self.report(RequestOutcome::Rejected(reason));
    }

    fn report(&mut self, outcome: RequestOutcome<'_>) {
        if std::mem::replace(&mut self.is_reported, true) {
            return;
        }
        self.observer.report(Report::Request(&RequestReport {
            request: &format!("{} {}", self.line.method, self.line.uri.path()),
            request_id: self.request_id.as_deref(),
            status: self.status,
            first_byte: self.first_byte,
            total: self.started.elapsed(),
            bytes: self.bytes,
            chunks: self.chunks,
            outcome,
        }));
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        self.report(RequestOutcome::Abandoned);
    }
}
