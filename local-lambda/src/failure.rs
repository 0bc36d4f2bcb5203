//! Why an invocation failed, in Lambda's words.

use bytes::Bytes;
use lambda_protocol::error_report::{ErrorDocument, ErrorType};
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;

/// The error type of a response that ended without its last chunk.
pub(crate) const TRUNCATED: &str = "Runtime.TruncatedResponse";

/// The error type of an invocation beyond the function's concurrency.
pub(crate) const THROTTLED: &str = "TooManyRequestsException";

/// The error type of a function that cannot be started.
pub const INVALID_ENTRYPOINT: &str = "Runtime.InvalidEntrypoint";

/// The error type of a streamed response without a valid prelude.
pub(crate) const INVALID_PRELUDE: &str = "Runtime.InvalidPrelude";

/// The error type of a response that its reader cannot read.
pub(crate) const INVALID_RESPONSE: &str = "Runtime.InvalidResponse";

/// The error type of a response that a service did not wait for.
pub(crate) const SERVICE_TIMEOUT: &str = "Service.Timeout";

/// Why an invocation failed, in Lambda's words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct Failure {
    /// The dotted name, such as `Function.Trap`.
    pub error_type: String,
    /// The text of the error.
    pub message: String,
    /// The function's frames, innermost first. Empty if the runtime sent none.
    pub stack_trace: Vec<String>,
    /// The error document, unchanged.
    pub document: Bytes,
}

impl Failure {
    /// Creates a failure that the local Lambda itself reports.
    #[must_use]
    pub fn new(error_type: &str, message: impl Into<String>) -> Self {
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

    /// Reads a failure that the runtime reports: its document, and the type in the header or trailer.
    #[must_use]
    pub fn from_document(document: Bytes, error_type: Option<&str>) -> Self {
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

    /// Rewrites the message and the document.
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

    /// A response whose end cannot be read, and why.
    pub(crate) fn truncated_by(cause: &dyn std::error::Error) -> Self {
        let mut message = format!("the response ended before it was complete: {cause}");
        let mut cause = cause.source();
        while let Some(inner) = cause {
            message.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        Self::new(TRUNCATED, message)
    }

    /// A buffered response larger than Lambda passes on.
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
