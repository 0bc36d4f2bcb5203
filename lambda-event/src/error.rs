//! Why an event cannot be read.

use std::error::Error;
use std::fmt;

use base64::DecodeError;
use http::uri::InvalidUri;

use crate::JsonError;

/// Why an event cannot be read as an HTTP request.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The event is not JSON.
    NotJson(JsonError),
    /// The event is JSON, and not of an HTTP front end.
    UnknownShape,
    /// A member has a value of another type: the member, and what is wrong with it.
    Member(&'static str, TypeMismatch),
    /// This member is there twice, perhaps in two spellings.
    Twice(&'static str),
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

/// A member that has a value of another type than it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeMismatch {
    /// The type that the member needs, with its article.
    pub expected: &'static str,
    /// The type of the value, with its article.
    pub found: &'static str,
}

impl fmt::Display for TypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found } = self;
        write!(f, "expected {expected}, found {found}")
    }
}

impl Error for TypeMismatch {}

impl ReadError {
    /// The member of the event that is at fault, if it is one.
    #[must_use]
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::NotJson(_) | Self::UnknownShape => None,
            Self::Member(member, _)
            | Self::Twice(member)
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
            Self::Twice(member) => write!(f, "the event has `{member}` twice"),
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
            Self::NotJson(error) => Some(error),
            Self::Member(_, error) => Some(error),
            Self::Body(error) => Some(error),
            Self::Target(_, error) => Some(error),
            Self::UnknownShape
            | Self::Twice(_)
            | Self::Missing(_)
            | Self::Method(..)
            | Self::Connect(_)
            | Self::TooManyHeaders => None,
        }
    }
}
