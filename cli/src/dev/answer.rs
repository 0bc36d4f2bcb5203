//! What an invocation gives back: parts as they come, then a verdict.
//!
//! The verdict travels apart from the parts, so that it can be given while the reader is slow, and
//! so that an answer without one is never mistaken for a complete one.

use bytes::Bytes;
use lambda_protocol::error_report::{ErrorDocument, ErrorType};
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use tokio::sync::{mpsc, oneshot};

use super::log_tail::LogTail;

/// Parts that may wait for the caller before the handler's `write` waits.
///
/// A part is what one read of the socket held, so the backlog stays around a megabyte.
const PARTS_IN_FLIGHT: usize = 8;

/// The error type of a response that ended without its last chunk.
pub(crate) const TRUNCATED: &str = "Runtime.TruncatedResponse";

/// The error type of an invocation for which there was no room.
pub(crate) const THROTTLED: &str = "TooManyRequestsException";

/// The error type of a function that cannot be started.
pub(crate) const INVALID_ENTRYPOINT: &str = "Runtime.InvalidEntrypoint";

/// How the runtime sent its response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ResponseMode {
    Buffered,
    Streaming,
}

/// One part of an answer.
#[derive(Debug)]
pub(crate) enum Part {
    /// The response was opened. Always the first part.
    Head {
        mode: ResponseMode,
        content_type: Option<String>,
    },
    /// Bytes of the response, in order.
    Chunk(Bytes),
}

/// How an invocation ended.
pub(crate) type Verdict = Result<(), Failure>;

/// Why an invocation failed, in Lambda's words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    /// The dotted name, `Function.Trap`.
    pub(crate) error_type: String,
    pub(crate) message: String,
    /// The function's frames, innermost first, if it told them.
    pub(crate) stack_trace: Vec<String>,
    /// The error document as it was sent.
    pub(crate) document: Bytes,
}

impl Failure {
    /// A failure told by this emulator.
    pub(crate) fn new(error_type: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let document = ErrorDocument {
            error_message: message.as_str().into(),
            error_type: error_type.into(),
            ..ErrorDocument::default()
        };
        let document = serde_json::to_vec(&document).expect("strings become JSON");
        Self {
            error_type: error_type.to_owned(),
            message,
            stack_trace: Vec::new(),
            document: document.into(),
        }
    }

    /// A failure told by the runtime: its document, and the type in the header or trailer.
    pub(crate) fn from_document(document: Bytes, error_type: Option<&str>) -> Self {
        let parsed: ErrorDocument<'_> = serde_json::from_slice(&document).unwrap_or_default();
        let error_type = error_type
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .or_else(|| Some(parsed.error_type.into_owned()).filter(|name| !name.is_empty()))
            .unwrap_or_else(|| "Runtime.Unknown".to_owned());
        if document.is_empty() {
            return Self::new(&error_type, "the runtime gave no reason");
        }
        Self {
            error_type,
            message: parsed.error_message.into_owned(),
            stack_trace: parsed.stack_trace.into_owned(),
            document,
        }
    }

    /// Puts other words into the message and the document.
    pub(crate) fn map_text(self, change: impl Fn(&str) -> String) -> Self {
        let document = match std::str::from_utf8(&self.document) {
            Ok(document) => change(document).into(),
            Err(_) => self.document,
        };
        Self {
            message: change(&self.message),
            document,
            ..self
        }
    }

    /// A response that ended without its last chunk.
    pub(crate) fn truncated() -> Self {
        Self::new(TRUNCATED, "the response ended before it was complete")
    }

    /// A response that cannot be read to its end, and why.
    pub(crate) fn truncated_by(cause: &dyn std::error::Error) -> Self {
        let mut message = format!("the response ended before it was complete: {cause}");
        let mut cause = cause.source();
        while let Some(inner) = cause {
            message.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        Self::new(TRUNCATED, message)
    }

    /// A response of more bytes than Lambda passes on as a whole.
    pub(crate) fn too_large(size: usize) -> Self {
        let message = format!(
            "Response payload size ({size} bytes) exceeded maximum allowed payload size \
             ({PAYLOAD_LIMIT_BYTES} bytes)."
        );
        Self::new(ErrorType::ResponseTooLarge.as_str(), message)
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.error_type == TRUNCATED
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}

impl std::error::Error for Failure {}

/// The reader's half.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) parts: mpsc::Receiver<Part>,
    pub(crate) verdict: oneshot::Receiver<Verdict>,
    /// What the invocation prints.
    pub(crate) log: LogTail,
}

/// The writer's half. Dropping it is a failure.
#[derive(Debug)]
pub(crate) struct Responder {
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) verdict: oneshot::Sender<Verdict>,
    pub(crate) log: LogTail,
}

/// Makes the two halves.
pub(crate) fn channel() -> (Responder, Answer) {
    let (parts, parts_rx) = mpsc::channel(PARTS_IN_FLIGHT);
    let (verdict, verdict_rx) = oneshot::channel();
    let log = LogTail::default();
    (
        Responder {
            parts,
            verdict,
            log: log.clone(),
        },
        Answer {
            parts: parts_rx,
            verdict: verdict_rx,
            log,
        },
    )
}

/// Reads what the verdict's sender left behind.
pub(crate) fn settled(verdict: Result<Verdict, oneshot::error::RecvError>) -> Verdict {
    verdict.unwrap_or_else(|_| {
        Err(Failure::new(
            "Sandbox.Failure",
            "the invocation was given up",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_s_type_wins_over_the_document_s() {
        let document = Bytes::from_static(br#"{"errorMessage":"m","errorType":"inner"}"#);

        let failure = Failure::from_document(document.clone(), Some("Function.Error"));

        assert_eq!(failure.error_type, "Function.Error");
        assert_eq!(failure.message, "m");
        assert_eq!(failure.document, document);
        assert_eq!(Failure::from_document(document, None).error_type, "inner");
    }

    #[test]
    fn a_document_that_is_not_json_still_counts_as_a_failure() {
        let failure = Failure::from_document(Bytes::from_static(b"oops"), None);

        assert_eq!(failure.error_type, "Runtime.Unknown");
        assert_eq!(failure.document, "oops");
    }
}
