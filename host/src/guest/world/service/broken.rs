//! Why a response is not complete.

use ::http::StatusCode;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

use super::super::http::{WrongLength, described, failed};

/// Why a body is not what its response promised.
#[derive(Debug)]
pub(super) enum Broken {
    /// Its length differs from the `content-length`.
    Length(WrongLength),
    /// The guest gave an error in place of trailers.
    Trailers(ErrorCode),
    /// The server whose body the guest passed on broke off.
    Upstream(Error),
    /// A document that is too large.
    TooLarge(String),
    /// The answer to an event that is not HTTP has a status of a failure, and this is the beginning of its body.
    Status(StatusCode, Vec<u8>),
    /// Nothing is left that could end it.
    Leaked,
}

impl From<WrongLength> for Broken {
    fn from(wrong: WrongLength) -> Self {
        Self::Length(wrong)
    }
}

impl Broken {
    /// The failure of the invocation.
    pub(super) fn report(&self) -> ErrorReport {
        let (error_type, message) = match self {
            Self::Length(wrong) => (ErrorType::HandlerError, wrong.to_string()),
            Self::Trailers(error) => (
                ErrorType::HandlerError,
                format!("the handler ended its response with an error: {}", described(error.clone())),
            ),
            Self::Upstream(error) => (
                ErrorType::HandlerError,
                format!("the body that the handler passed on broke off: {error}"),
            ),
            Self::TooLarge(message) => (ErrorType::ResponseTooLarge, message.clone()),
            Self::Status(status, body) => (ErrorType::HandlerError, failed(*status, body)),
            Self::Leaked => (
                ErrorType::HandlerError,
                "the handler ended without ending its response, and nothing is left that could end it; drop \
                 the stream of the body, and write its trailers"
                    .to_owned(),
            ),
        };
        ErrorReport::new(error_type, message)
    }

    /// What the guest learns.
    pub(super) fn error_code(&self) -> ErrorCode {
        match self {
            Self::Length(wrong) => ErrorCode::HttpResponseBodySize(Some(wrong.written)),
            Self::Trailers(error) => error.clone(),
            Self::Upstream(_) | Self::Leaked => ErrorCode::HttpResponseIncomplete,
            Self::TooLarge(message) => ErrorCode::InternalError(Some(message.clone())),
            Self::Status(status, _) => {
                ErrorCode::InternalError(Some(format!("the status {status} is that of a failure")))
            }
        }
    }
}
