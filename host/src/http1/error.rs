//! What cannot be read.

use std::io;

/// An answer that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAnswer {
    /// It is not HTTP/1.
    #[error("the answer is not HTTP/1: {0}")]
    Syntax(#[from] httparse::Error),
    /// Its status is not a number of three digits.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// Its head is longer than this, in bytes.
    #[error("the head of the answer takes more than the limit of {0} bytes")]
    LongHead(usize),
    /// Its head says in two ways, or in none that is a number, how long its body is.
    #[error("the `content-length` of the answer is not one number")]
    Length,
    /// Its body is longer than this, in bytes.
    #[error("the body of the answer takes more than the limit of {0} bytes")]
    LongBody(usize),
    /// The connection ended before it did.
    #[error("{0}")]
    Cut(io::Error),
    /// What comes in chunks is not in those of HTTP.
    #[error("the body of the answer is not in chunks of HTTP/1.1")]
    Chunk,
}

impl From<InvalidAnswer> for io::Error {
    fn from(error: InvalidAnswer) -> Self {
        let kind = match &error {
            InvalidAnswer::Cut(cause) => cause.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
