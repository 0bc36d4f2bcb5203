//! Failures of responses that have begun.

use lambda_protocol::error_report::ErrorReport;

use crate::guest::output::beginning;
use crate::guest::state::ActiveInvocation;
use crate::logging::EVENT_LIMIT_BYTES;

/// A response that the guest has begun, or should have, and cannot be completed.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(crate) struct BrokenResponse(pub(crate) ErrorReport);

/// A failure of which the receiver and the log know already.
#[derive(Debug, thiserror::Error)]
#[error("the response has failed")]
pub(crate) struct ToldFailure(());

/// Ends a stream that has failed while the guest goes on.
pub(super) fn tell_failure(current: &ActiveInvocation, report: &ErrorReport) -> ToldFailure {
    current.response.fail(report);
    current.note_told_failure();
    tracing::error!(
        requestId = %current.log_context.request_id,
        tenantId = current.log_context.tenant_id.as_deref(),
        errorType = report.error_type.as_str(),
        "handler failed after its response had begun: {}",
        beginning(&report.message, EVENT_LIMIT_BYTES)
    );
    ToldFailure(())
}
