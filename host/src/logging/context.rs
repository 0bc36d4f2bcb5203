//! Which invocation a line of the log belongs to.

/// The invocation that a line belongs to, or none before the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogContext {
    pub(crate) request_id: String,
    pub(crate) tenant_id: Option<String>,
}
