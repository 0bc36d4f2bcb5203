//! Logs requests that failed, and says so to the guest.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use wasmtime_wasi_http::Error;

use super::aws::Unsigned;
use super::connect::Failure;
use crate::logging::LogContext;
use crate::outbound::policy::Reach;
use crate::outbound::target::Destination;

/// Logs a request that was denied or failed, if the log has room: a guest in a loop must not drown out the
/// lines of others.
macro_rules! log_failure {
    ($of:expr, $($message:tt)*) => {
        if $crate::logging::has_room() {
            tracing::warn!(
                requestId = %$of.request_id,
                tenantId = $of.tenant_id.as_deref(),
                $($message)*
            );
        }
    };
}
pub(super) use log_failure;

/// Identifies a response, for the log line of one that is incomplete.
#[derive(Debug)]
pub(super) struct ResponseSource {
    log_context: Arc<LogContext>,
    destination: Destination,
}

impl ResponseSource {
    pub(super) fn new(log_context: Arc<LogContext>, destination: Destination) -> Self {
        Self {
            log_context,
            destination,
        }
    }

    /// Logs that the response ended prematurely.
    pub(super) fn broke_off(&self, error: &Error) {
        let (log_context, destination) = (&self.log_context, &self.destination);
        log_failure!(
            log_context,
            "the response of `{destination}` broke off: {error}"
        );
    }
}

/// Logs why a request is not signed, and returns the guest's error.
pub(super) fn unsigned(
    log_context: &LogContext,
    destination: &Destination,
    reason: Unsigned,
) -> Error {
    log_failure!(log_context, "{}", reason.text(destination));
    without_details(reason.into_error())
}

/// Logs why a request has no response, and returns the guest's error.
pub(super) fn failed(
    log_context: &LogContext,
    destination: &Destination,
    reach: Reach,
    failure: Failure,
) -> Error {
    match failure {
        Failure::Other(error) => {
            log_failure!(log_context, "a request to `{destination}` failed: {error}");
            without_details(error)
        }
        Failure::Prohibited(found) => {
            let found: Vec<String> = found.iter().map(|it| it.ip().to_string()).collect();
            log_failure!(
                log_context,
                "denied a request to `{destination}`: its address {} {}",
                found.join(", "),
                reach.objection()
            );
            Error::DestinationIpProhibited
        }
        Failure::OutOfFiles => {
            log_failure!(
                log_context,
                "a request to `{destination}` failed: the process has no file descriptor left{}; \
                 an invocation needs one, and one more for each of its open requests: lower the \
                 concurrency of the function",
                file_limit()
            );
            Error::ConnectionLimitReached
        }
    }
}

/// The limit on file descriptors as part of a sentence, if there is one.
fn file_limit() -> String {
    let limit = getrlimit(Resource::Nofile).current;
    limit.map_or_else(String::new, |limit| format!(" of {limit} (`ulimit -n`)"))
}

/// Maps an error to one for which the guest's interface has a code. The library would log any other itself.
fn without_details(error: Error) -> Error {
    match error {
        Error::Hyper(_) => Error::HttpProtocolError,
        Error::Connect(_) => Error::ConnectionRefused,
        Error::Tls(_) => Error::TlsProtocolError,
        coded => coded,
    }
}
