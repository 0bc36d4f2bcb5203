//! The errors of a handler, and how they appear to the caller.

use std::{error::Error as StdError, fmt, io};

use crate::{Rejection, StartError};

/// Why a handler failed: any error.
///
/// `?` converts strings, `anyhow::Error`, and every error that is `Send`, `Sync` and `'static` into
/// this type.
///
/// Lambda gets the texts of the error and of its [sources](StdError::source), outermost first, with
/// `: ` between them, **and shows them to the caller of the function**: keep secrets out.
pub type Error = Box<dyn StdError + Send + Sync>;

/// Yields an error and its sources, outermost first.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The texts of an error and of its sources, outermost first, with `: ` between them.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn StdError + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut previous = String::new();
        for error in chain(self.0) {
            let text = error.to_string();
            // Many errors print their source themselves.
            if previous.ends_with(&text) && !previous.is_empty() {
                continue;
            }
            if !previous.is_empty() {
                f.write_str(": ")?;
            }
            f.write_str(&text)?;
            previous = text;
        }
        Ok(())
    }
}

/// JSON that could not be decoded or encoded.
#[derive(Debug)]
pub(crate) struct JsonError {
    pub(crate) attempted: &'static str,
    pub(crate) source: serde_json::Error,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.attempted, self.source)
    }
}

impl StdError for JsonError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}

/// Why the host refused a call on the response. A refused call leaves the response unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The head came after the response had started.
    AlreadyStarted,
    /// The call came after the response was finished.
    AlreadyFinished,
    /// The reader of the response is gone: Lambda abandoned the invocation, or its connection broke.
    /// Every later call fails in the same way; the handler should return.
    Closed,
    /// The status is outside 100 to 599.
    InvalidStatus(u16),
    /// A header or cookie is not valid HTTP. The text names it and says why.
    InvalidHeader(String),
    /// The encoded head is larger than Lambda's front ends accept.
    HeadTooLarge {
        /// Size of the encoded head and its delimiter, in bytes.
        actual_bytes: u64,
        /// Largest size accepted, in bytes.
        limit_bytes: u64,
    },
    /// Any other reason, as text; for example, a document larger than its reader accepts. A later host
    /// may add reasons.
    Other(String),
}

/// Searches an error and its sources for one of a type, also inside [`io::Error`].
pub(crate) fn find_in<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a T> {
    chain(error).find_map(|error| {
        // The source of an I/O error is the source of the error inside, which the chain skips.
        let inside = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        inside.map_or_else(|| error.downcast_ref(), |inside| inside.downcast_ref())
    })
}

impl StreamError {
    /// Returns the stream error behind an error, if there is one.
    ///
    /// Searches the sources, and inside [`io::Error`], which [`io::Write`] uses to return a stream
    /// error.
    ///
    /// ```
    /// # use bootstream::{Error, StreamError};
    /// # fn clean_up() {}
    /// fn on_failure(error: Error) -> Result<(), Error> {
    ///     if StreamError::find_in(&*error) == Some(&StreamError::Closed) {
    ///         clean_up(); // the reader has left: this handler did not fail
    ///         return Ok(());
    ///     }
    ///     Err(error)
    /// }
    /// ```
    pub fn find_in<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        find_in(error)
    }
}

impl Rejection {
    /// Returns the rejection behind an error, if there is one. Searches the sources.
    ///
    /// [`handler`](macro@crate::handler) responds with it.
    pub fn find_in<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        chain(error).find_map(|error| error.downcast_ref())
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted => f.write_str("the response has already started"),
            Self::AlreadyFinished => f.write_str("the response has already finished"),
            Self::Closed => f.write_str("the response is closed: its reader is gone"),
            Self::InvalidStatus(status) => {
                write!(f, "the status `{status}` is outside 100 to 599")
            }
            Self::InvalidHeader(reason) => write!(f, "invalid header: {reason}"),
            Self::HeadTooLarge {
                actual_bytes,
                limit_bytes,
            } => write!(
                f,
                "the response head takes {actual_bytes} bytes, the limit is {limit_bytes} bytes"
            ),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl StdError for StreamError {}

impl From<StartError> for StreamError {
    fn from(error: StartError) -> Self {
        error.into_reason()
    }
}

impl From<StartError> for io::Error {
    fn from(error: StartError) -> Self {
        error.into_reason().into()
    }
}

impl From<StreamError> for io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::Closed => io::ErrorKind::BrokenPipe,
            StreamError::InvalidStatus(_)
            | StreamError::InvalidHeader(_)
            | StreamError::HeadTooLarge { .. } => io::ErrorKind::InvalidInput,
            StreamError::AlreadyStarted | StreamError::AlreadyFinished | StreamError::Other(_) => {
                io::ErrorKind::Other
            }
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{error::Error as StdError, fmt};

    use super::{Chain, Error, StreamError, io};

    /// A handler's own error around another one.
    #[derive(Debug)]
    pub(crate) struct Attempt(pub(crate) &'static str, pub(crate) Error);

    impl fmt::Display for Attempt {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Attempt {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&*self.1)
        }
    }

    fn parse_failure() -> Error {
        "x".parse::<u8>().unwrap_err().into()
    }

    #[test]
    fn the_text_is_the_chain_of_sources() {
        let error = Attempt("reading `count`", parse_failure());
        let error = Attempt("handling the event", error.into());

        assert_eq!(
            Chain(&error).to_string(),
            "handling the event: reading `count`: invalid digit found in string"
        );
    }

    #[test]
    fn a_source_that_was_printed_is_not_printed_again() {
        let error = Attempt("write failed: disk full", "disk full".into());

        assert_eq!(Chain(&error).to_string(), "write failed: disk full");
    }

    #[test]
    fn a_stream_error_is_found_behind_other_errors_and_io_errors() {
        let direct = Attempt("writing", StreamError::Closed.into());
        let through_io = Attempt("writing", io::Error::from(StreamError::Closed).into());

        assert_eq!(StreamError::find_in(&direct), Some(&StreamError::Closed));
        assert_eq!(
            StreamError::find_in(&through_io),
            Some(&StreamError::Closed)
        );
        assert_eq!(StreamError::find_in(&*parse_failure()), None);
    }

    #[test]
    fn a_stream_error_becomes_an_io_error_of_a_fitting_kind() {
        let cases = [
            (StreamError::Closed, io::ErrorKind::BrokenPipe),
            (StreamError::InvalidStatus(7), io::ErrorKind::InvalidInput),
            (StreamError::AlreadyFinished, io::ErrorKind::Other),
        ];
        for (refusal, kind) in cases {
            let error = io::Error::from(refusal.clone());

            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), refusal.to_string());
        }
    }

    #[test]
    fn an_io_error_comes_back_as_itself() {
        let error = Error::from(io::Error::new(io::ErrorKind::NotFound, "no such table"));

        let error = error.downcast::<io::Error>().unwrap();

        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_head_that_is_too_large_names_both_sizes() {
        let error = StreamError::HeadTooLarge {
            actual_bytes: 16_001,
            limit_bytes: 16_000,
        };

        assert_eq!(
            error.to_string(),
            "the response head takes 16001 bytes, the limit is 16000 bytes"
        );
    }
}
