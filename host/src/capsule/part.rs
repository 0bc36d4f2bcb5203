//! The parts of responses: those of the guest, and those of other hosts.

#[cfg(feature = "outbound-http")]
use http::{HeaderMap, StatusCode};

use crate::response::Refused;

/// A part of a response.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Output<'a> {
    /// The prelude, in JSON.
    Head(&'a [u8]),
    Document,
    /// A stream of this content type.
    Raw(&'a str),
    Write(&'a [u8]),
    Finish,
}

/// How a part of a response was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Whole,
    /// The receiver is gone.
    Closed,
    /// It breaks the contract.
    Refused,
}

impl Taken {
    pub(crate) fn of<T>(result: &Result<T, Refused>) -> Self {
        match result {
            Ok(_) => Self::Whole,
            Err(Refused::Closed) => Self::Closed,
            Err(Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::TooLarge(_)) => {
                Self::Refused
            }
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Whole => "taken",
            Self::Closed => "closed",
            Self::Refused => "refused",
        }
    }
}

/// A part of the answer to a request.
#[cfg(feature = "outbound-http")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnswerPart<'a> {
    Head(StatusCode, &'a HeaderMap),
    Data(&'a [u8]),
    Trailers(&'a HeaderMap),
    End,
    /// The request or its answer has failed, with this error.
    Failed(&'a str),
}
