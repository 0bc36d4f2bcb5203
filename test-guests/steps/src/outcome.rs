//! How a step ended.

use std::fmt;

use crate::bindings::bootstream::handler::types::StreamError;

/// The host refused a call. Displayed as the name of the case in WIT, with its payload in parentheses.
#[derive(Debug)]
pub struct Refusal(StreamError);

impl From<StreamError> for Refusal {
    fn from(error: StreamError) -> Self {
        Self(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            StreamError::AlreadyStarted => f.write_str("already-started"),
            StreamError::AlreadyFinished => f.write_str("already-finished"),
            StreamError::Closed => f.write_str("closed"),
            StreamError::InvalidStatus(status) => write!(f, "invalid-status({status})"),
            StreamError::InvalidHeader(reason) => write!(f, "invalid-header({reason})"),
            StreamError::Other(reason) => write!(f, "other({reason})"),
            StreamError::HeadTooLarge(size) => {
                write!(
                    f,
                    "head-too-large({} > {})",
                    size.actual_bytes, size.limit_bytes
                )
            }
        }
    }
}

/// Why a step did not simply succeed.
#[derive(Debug)]
pub enum Failure {
    /// The host refused a call. A wrapper step may handle this and go on.
    Refused(Refusal),
    /// The step did not go as the script expects. Ends the invocation.
    Unexpected(String),
    /// The script wants the invocation to end with this text.
    Returned(String),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Returns whether an outcome is the expected one. `invalid-header` stands for every `invalid-header(...)`.
pub(crate) fn is_expected(outcome: &str, expected: &str) -> bool {
    let name = outcome.split('(').next();
    outcome == expected || name == Some(expected)
}

#[cfg(test)]
mod tests {
    use super::{Refusal, StreamError, is_expected};
    use crate::bindings::bootstream::handler::types::HeadSize;

    #[test]
    fn a_refusal_prints_as_its_name_in_wit() {
        let size = HeadSize {
            actual_bytes: 16_001,
            limit_bytes: 16_000,
        };
        let cases = [
            (StreamError::AlreadyStarted, "already-started"),
            (StreamError::AlreadyFinished, "already-finished"),
            (StreamError::Closed, "closed"),
            (StreamError::InvalidStatus(7), "invalid-status(7)"),
            (
                StreamError::InvalidHeader("`x y`".to_owned()),
                "invalid-header(`x y`)",
            ),
            (
                StreamError::HeadTooLarge(size),
                "head-too-large(16001 > 16000)",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(Refusal(error).to_string(), text);
        }
    }

    #[test]
    fn an_outcome_may_be_expected_by_name_alone() {
        assert!(is_expected("ok", "ok"));
        assert!(is_expected("invalid-status(7)", "invalid-status"));
        assert!(is_expected("invalid-status(7)", "invalid-status(7)"));
        assert!(!is_expected("invalid-status(7)", "invalid-status(8)"));
        assert!(!is_expected("already-started", "already"));
    }
}
