//! A failure: its type, and its encoding in the body of `…/error` and in the trailers of a response.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::headers::{FUNCTION_ERROR_BODY, FUNCTION_ERROR_TYPE};
use crate::limits::TRAILERS_LIMIT_BYTES;

/// Largest document we post to `…/error`, in bytes. Exceeding Lambda's own limit,
/// [`ERROR_DOCUMENT_LIMIT_BYTES`](crate::limits::ERROR_DOCUMENT_LIMIT_BYTES), costs the execution
/// environment; an invoker never needs this much.
const DOCUMENT_LIMIT_BYTES: usize = 256 * 1024;

/// Ends a truncated message.
const CUT_MARK: &str = "...";

/// The kinds of failure that a caller can distinguish.
///
/// Lambda keeps a type only if it has the form `Function.Name` or `Runtime.Name` with letters after the
/// dot: `Function` if the handler is at fault, `Runtime` if the host or its environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorType {
    /// The handler returned an error.
    HandlerError,
    /// The handler trapped: an illegal instruction, an access out of bounds, a division by zero.
    Trap,
    /// The handler panicked, and printed the message on standard error.
    Panic,
    /// The handler called `exit`.
    Exit,
    /// The handler exceeded its limit of stack.
    StackOverflow,
    /// The handler exceeded its limit of memory.
    OutOfMemory,
    /// The handler exceeded a limit that has no type of its own.
    LimitExceeded,
    /// The event is not JSON, or it is the event of an HTTP front end and not a valid HTTP request.
    BadEvent,
    /// The response is a document larger than its reader accepts. This is Lambda's own name for it.
    ResponseTooLarge,
    /// The handler was still running shortly before the function's deadline.
    DeadlineExceeded,
    /// The file that `_HANDLER` names is missing or cannot be read.
    HandlerNotFound,
    /// The handler file is not a component this host can run.
    InvalidComponent,
    /// A setting of the host is invalid.
    InvalidConfiguration,
    /// Lambda asked the execution environment to end while the handler was running.
    Shutdown,
    /// The receiver abandoned the response.
    ResponseClosed,
    /// The host itself failed.
    Internal,
}

impl ErrorType {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HandlerError => "Function.Error",
            Self::Trap => "Function.Trap",
            Self::Panic => "Function.Panic",
            Self::Exit => "Function.Exit",
            Self::StackOverflow => "Function.StackOverflow",
            Self::OutOfMemory => "Function.OutOfMemory",
            Self::LimitExceeded => "Function.LimitExceeded",
            Self::BadEvent => "Function.BadEvent",
            Self::ResponseTooLarge => "Function.ResponseSizeTooLarge",
            Self::DeadlineExceeded => "Function.DeadlineExceeded",
            Self::HandlerNotFound => "Runtime.HandlerNotFound",
            Self::InvalidComponent => "Runtime.InvalidComponent",
            Self::InvalidConfiguration => "Runtime.InvalidConfiguration",
            Self::Shutdown => "Runtime.Shutdown",
            Self::ResponseClosed => "Runtime.ResponseClosed",
            Self::Internal => "Runtime.Internal",
        }
    }
}

/// One failure in full. The methods truncate it to the size that its receiver accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReport {
    /// The kind of failure.
    pub error_type: ErrorType,
    /// The description, for people.
    pub message: String,
    /// The guest's frames, innermost first.
    pub stack_trace: Vec<String>,
}

impl ErrorReport {
    /// Creates a report without a stack trace.
    pub fn new(error_type: ErrorType, message: impl Into<String>) -> Self {
        Self {
            error_type,
            message: message.into(),
            stack_trace: Vec::new(),
        }
    }

    /// Returns the error document for a body: JSON with `errorMessage`, `errorType` and `stackTrace`, at
    /// most 256 KiB.
    #[must_use]
    pub fn document(&self) -> Bytes {
        self.document_within(DOCUMENT_LIMIT_BYTES).into()
    }

    /// Returns the two trailers that end a response that failed after its start. The whole block takes at
    /// most 4,096 bytes on the wire.
    #[must_use]
    pub fn trailers(&self) -> HeaderMap {
        let document = self.document_within(trailer_document_limit(self.error_type));
        let mut trailers = HeaderMap::with_capacity(2);
        trailers.insert(
            FUNCTION_ERROR_TYPE,
            HeaderValue::from_static(self.error_type.as_str()),
        );
        trailers.insert(
            FUNCTION_ERROR_BODY,
            HeaderValue::try_from(BASE64_STANDARD.encode(document))
                .expect("base64 is a valid header value"),
        );
        trailers
    }

    /// Returns the document, truncated to `limit` bytes: drops frames first, outermost before innermost,
    /// then the end of the message.
    fn document_within(&self, limit: usize) -> Vec<u8> {
        let budget = limit.saturating_sub(self.encode("", &[]).len());
        let cut = cut_to_json_len(&self.message, budget);
        if cut.len() < self.message.len() {
            let cut = cut_to_json_len(cut, budget.saturating_sub(CUT_MARK.len()));
            return self.encode(&format!("{cut}{CUT_MARK}"), &[]);
        }
        let mut left = budget - json_len(&self.message);
        let fitting = self.stack_trace.iter().take_while(|frame| {
            let taken = json_len(frame) + "\"\",".len();
            let fits = taken <= left;
            left = left.saturating_sub(taken);
            fits
        });
        let frames = fitting.count();
        self.encode(
            &self.message,
            self.stack_trace.get(..frames).unwrap_or_default(),
        )
    }

    fn encode(&self, message: &str, stack_trace: &[String]) -> Vec<u8> {
        serde_json::to_vec(&ErrorDocument {
            error_message: message.into(),
            error_type: self.error_type.as_str().into(),
            stack_trace: stack_trace.into(),
        })
        .expect("text serializes")
    }
}

/// The error document of the Runtime API. A missing member is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorDocument<'a> {
    /// The description, for people.
    pub error_message: Cow<'a, str>,
    /// The type, such as `Function.Trap`.
    pub error_type: Cow<'a, str>,
    /// The function's frames, innermost first.
    pub stack_trace: Cow<'a, [String]>,
}

/// Returns the size of a trailer block on the wire, in bytes, including the empty line that ends it. Compare
/// it with [`TRAILERS_LIMIT_BYTES`].
#[must_use]
pub fn trailers_size(trailers: &HeaderMap) -> usize {
    let lines = trailers.iter();
    let lines = lines.map(|(name, value)| name.as_str().len() + value.len() + FIELD_OVERHEAD_BYTES);
    lines.sum::<usize>() + BLOCK_END_BYTES
}

/// Bytes of a trailer besides its name and value.
const FIELD_OVERHEAD_BYTES: usize = ": \r\n".len();

/// Bytes of the empty line after the trailers.
const BLOCK_END_BYTES: usize = "\r\n".len();

/// Returns the largest size of the JSON with which the trailer block stays within its limit.
fn trailer_document_limit(error_type: ErrorType) -> usize {
    let fixed = FUNCTION_ERROR_TYPE.as_str().len()
        + error_type.as_str().len()
        + FUNCTION_ERROR_BODY.as_str().len()
        + 2 * FIELD_OVERHEAD_BYTES
        + BLOCK_END_BYTES;
    // Base64 encodes each started group of three bytes as four.
    (TRAILERS_LIMIT_BYTES - fixed) / 4 * 3
}

/// Returns the longest prefix of `text` that takes at most `limit` bytes inside a JSON string.
fn cut_to_json_len(text: &str, limit: usize) -> &str {
    let mut len = 0;
    for (at, c) in text.char_indices() {
        len += json_char_len(c);
        if len > limit {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Returns how many bytes `text` takes inside a JSON string, without quotes.
fn json_len(text: &str) -> usize {
    text.chars().map(json_char_len).sum()
}

/// Returns how many bytes `c` takes inside a JSON string as `serde_json` writes it.
fn json_char_len(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_TYPES: [ErrorType; 16] = [
        ErrorType::HandlerError,
        ErrorType::Trap,
        ErrorType::Panic,
        ErrorType::Exit,
        ErrorType::StackOverflow,
        ErrorType::OutOfMemory,
        ErrorType::LimitExceeded,
        ErrorType::BadEvent,
        ErrorType::ResponseTooLarge,
        ErrorType::DeadlineExceeded,
        ErrorType::HandlerNotFound,
        ErrorType::InvalidComponent,
        ErrorType::InvalidConfiguration,
        ErrorType::Shutdown,
        ErrorType::ResponseClosed,
        ErrorType::Internal,
    ];

    fn block_len(trailers: &HeaderMap) -> usize {
        trailers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum::<usize>()
            + 2
    }

    fn decode(trailers: &HeaderMap) -> serde_json::Value {
        let body = BASE64_STANDARD
            .decode(&trailers[FUNCTION_ERROR_BODY])
            .unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn every_type_has_the_form_lambda_keeps() {
        for error_type in ALL_TYPES {
            let (category, reason) = error_type.as_str().split_once('.').unwrap();
            assert!(matches!(category, "Function" | "Runtime"), "{error_type:?}");
            assert!(
                reason.starts_with(|c: char| c.is_ascii_uppercase()),
                "{error_type:?}"
            );
            assert!(reason.len() > 1 && reason.chars().all(|c| c.is_ascii_alphabetic()));
        }
    }

    #[test]
    fn a_short_report_travels_whole() {
        let mut report = ErrorReport::new(ErrorType::Trap, "boom \"quoted\"\n");
        report.stack_trace = vec!["inner".to_owned(), "outer".to_owned()];
        assert_eq!(
            decode(&report.trailers()),
            serde_json::json!({
                "errorMessage": "boom \"quoted\"\n",
                "errorType": "Function.Trap",
                "stackTrace": ["inner", "outer"],
            })
        );
    }

    #[test]
    fn trailers_stay_within_their_limit_whatever_the_message() {
        for fill in ["a", "\u{1}", "\"", "\u{1f980}", "\u{e9}\n"] {
            for error_type in ALL_TYPES {
                let mut report = ErrorReport::new(error_type, fill.repeat(1_000_000));
                report.stack_trace = vec!["frame".repeat(20); 500];
                let trailers = report.trailers();
                assert!(block_len(&trailers) <= TRAILERS_LIMIT_BYTES);
                assert!(
                    block_len(&trailers) > TRAILERS_LIMIT_BYTES - 16,
                    "cut too much"
                );
                let message = decode(&trailers)["errorMessage"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                assert!(message.ends_with(CUT_MARK));
                assert!(message.starts_with(fill.chars().next().unwrap()));
            }
        }
    }

    #[test]
    fn frames_go_before_the_message_does() {
        let mut report = ErrorReport::new(ErrorType::Trap, "m".repeat(2000));
        report.stack_trace = (0..500).map(|n| format!("frame {n}")).collect();
        let document = decode(&report.trailers());
        assert_eq!(document["errorMessage"].as_str().unwrap().len(), 2000);
        assert_eq!(document["stackTrace"][0], "frame 0");
        let frames = document["stackTrace"].as_array().unwrap().len();
        assert!((10..500).contains(&frames), "{frames}");
    }

    #[test]
    fn the_document_is_capped() {
        let report = ErrorReport::new(ErrorType::HandlerError, "x".repeat(3_000_000));
        assert_eq!(report.document().len(), DOCUMENT_LIMIT_BYTES);
    }
}
