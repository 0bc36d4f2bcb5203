//! What the Runtime API says to a post, and how it can fail.

use std::{fmt, io};

use http::StatusCode;

/// Polls that may fail in a row. With the pauses between them that is about five seconds, enough
/// for a Runtime API that starts after this process.
pub(super) const POLL_ATTEMPTS: u32 = 10;

/// What the Runtime API said to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has the response, or the error.
    Accepted,
    /// It does not want it. The environment goes on.
    Refused(Refusal),
}

/// An unsuccessful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    /// The beginning of its body, at most 256 bytes, or nothing if none came soon.
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

/// The Runtime API did not do its part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeApiError {
    /// Polling failed again and again.
    #[error("gave up polling the Runtime API after {POLL_ATTEMPTS} attempts")]
    GaveUp(#[source] io::Error),
    /// A post could not be delivered. Posts are never repeated: a stream cannot be replayed, and
    /// Lambda may have got the first.
    #[error("the connection broke during `{endpoint}`")]
    Broken {
        /// Which post.
        endpoint: &'static str,
        /// What the connection said.
        #[source]
        source: io::Error,
    },
    /// An answer that means the environment is at its end.
    #[error("`{endpoint}` answered {refusal}")]
    Status {
        /// Which request.
        endpoint: &'static str,
        /// What it answered.
        refusal: Refusal,
    },
}
