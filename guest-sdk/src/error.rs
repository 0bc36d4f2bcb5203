//! What a handler may return, and how it appears to the caller.

use std::{error::Error as StdError, fmt, io};

use crate::{HeadRefused, Rejection};

/// Why a handler failed: any error, with the errors that caused it.
///
/// `?` turns every error that is `Send`, `Sync` and `'static` into this type. For that reason it
/// does not implement [`std::error::Error`] itself.
///
/// Its [`Display`](fmt::Display) form is the whole chain of causes, outermost first, with `: `
/// between them. That text goes to Lambda, **which shows it to the caller of the function**: keep
/// secrets out of it.
///
/// ```
/// use bootstream::Error;
///
/// fn count(text: &str) -> Result<u32, Error> {
///     text.parse().map_err(|error| Error::from(error).context(format!("`{text}` is no count")))
/// }
///
/// let error = count("ten").unwrap_err();
/// assert_eq!(error.to_string(), "`ten` is no count: invalid digit found in string");
/// ```
pub struct Error(BoxedError);

/// What every error fits into.
pub(crate) type BoxedError = Box<dyn StdError + Send + Sync>;

impl Error {
    /// Creates an error that is only a text.
    pub fn msg(message: impl fmt::Display) -> Self {
        Self(message.to_string().into())
    }

    /// Creates an error from one that is boxed already, as other libraries return them.
    pub fn from_boxed(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self(error)
    }

    /// Puts what was being attempted in front of this error.
    #[must_use]
    pub fn context(self, attempted: impl fmt::Display) -> Self {
        Self(Box::new(Attempt {
            attempted: attempted.to_string(),
            source: self.0,
        }))
    }

    /// Returns the refusal of the response stream behind this error, if that is what it is.
    ///
    /// Looks through the causes, and into [`io::Error`], as which a refusal comes back from
    /// [`io::Write`].
    ///
    /// ```
    /// # use bootstream::{Error, StreamError};
    /// # fn clean_up() {}
    /// fn on_failure(error: Error) -> Result<(), Error> {
    ///     if error.stream_error() == Some(&StreamError::Closed) {
    ///         clean_up(); // the reader has left: not a failure of this handler
    ///         return Ok(());
    ///     }
    ///     Err(error)
    /// }
    /// ```
    pub fn stream_error(&self) -> Option<&StreamError> {
        self.chain().find_map(as_stream_error)
    }

    /// Returns the rejection behind this error, if that is what it is. Looks through the causes.
    ///
    /// [`handler!`](crate::handler) answers with it; see [`Rejection`].
    pub fn rejection(&self) -> Option<&Rejection> {
        self.chain().find_map(|error| error.downcast_ref())
    }

    /// Returns the outermost error as an `E`, if it is one.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }

    /// Yields this error and its causes, outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let outermost: &(dyn StdError + 'static) = &*self.0;
        std::iter::successors(Some(outermost), |&error| error.source())
    }
}

fn as_stream_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a StreamError> {
    // The source of an I/O error is the source of what it carries, so the chain steps over that.
    let carried = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    carried.map_or_else(|| error.downcast_ref(), |carried| carried.downcast_ref())
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl From<Error> for Box<dyn StdError + Send + Sync> {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error.0.downcast::<Self>() {
            Ok(io_error) => *io_error,
            Err(other) => match refusal(other) {
                Ok(refusal) => refusal.into(),
                Err(other) => Self::other(other),
            },
        }
    }
}

/// The refusal that an error is, if nothing was put in front of it.
fn refusal(error: BoxedError) -> Result<StreamError, BoxedError> {
    let error = match error.downcast::<StreamError>() {
        Ok(refusal) => return Ok(*refusal),
        Err(error) => error,
    };
    error
        .downcast::<HeadRefused>()
        .map(|head| head.into_reason())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut previous = String::new();
        for error in self.chain() {
            let text = error.to_string();
            // Many errors print their cause themselves; nobody wants to read it twice.
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

impl fmt::Debug for Error {
    /// Prints the same as [`Display`](fmt::Display): this is what a failed `unwrap` shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An error below what was being attempted.
#[derive(Debug)]
struct Attempt {
    attempted: String,
    source: BoxedError,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempted)
    }
}

impl StdError for Attempt {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// Why the host refused a call on the response. A refused call leaves the response untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The head came after the response had started.
    AlreadyStarted,
    /// The call came after the response was finished.
    AlreadyFinished,
    /// Nobody receives the response any more: the invocation was given up by Lambda, or its
    /// connection broke. Every later call fails in the same way; the handler should return.
    Closed,
    /// The status is outside 100 to 599.
    InvalidStatus(u16),
    /// A header or cookie is not valid HTTP. The text names it and says why.
    InvalidHeader(String),
    /// The encoded head is larger than what Lambda's front ends accept.
    HeadTooLarge {
        /// What the head would have taken, in bytes, delimiter included.
        actual_bytes: u64,
        /// What it may take, in bytes.
        limit_bytes: u64,
    },
    /// Any other reason, as a text: a document is larger than its reader takes. A later host may have
    /// more.
    Other(String),
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted => f.write_str("the response has already started"),
            Self::AlreadyFinished => f.write_str("the response has already finished"),
            Self::Closed => f.write_str("the response is closed, nobody receives it any more"),
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

impl From<HeadRefused> for io::Error {
    fn from(refused: HeadRefused) -> Self {
        refused.into_reason().into()
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
mod tests {
    use super::{Error, StreamError, io};

    fn parse_failure() -> Error {
        "x".parse::<u8>().unwrap_err().into()
    }

    #[test]
    fn the_text_is_the_chain_of_causes() {
        let error = parse_failure()
            .context("reading `count`")
            .context("handling the event");

        assert_eq!(
            error.to_string(),
            "handling the event: reading `count`: invalid digit found in string"
        );
        assert_eq!(format!("{error:?}"), error.to_string());
    }

    #[test]
    fn a_cause_that_was_printed_is_not_printed_again() {
        let error = Error::msg("disk full").context("write failed: disk full");

        assert_eq!(error.to_string(), "write failed: disk full");
    }

    #[test]
    fn a_refusal_is_found_behind_contexts_and_io_errors() {
        let direct = Error::from(StreamError::Closed).context("writing");
        let through_io = Error::from(io::Error::from(StreamError::Closed)).context("writing");

        assert_eq!(direct.stream_error(), Some(&StreamError::Closed));
        assert_eq!(through_io.stream_error(), Some(&StreamError::Closed));
        assert_eq!(parse_failure().stream_error(), None);
    }

    #[test]
    fn a_refusal_becomes_an_io_error_of_a_fitting_kind() {
        let cases = [
            (StreamError::Closed, io::ErrorKind::BrokenPipe),
            (StreamError::InvalidStatus(7), io::ErrorKind::InvalidInput),
            (StreamError::AlreadyFinished, io::ErrorKind::Other),
        ];
        for (refusal, kind) in cases {
            let error = io::Error::from(Error::from(refusal.clone()));

            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), refusal.to_string());
        }
    }

    #[test]
    fn an_io_error_comes_back_as_itself() {
        let error = Error::from(io::Error::new(io::ErrorKind::NotFound, "no such table"));

        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
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
