//! Logs requests that failed.

use std::sync::Arc;

use wasmtime_wasi_http::Error;

use super::target::Destination;
use crate::logging::LogContext;

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
