//! What the log is told of a request that failed.

use std::sync::Arc;

use wasmtime_wasi_http::Error;

use super::target::Destination;
use crate::logging::LogContext;

/// Logs what became of a request, while the log has room: a guest in a loop must not drown the lines
/// of others.
macro_rules! tell {
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
pub(super) use tell;

/// Whose answer is being read, for the line that says that it broke off.
#[derive(Debug)]
pub(super) struct AnswerOf {
    log_context: Arc<LogContext>,
    destination: Destination,
}

impl AnswerOf {
    pub(super) fn new(log_context: Arc<LogContext>, destination: Destination) -> Self {
        Self {
            log_context,
            destination,
        }
    }

    /// Logs that the answer has ended before its end.
    pub(super) fn broke_off(&self, error: &Error) {
        let (log_context, destination) = (&self.log_context, &self.destination);
        tell!(
            log_context,
            "the answer of `{destination}` broke off: {error}"
        );
    }
}
