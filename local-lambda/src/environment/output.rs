//! Passes on what a process prints, line by line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

use super::deployment::Deployment;
use crate::log_tail::LogTail;
use crate::observer::{Observer, OutboundRequest, Report, Usage};

/// Longest line passed on as a whole, in bytes. Longer lines are split.
const LINE_LIMIT_BYTES: u64 = 64 * 1024;

/// The log of the current invocation; there is one at a time. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct CurrentLog {
    invocation: Arc<Mutex<InvocationLog>>,
    deployment: Arc<Deployment>,
    observer: Observer,
}

#[derive(Debug, Default)]
struct InvocationLog {
    request_id: Option<String>,
    tail: LogTail,
}

impl CurrentLog {
    pub(super) fn new(deployment: Arc<Deployment>, observer: Observer) -> Self {
        Self {
            invocation: Arc::default(),
            deployment,
            observer,
        }
    }

    /// Attributes all further output to another invocation.
    pub(super) fn begin(&self, request_id: &str, tail: LogTail) {
        *self.invocation() = InvocationLog {
            request_id: Some(request_id.to_owned()),
            tail,
        };
    }

    /// Returns the invocation that the output is attached to.
    pub(super) fn request_id(&self) -> Option<String> {
        self.invocation().request_id.clone()
    }

    fn line(&self, mut line: Vec<u8>) {
        let invocation = self.invocation();
        // Output before the first invocation is about loading the handler.
        if invocation.request_id.is_none()
            && let Ok(text) = std::str::from_utf8(&line)
        {
            line = self.deployment.with_original_paths(text).into_bytes();
        }
        invocation.tail.push(&line);
        self.observer.report(Report::Output {
            request_id: invocation.request_id.as_deref(),
            line: &line,
        });
    }

    fn invocation(&self) -> MutexGuard<'_, InvocationLog> {
        // A panic cannot interrupt an assignment.
        self.invocation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes on output until its end. Drops the lines about usage if usage is reported.
pub(super) async fn pass_on(output: impl AsyncRead + Unpin, log: CurrentLog, reports_usage: bool) {
    let mut reader = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = (&mut reader)
            .take(LINE_LIMIT_BYTES)
            .read_until(b'\n', &mut line)
            .await;
        if matches!(read, Ok(0) | Err(_)) {
            return;
        }
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        if reports_usage && let Some(usage) = Usage::parse(&line) {
            log.observer.report(Report::Usage(&usage));
        } else if reports_usage && let Some(request) = OutboundRequest::parse(&line) {
            log.observer.report(Report::Outbound(&request));
        } else {
            log.line(line);
        }
    }
}
