//! The Invoke API, for callers that use an AWS SDK.
//!
//! They get what the function wrote, byte for byte: a prelude is the business of other doors.

mod api_error;
pub(crate) mod frames;
mod function_name;
mod invocation;

pub(crate) use api_error::{ApiError, DENIED, THROTTLED_DOCUMENT};
pub(crate) use function_name::Target;
pub(crate) use invocation::{Invocation, Kind, json_event};

use http::request::Parts;
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;

/// The class of exception, on an answer that is the service's and not the function's.
pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Present on an answer that is an error document.
pub(crate) const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

pub(crate) const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
pub(crate) const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
pub(crate) const EVENT_STREAM: HeaderValue =
    HeaderValue::from_static("application/vnd.amazon.eventstream");

/// The operations of the Invoke API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Invoke,
    InvokeWithResponseStream,
}

/// A request as its path shows it.
#[derive(Debug)]
pub(crate) struct Requested {
    pub(crate) operation: Operation,
    /// The function as the caller names it.
    name: String,
}

impl Requested {
    /// Recognises a request of the Invoke API.
    pub(crate) fn recognise(request: &Parts) -> Option<Self> {
        if request.method != Method::POST {
            return None;
        }
        let segments: Vec<_> = request.uri.path().split('/').collect();
        let (operation, name) = match segments.as_slice() {
            ["", "2015-03-31", "functions", name, "invocations"] => (Operation::Invoke, name),
            [
                "",
                "2021-11-15",
                "functions",
                name,
                "response-streaming-invocations",
            ] => (Operation::InvokeWithResponseStream, name),
            _ => return None,
        };
        let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
        Some(Self { operation, name })
    }

    /// Reads the name, and the qualifier in the query.
    ///
    /// # Errors
    ///
    /// They are not well-formed.
    pub(crate) fn target(&self, request: &Parts) -> Result<Target, ApiError> {
        let pairs = request.uri.query().unwrap_or_default().split('&');
        let qualifier = pairs
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, value)| (name == "Qualifier").then_some(value))
            .map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned());
        Target::read(&self.name, qualifier)
    }
}
