//! Where the bytes of a response go.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, StatusCode};
use lambda_protocol::response_document::DocumentTooLarge;

use super::super::super::state::ActiveInvocation;
use super::head;
use crate::event::Reply;
use crate::response::{HIGH_WATER_BYTES, Refused};

/// Bytes of a failed invocation's body that its report has.
const REPORTED_BYTES: usize = 1024;

/// The end of a body.
pub(in super::super) enum Sink {
    /// The response of the invocation.
    Response(Arc<ActiveInvocation>),
    /// The report of a failed invocation, of which the beginning is kept.
    Report(Vec<u8>),
}

impl Sink {
    /// Returns the sink of a response of this status. For an invoker that reads a document, a status of 400 or
    /// more is a failed invocation.
    pub(in super::super) fn new(
        current: &Arc<ActiveInvocation>,
        reply: Reply,
        status: StatusCode,
    ) -> Self {
        let is_failure = status.is_client_error() || status.is_server_error();
        if reply == Reply::Document && is_failure {
            Self::Report(Vec::new())
        } else {
            Self::Response(Arc::clone(current))
        }
    }

    /// Starts the response with its head. The guest learns from its writes if the receiver is gone.
    ///
    /// # Errors
    ///
    /// Returns why Lambda does not take such a head.
    pub(in super::super) fn start(
        &self,
        reply: Reply,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(), String> {
        let Self::Response(current) = self else {
            return Ok(());
        };
        let _ = match reply {
            Reply::Http => current.start(head::prelude(status, headers)?),
            Reply::Document => {
                let content_type = head::content_type(status, headers)?;
                current.response.start_document(content_type)
            }
        };
        Ok(())
    }

    /// Returns how many bytes can be pushed now.
    pub(in super::super) fn room(&self) -> Result<usize, Refused> {
        match self {
            Self::Response(current) => current.response.room(),
            Self::Report(_) => Ok(HIGH_WATER_BYTES),
        }
    }

    /// Ready once there is room, or a push would be refused.
    pub(in super::super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        match self {
            Self::Response(current) => current.response.poll_room(cx),
            Self::Report(_) => Poll::Ready(()),
        }
    }

    /// Takes the beginning of `chunk`, as far as there is room, and returns its length.
    pub(in super::super) fn push(&mut self, chunk: &[u8]) -> Result<usize, Refused> {
        match self {
            Self::Response(current) => current.response.write_now(chunk),
            Self::Report(kept) => {
                let room = REPORTED_BYTES.saturating_sub(kept.len());
                kept.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
                Ok(chunk.len())
            }
        }
    }

    /// Ends the response well.
    ///
    /// # Errors
    ///
    /// It is a document that is too large.
    pub(in super::super) fn finish(&self) -> Result<(), DocumentTooLarge> {
        let Self::Response(current) = self else {
            return Ok(());
        };
        match current.response.finish() {
            Err(Refused::TooLarge(document)) => Err(document),
            // Refused if the receiver is gone.
            Ok(()) | Err(Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed) => {
                Ok(())
            }
        }
    }

    /// Takes the beginning of the body of a failed invocation.
    pub(in super::super) fn take_report(&mut self) -> Vec<u8> {
        match self {
            Self::Report(kept) => std::mem::take(kept),
            Self::Response(_) => Vec::new(),
        }
    }
}

/// Describes a failed invocation by its status and the beginning of its body.
pub(in super::super) fn failed(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let status = status.as_u16();
    match text.trim() {
        "" => format!("the handler answered with status {status}"),
        text => format!("the handler answered with status {status}: {text}"),
    }
}
