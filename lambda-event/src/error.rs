//! Why an event cannot be read.

use std::error::Error;
use std::fmt;

use base64::DecodeError;
use http::uri::InvalidUri;

/// Why an event cannot be read as an HTTP request.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The event is not JSON.
    NotJson(serde_json::Error),
    /// The event is JSON, and not of an HTTP front end.
    UnknownShape,
    /// A member has a value of another type: the member, and what is wrong with it.
    Member(&'static str, serde_json::Error),
    /// This member is missing.
    Missing(&'static str),
    /// The invalid method, and the member that has it.
    Method(&'static str, String),
    /// The method is `CONNECT`, which has no path. The member that has it.
    Connect(&'static str),
    /// The size of path and query in bytes, and what is wrong with them.
    Target(usize, InvalidUri),
    /// There are more headers than a map can hold, about 24,000.
    TooManyHeaders,
    /// The body is not base64.
    Body(DecodeError),
}

impl ReadError {
    /// The member of the event that is at fault, if it is one.
    #[must_use]
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::NotJson(_) | Self::UnknownShape => None,
            Self::Member(member, _)
            | Self::Missing(member)
            | Self::Method(member, _)
            | Self::Connect(member) => Some(member),
            Self::Target(..) => Some("path"),
            Self::TooManyHeaders => Some("headers"),
            Self::Body(_) => Some("body"),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(_) | Self::UnknownShape => f.write_str(
                "the event is not an HTTP request of a known shape (API Gateway 1.0, API Gateway \
                 2.0 or Function URL, Application Load Balancer, VPC Lattice)",
            ),
            Self::Member(member, _) => write!(f, "the event has an invalid `{member}`"),
            Self::Missing(member) => write!(f, "the event has no `{member}`"),
            Self::Method(_, method) => write!(f, "`{method}` is not an HTTP method"),
            Self::Connect(_) => f.write_str(
                "the method is `CONNECT`, which asks for a tunnel: no front end passes it on",
            ),
            Self::Target(bytes, _) => write!(
                f,
                "path and query of the event, {bytes} bytes, are not a URI of less than 65535 bytes"
            ),
            Self::TooManyHeaders => f.write_str("the event has too many headers"),
            Self::Body(_) => f.write_str("failed to decode the body from base64"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotJson(error) | Self::Member(_, error) => Some(error),
            Self::Body(error) => Some(error),
            Self::Target(_, error) => Some(error),
            Self::UnknownShape
            | Self::Missing(_)
            | Self::Method(..)
            | Self::Connect(_)
            | Self::TooManyHeaders => None,
        }
    }
}
