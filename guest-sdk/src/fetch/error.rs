//! Why a request failed.

use std::error::Error as StdError;
use std::sync::Arc;
use std::{fmt, io};

use http::{Method, StatusCode};

use super::ErrorCode;
use super::advice;
use super::url::Url;

/// Longest part of an error's body that its [`FetchError`] has, in bytes.
pub(super) const EXCERPT_BYTES: usize = 2048;

/// Why a request of [`fetch`](crate::fetch) failed.
///
/// The text names the request without its query, the reason, and the setting or the method that changes
/// it. A handler that returns it shows it to the caller of the function, with the beginning of the body
/// of an error response.
#[derive(Clone, Debug)]
pub struct FetchError(Arc<Failed>);

#[derive(Debug)]
struct Failed {
    about: About,
    reason: Reason,
}

/// What the texts of errors say about a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct About {
    pub(crate) method: Method,
    /// `None` if it is not valid. Its query is not shown.
    pub(crate) url: Option<Url>,
    /// The entry of `aws.allow` that a signed request needs.
    pub(crate) aws_rule: Option<String>,
    /// Whether a header has the placeholder of a secret.
    pub(crate) has_secret: bool,
}

impl About {
    /// Returns the scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        self.url.as_ref().map(Url::origin).unwrap_or_default()
    }
}

#[derive(Debug)]
pub(crate) enum Reason {
    /// The request was not sent, because it is not a valid one.
    Invalid(String),
    /// The request's body could not be read.
    Upload(io::Error),
    /// There is no response.
    NoResponse(ErrorCode, Option<String>),
    /// The response broke off.
    BrokeOff(ErrorCode, Option<String>),
    /// The response has a status other than 2xx.
    Status(StatusCode, Excerpt),
    /// AWS answered with an exception.
    Exception(StatusCode, Exception),
    /// The body of the response is larger than the limit, in bytes.
    TooLarge(usize),
    NotUtf8,
    Json(serde_json::Error),
}

/// The beginning of a body.
#[derive(Debug, Default)]
pub(crate) struct Excerpt {
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_whole: bool,
}

/// An error document of an AWS service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) name: String,
    pub(crate) message: String,
}

impl Reason {
    /// The reason of an error response whose body was read, as far as the error shows it.
    pub(crate) fn status(status: StatusCode, mut body: Vec<u8>) -> Self {
        let is_whole = body.len() <= EXCERPT_BYTES;
        body.truncate(EXCERPT_BYTES);
        let bytes = body;
        Self::Status(status, Excerpt { bytes, is_whole })
    }
}

impl FetchError {
    pub(crate) fn new(about: &About, reason: Reason) -> Self {
        let about = about.clone();
        Self(Arc::new(Failed { about, reason }))
    }

    /// Returns the fetch error behind an error, if there is one.
    ///
    /// Searches the sources, and inside [`io::Error`], which readers return.
    pub fn find_in<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        crate::error::find_in(error)
    }

    /// Returns the code of the host, if it did not get a response, or not all of it.
    pub fn code(&self) -> Option<ErrorCode> {
        match self.0.reason {
            Reason::NoResponse(code, _) | Reason::BrokeOff(code, _) => Some(code),
            _ => None,
        }
    }

    /// Returns the status of an error response.
    pub fn status(&self) -> Option<StatusCode> {
        match self.0.reason {
            Reason::Status(status, _) | Reason::Exception(status, _) => Some(status),
            _ => None,
        }
    }

    /// Returns the beginning of the body of an error response, at most 2 KiB.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.0.reason {
            Reason::Status(_, excerpt) => Some(&excerpt.bytes),
            _ => None,
        }
    }

    /// Returns the name of the exception of an AWS service, such as `ConditionalCheckFailedException`,
    /// if the request was one of [`aws::json`](super::aws::json).
    pub fn aws_exception(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::Exception(_, exception) => Some(&exception.name),
            _ => None,
        }
    }

    /// Returns whether the host waited too long: for a connection, for the response, or within it.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.code(),
            Some(
                ErrorCode::DnsTimeout
                    | ErrorCode::ConnectionTimeout
                    | ErrorCode::ConnectionReadTimeout
                    | ErrorCode::ConnectionWriteTimeout
                    | ErrorCode::HttpResponseTimeout
            )
        )
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failed { about, reason } = &*self.0;
        match &about.url {
            Some(url) => write!(f, "{} {}: ", about.method, url.without_query())?,
            None => write!(f, "{}: ", about.method)?,
        }
        match reason {
            Reason::Invalid(reason) => f.write_str(reason),
            Reason::Upload(error) => write!(f, "failed to read the request's body: {error}"),
            Reason::NoResponse(code, detail) => {
                f.write_str(&advice::no_response(*code, about))?;
                write_code(f, *code, detail.as_deref())
            }
            Reason::BrokeOff(code, detail) => {
                f.write_str(&advice::broke_off(*code))?;
                write_code(f, *code, detail.as_deref())
            }
            Reason::Status(status, excerpt) => write!(f, "status {status}{excerpt}"),
            Reason::Exception(status, Exception { name, message }) => {
                let colon = if message.is_empty() { "" } else { ": " };
                write!(f, "{name}{colon}{message} (status {})", status.as_u16())
            }
            Reason::TooLarge(limit) => write!(
                f,
                "the body of the response is larger than {limit} bytes: set another limit with \
                 `limit`, or read it in pieces"
            ),
            Reason::NotUtf8 => f.write_str("the body of the response is not UTF-8"),
            Reason::Json(error) => {
                write!(
                    f,
                    "the body of the response is not the expected JSON: {error}"
                )
            }
        }
    }
}

/// Writes the code, and what else the host said.
fn write_code(f: &mut fmt::Formatter<'_>, code: ErrorCode, detail: Option<&str>) -> fmt::Result {
    match detail {
        Some(detail) => write!(f, " ({code}: {detail})"),
        None => write!(f, " ({code})"),
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.whole_characters());
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        write!(f, ": {text}")?;
        if !self.is_whole {
            f.write_str(" ...")?;
        }
        Ok(())
    }
}

impl Excerpt {
    /// Returns the bytes without a character that the end of the excerpt has cut.
    fn whole_characters(&self) -> &[u8] {
        if self.is_whole {
            return &self.bytes;
        }
        match str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => {
                self.bytes.get(..error.valid_up_to()).unwrap_or_default()
            }
            _ => &self.bytes,
        }
    }
}

impl StdError for FetchError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.reason {
            Reason::Upload(error) => Some(error),
            Reason::Json(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FetchError> for io::Error {
    fn from(error: FetchError) -> Self {
        let kind = match &error.0.reason {
            _ if error.is_timeout() => io::ErrorKind::TimedOut,
            Reason::BrokeOff(..) => io::ErrorKind::UnexpectedEof,
            Reason::NoResponse(ErrorCode::ConnectionRefused, _) => io::ErrorKind::ConnectionRefused,
            Reason::NoResponse(ErrorCode::HttpRequestDenied, _) => io::ErrorKind::PermissionDenied,
            Reason::Invalid(_) => io::ErrorKind::InvalidInput,
            Reason::TooLarge(_) | Reason::NotUtf8 | Reason::Json(_) => io::ErrorKind::InvalidData,
            Reason::Upload(error) => error.kind(),
            Reason::NoResponse(..) | Reason::Status(..) | Reason::Exception(..) => {
                io::ErrorKind::Other
            }
        };
        Self::new(kind, error)
    }
}
