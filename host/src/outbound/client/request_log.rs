//! Logs what a request has cost, and tells the watch of its invocation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{Method, StatusCode};
use tracing::Level;

use super::meter::Meter;
use crate::logging::{LogContext, USAGE_TARGET, has_room};
use crate::observe::{CallId, SpanId, Traces, Watch};
use crate::outbound::target::Destination;

/// The connection that a request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// It was opened for the request.
    New,
    /// It had served others before.
    Kept,
    /// It was opened because a kept one was lost.
    Retried,
}

impl Used {
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Kept => "kept",
            Self::Retried => "retried",
        }
    }
}

/// The cost of one request. Logged when dropped: at the end of the response, or when the guest drops it.
pub(super) struct RequestRecord {
    log_context: Arc<LogContext>,
    destination: Destination,
    method: Method,
    /// Whether to log it, and whether at INFO instead of DEBUG.
    is_logged: bool,
    logs_usage: bool,
    watched: Option<Watched>,
    started: Instant,
    connection: Option<Connection>,
    responded: Option<(StatusCode, Instant)>,
}

/// The connection, when it was ready, and what it had carried until then.
struct Connection {
    used: Used,
    ready: Instant,
    meter: Arc<Meter>,
    received: u64,
    sent: u64,
}

impl RequestRecord {
    /// Returns `None` if nobody wants to know. `logs_usage`: logged at INFO instead of DEBUG.
    pub(super) fn start(
        log_context: &Arc<LogContext>,
        destination: &Destination,
        method: &Method,
        watched: Option<Watched>,
        logs_usage: bool,
    ) -> Option<Self> {
        let is_logged = if logs_usage {
            tracing::enabled!(target: USAGE_TARGET, Level::INFO)
        } else {
            tracing::enabled!(target: USAGE_TARGET, Level::DEBUG)
        };
        let is_wanted = is_logged || watched.is_some();
        is_wanted.then(|| Self {
            is_logged,
            watched,
            log_context: Arc::clone(log_context),
            destination: destination.clone(),
            method: method.clone(),
            logs_usage,
            started: Instant::now(),
            connection: None,
            responded: None,
        })
    }

    /// The request is about to be sent.
    pub(super) fn connected(&mut self, used: Used, meter: &Arc<Meter>) {
        self.connection = Some(Connection {
            used,
            ready: Instant::now(),
            received: meter.received(),
            sent: meter.sent(),
            meter: Arc::clone(meter),
        });
    }

    /// The head of the response is there.
    pub(super) fn responded(&mut self, status: StatusCode) {
        self.responded = Some((status, Instant::now()));
        if let Some(watched) = &mut self.watched {
            watched.status = Some(status);
        }
    }

    fn log(&self) {
        let connection = self.connection.as_ref();
        let responded = self.responded.as_ref();
        let ready = connection.map(|it| it.ready);
        let first_byte = ready.zip(responded).map(|(ready, (_, at))| *at - ready);
        macro_rules! log_at {
            ($level:ident) => {
                tracing::$level!(
                    target: USAGE_TARGET,
                    requestId = %self.log_context.request_id,
                    tenantId = self.log_context.tenant_id.as_deref(),
                    destination = %self.destination,
                    method = self.method.as_str(),
                    status = responded.map(|(status, _)| status.as_u16()),
                    connection = connection.map(|it| it.used.as_str()),
                    waitMs = ready.map(|at| milliseconds(at - self.started)),
                    firstByteMs = first_byte.map(milliseconds),
                    bytesIn = connection.map(|it| it.meter.received() - it.received),
                    bytesOut = connection.map(|it| it.meter.sent() - it.sent),
                    milliseconds = milliseconds(self.started.elapsed()),
                    "requested"
                )
            };
        }
        if self.logs_usage {
            log_at!(info);
        } else {
            log_at!(debug);
        }
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        // A guest in a loop must not drown out the lines of others.
        if self.is_logged && has_room() {
            self.log();
        }
    }
}

/// A request, as the watch of its invocation knows it. Ends when dropped.
pub(super) struct Watched {
    watch: Arc<Watch>,
    call: CallId,
    status: Option<StatusCode>,
}

impl Watched {
    pub(super) fn new(watch: Arc<Watch>, destination: &Destination, head: &Parts) -> Self {
        let url = destination.url(head.uri.path());
        Self {
            call: watch.call_begins(destination.host.clone(), head.method.clone(), &url),
            watch,
            status: None,
        }
    }

    /// What records the request, and its span.
    pub(super) fn recorded(&self) -> (&Traces, SpanId) {
        (self.watch.traces(), self.watch.span_of(self.call))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.call_ends(self.call, self.status);
    }
}

/// Returns milliseconds with three decimals.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
