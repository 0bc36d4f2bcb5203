//! Collects the record of one request and its response.

use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use super::{Observer, Report, RequestOutcome, RequestReport};
use crate::failure::Failure;

/// The record of one request. Reports it once, at its end or when dropped.
#[derive(Debug)]
pub(crate) struct RequestRecord {
    observer: Observer,
    /// Method and path.
    request: String,
    request_id: Option<String>,
    started: Instant,
    status: StatusCode,
    first_byte: Option<Duration>,
    bytes: usize,
    chunks: usize,
    is_reported: bool,
}

impl RequestRecord {
    pub(crate) fn start(observer: Observer, request: String) -> Self {
        Self {
            observer,
            request,
            request_id: None,
            started: Instant::now(),
            status: StatusCode::BAD_GATEWAY,
            first_byte: None,
            bytes: 0,
            chunks: 0,
            is_reported: false,
        }
    }

    /// Records the invocation that the request became.
    pub(crate) fn invocation(&mut self, request_id: &str) {
        self.request_id = Some(request_id.to_owned());
    }

    /// Records the status that the caller gets.
    pub(crate) fn status(&mut self, status: StatusCode) {
        self.status = status;
    }

    /// Warns about a response that is still delivered.
    pub(crate) fn warn(&self, warnings: &[String]) {
        for warning in warnings {
            self.observer.warn(self.request_id.as_deref(), warning);
        }
    }

    /// Records a chunk of the body on its way to the caller.
    pub(crate) fn chunk(&mut self, bytes: usize) {
        self.first_byte
            .get_or_insert_with(|| self.started.elapsed());
        self.bytes += bytes;
        self.chunks += 1;
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
            request: &self.request,
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
