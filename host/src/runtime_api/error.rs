//! The Runtime API's answer to a post, and its failures.

use std::{fmt, io};

use http::StatusCode;

/// Attempts to poll. With the pauses between them they take about five seconds, enough for a Runtime API
/// that starts after this process.
pub(super) const POLL_ATTEMPTS: u32 = 10;

/// The Runtime API's answer to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has accepted the response or the error.
    Accepted,
    /// It has refused it. The environment goes on.
    Refused(Refusal),
}

/// An answer with an error status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    /// The beginning of its body, at most 256 bytes, or empty if none came in time.
    pub said: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if self.said.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.said)
    }
}

/// Why a request to the Runtime API failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeApiError {
    /// Polling failed again and again.
    #[error("gave up polling the Runtime API after {POLL_ATTEMPTS} attempts")]
    GaveUp(#[source] io::Error),
    /// A post could not be delivered. Posts are never repeated: a stream cannot be replayed, and
    /// Lambda may have received the first.
    #[error("the connection broke during `{endpoint}`")]
    Broken {
        /// The post.
        endpoint: &'static str,
        /// The connection's error.
        #[source]
        source: io::Error,
    },
    /// The answer ends the environment.
    #[error("`{endpoint}` answered {refusal}")]
    Status {
        /// The request.
        endpoint: &'static str,
        /// The answer.
        refusal: Refusal,
    },
}
