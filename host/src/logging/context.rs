//! The invocation that a log line belongs to.

/// The invocation that a line belongs to. Empty before the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogContext {
    pub(crate) request_id: String,
    pub(crate) tenant_id: Option<String>,
}
