//! The state of a runtime, in Lambda's own terms.

use tokio::sync::{mpsc, oneshot};

use crate::failure::Failure;
use crate::response::{Outcome, Part};

/// The destination of the current invocation's response.
#[derive(Debug)]
pub(crate) struct PendingResponse {
    pub(crate) request_id: String,
    /// Identifies the invocation of a response, if the runtime sends it back.
    pub(crate) token: String,
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) outcome: oneshot::Sender<Outcome>,
}

/// The state of a runtime.
#[derive(Debug)]
pub(crate) enum Phase {
    /// It has not requested an invocation yet.
    Starting,
    /// It reported that it cannot start.
    InitFailed(Failure),
    /// It waits for an invocation.
    Waiting,
    /// It has an invocation and has not started to respond.
    Invoking(PendingResponse),
    /// It is sending its response.
    Responding { request_id: String, with: Reaction },
    /// It has responded and has not requested the next invocation yet.
    Responded { request_id: String },
}

/// How a runtime reacts to an invocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reaction {
    Response,
    Error,
}

impl Reaction {
    /// Returns the state that Lambda enters.
    pub(super) fn state(self) -> &'static str {
        match self {
            Self::Response => "InvocationResponse",
            Self::Error => "InvocationErrorResponse",
        }
    }
}

impl Phase {
    /// Returns Lambda's name for this state in error messages.
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

    /// Returns the runtime's latest invocation.
    pub(super) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Starting | Self::InitFailed(_) | Self::Waiting => None,
            Self::Invoking(PendingResponse { request_id, .. })
            | Self::Responding { request_id, .. }
            | Self::Responded { request_id } => Some(request_id),
        }
    }
}
