//! Where a runtime is between two invocations, in Lambda's own words.

use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;
use crate::response::{Outcome, Part};

/// Where the response of the invocation at work goes.
#[derive(Debug)]
pub(crate) struct PendingResponse {
    pub(crate) request_id: String,
    /// Ties the response to the invocation, if the runtime sends it back.
    pub(crate) token: String,
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) outcome: oneshot::Sender<Outcome>,
}

/// Where the runtime is.
#[derive(Debug)]
pub(crate) enum Phase {
    /// It has not asked for an invocation yet.
    Starting,
    /// It reported that it cannot start.
    InitFailed(Failure),
    /// It waits for an invocation.
    Waiting,
    /// It has an invocation and has not begun to respond.
    Invoking(PendingResponse),
    /// It is sending its response.
    Responding { request_id: String, with: Reaction },
    /// It has responded and has not asked for the next invocation yet.
    Responded { request_id: String },
}

/// What a runtime does with an invocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reaction {
    Response,
    Error,
}

impl Reaction {
    /// The state that Lambda enters.
    pub(super) fn state(self) -> &'static str {
        match self {
            Self::Response => "InvocationResponse",
            Self::Error => "InvocationErrorResponse",
        }
    }
}

impl Phase {
    /// What Lambda calls this state in its error messages.
    pub(super) fn state(&self) -> &'static str {
        match self {
            Self::Starting => "Started",
            Self::InitFailed(_) => "InitError",
            Self::Waiting => "Ready",
            Self::Invoking(_) => "Running",
            Self::Responding { with, .. } => with.state(),
            Self::Responded { .. } => "RuntimeResponseSentState",
        }
    }

    /// The runtime's latest invocation.
    pub(super) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Starting | Self::InitFailed(_) | Self::Waiting => None,
            Self::Invoking(PendingResponse { request_id, .. })
            | Self::Responding { request_id, .. }
            | Self::Responded { request_id } => Some(request_id),
        }
    }
}
