//! A response on its way from the runtime to its reader: parts as they come, then an outcome.
//!
//! The outcome has a channel of its own, so that it can be sent while the reader is slow, and so that a
//! response without one is never mistaken for a complete one.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::log_tail::LogTail;

/// Number of parts in flight before the handler's `write` blocks.
///
/// A part holds the result of one socket read, so the backlog stays around a megabyte.
const PARTS_IN_FLIGHT: usize = 8;

/// How an invocation ended.
pub(crate) type Outcome = Result<(), Failure>;

/// How the runtime sent its response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ResponseMode {
    Buffered,
    Streaming,
}

/// One part of a response.
#[derive(Debug)]
pub(crate) enum Part {
    /// The response was opened. Always the first part.
    Head {
        mode: ResponseMode,
        content_type: Option<String>,
    },
    /// Bytes of the response, in order, and when they arrived.
    Chunk(Bytes, Instant),
}

/// The reader's half of a response.
#[derive(Debug)]
pub(crate) struct ResponseReceiver {
    pub(crate) parts: mpsc::Receiver<Part>,
    pub(crate) outcome: oneshot::Receiver<Outcome>,
    /// The end of the invocation's output.
    pub(crate) log: LogTail,
}

/// The runtime's half of a response. Dropping it is a failure.
#[derive(Debug)]
pub(crate) struct ResponseSender {
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) outcome: oneshot::Sender<Outcome>,
    pub(crate) log: LogTail,
}

/// Creates the two halves of a response.
pub(crate) fn channel() -> (ResponseSender, ResponseReceiver) {
    let (parts, parts_rx) = mpsc::channel(PARTS_IN_FLIGHT);
    let (outcome, outcome_rx) = oneshot::channel();
    let log = LogTail::default();
    (
        ResponseSender {
            parts,
            outcome,
            log: log.clone(),
        },
        ResponseReceiver {
            parts: parts_rx,
            outcome: outcome_rx,
            log,
        },
    )
}

/// Reads the outcome. A dropped sender means that the invocation was abandoned.
pub(crate) fn outcome_of(outcome: Result<Outcome, oneshot::error::RecvError>) -> Outcome {
    outcome.unwrap_or_else(|_| {
        Err(Failure::new(
            "Sandbox.Failure",
            "the invocation was given up",
        ))
    })
}
