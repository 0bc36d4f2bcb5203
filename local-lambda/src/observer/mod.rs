//! Reports of events in a local Lambda.

mod outbound;
mod record;
mod span;
mod usage;
mod usage_line;

pub use outbound::OutboundRequest;
pub(crate) use record::{Received, RequestRecord};
pub use span::{InitPhase, SpanEvent, SpanKind, TraceSpan};
pub use usage::Usage;
pub(crate) use usage_line::VARIABLE as USAGE_VARIABLE;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::failure::Failure;
use crate::recorder::Recorder;

/// Receives [`Report`]s. Clones share the callback and the recorder.
#[derive(Clone)]
pub struct Observer {
    observe: Arc<dyn Fn(Report<'_>) + Send + Sync>,
    recorder: Option<Recorder>,
}

/// An event in a local Lambda.
#[derive(Debug)]
#[non_exhaustive]
pub enum Report<'a> {
    /// A request was served, or its caller left. Sent once for every request.
    Request(&'a RequestReport<'a>),
    /// A response was delivered but is probably not what its author meant.
    Warning {
        /// The invocation, once there is one.
        request_id: Option<&'a str>,
        /// What is wrong, and what to do about it.
        text: &'a str,
    },
    /// A process takes an invocation.
    Assigned {
        /// The invocation.
        request_id: &'a str,
        /// The process. `None` if it has ended.
        pid: Option<u32>,
        /// Whether it is the first invocation of the process.
        is_first: bool,
        /// The SHA-256 of the file that its handler was made from. `None` for other runtimes.
        handler: Option<&'a str>,
        /// Memory of the function, in MiB.
        memory_mib: u32,
        /// Timeout of the function.
        timeout: Duration,
    },
    /// The process of a function printed a line, or up to 64 KiB of one.
    Output {
        /// The current invocation. `None` before the first one.
        request_id: Option<&'a str>,
        /// The line.
        line: &'a [u8],
    },
    /// Usage of an invocation that has ended.
    Usage(&'a Usage),
    /// Cost of a request that a handler has sent.
    Outbound(&'a OutboundRequest),
    /// A span that the process of a function has sent to X-Ray's daemon or to a collector.
    Span(&'a TraceSpan),
    /// The process of a function failed after its response and before the next invocation.
    FailedAfterResponse(&'a Failure),
    /// An idle process ended by itself.
    IdleProcessEnded,
    /// A runtime reported an error while its response was open. Lambda never responds to such a
    /// request.
    ErrorWhileResponding,
    /// A peer sent something that is not HTTP.
    NotHttp {
        /// Who sent it.
        peer: IpAddr,
        /// Why it could not be parsed.
        error: &'a hyper::Error,
    },
}

/// One request and its response.
#[derive(Clone, Debug)]
pub struct RequestReport<'a> {
    /// Method and path.
    pub request: &'a str,
    /// The invocation that the request became.
    pub request_id: Option<&'a str>,
    /// The status that the caller got.
    pub status: StatusCode,
    /// Time from the request to the first byte of the body. `None` without a body.
    pub first_byte: Option<Duration>,
    /// Time from the request to the end of the response.
    pub total: Duration,
    /// Size of the body.
    pub bytes: usize,
    /// Number of chunks sent.
    pub chunks: usize,
    /// How the request ended.
    pub outcome: RequestOutcome<'a>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub enum RequestOutcome<'a> {
    /// The whole response was sent.
    Complete,
    /// The invocation failed.
    Failed(&'a Failure),
    /// The function was not invoked, for this reason.
    Rejected(&'a str),
    /// The caller left. The handler goes on.
    Abandoned,
}

impl Report<'_> {
    /// Returns the invocation that the report is about.
    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Request(report) => report.request_id,
            Self::Warning { request_id, .. } | Self::Output { request_id, .. } => *request_id,
            Self::Assigned { request_id, .. } => Some(request_id),
            Self::Usage(usage) => Some(&usage.request_id),
            Self::Outbound(request) => Some(&request.request_id),
            Self::Span(_)
            | Self::FailedAfterResponse(_)
            | Self::IdleProcessEnded
            | Self::ErrorWhileResponding
            | Self::NotHttp { .. } => None,
        }
    }
}

impl Observer {
    /// Calls `observe` for every report, on the reporting thread: it must not block.
    pub fn new(observe: impl Fn(Report<'_>) + Send + Sync + 'static) -> Self {
        Self {
            observe: Arc::new(observe),
            recorder: None,
        }
    }

    /// Records invocations, too.
    #[must_use]
    pub fn recorded_by(self, recorder: Recorder) -> Self {
        Self {
            recorder: Some(recorder),
            ..self
        }
    }

    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    pub(crate) fn report(&self, report: Report<'_>) {
        if let Some(recorder) = &self.recorder {
            recorder.observe(&report);
        }
        (self.observe)(report);
    }

    /// Warns about what a function sent.
    pub(crate) fn warn(&self, request_id: Option<&str>, text: &str) {
        self.report(Report::Warning { request_id, text });
    }
}

impl Default for Observer {
    /// Ignores every report.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
