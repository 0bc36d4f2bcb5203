//! Where a runtime is between two invocations, in Lambda's own words.

use tokio::sync::{mpsc, oneshot};

use crate::dev::answer::{Failure, Part, Verdict};

/// The invocation that the runtime has to answer.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    /// What the runtime may send back, so that an answer cannot reach another invocation.
    pub(crate) token: String,
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) verdict: oneshot::Sender<Verdict>,
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
    /// It has an invocation and has not begun to answer.
    Invoking(Invocation),
    /// It is sending its answer.
    Responding { request_id: String, with: Reaction },
    /// It has answered and has not asked for the next invocation yet.
    Answered { request_id: String },
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
            Self::Answered { .. } => "RuntimeResponseSentState",
        }
    }

    /// The invocation that the runtime got last.
    pub(super) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Starting | Self::InitFailed(_) | Self::Waiting => None,
            Self::Invoking(Invocation { request_id, .. })
            | Self::Responding { request_id, .. }
            | Self::Answered { request_id } => Some(request_id),
        }
    }
}
