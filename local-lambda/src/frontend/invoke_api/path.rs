//! The paths of the Invoke API.

use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::{ApiError, FunctionName};

/// The operations of the Invoke API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::frontend) enum Operation {
    Invoke,
    InvokeWithResponseStream,
}

/// The path of a request.
#[derive(Debug)]
pub(in crate::frontend) struct OperationPath {
    pub(super) operation: Operation,
    /// The function as the caller names it.
    name: String,
}

impl Operation {
    /// Returns the name of the operation in records.
    pub(super) fn door(self) -> &'static str {
        match self {
            Self::Invoke => "sdk",
            Self::InvokeWithResponseStream => "sdk-stream",
        }
    }
}

impl OperationPath {
    /// Recognises a request of the Invoke API.
    pub(in crate::frontend) fn recognise(request: &Parts) -> Option<Self> {
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
    pub(super) fn function_name(&self, request: &Parts) -> Result<FunctionName, ApiError> {
        let pairs = request.uri.query().unwrap_or_default().split('&');
        let qualifier = pairs
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, value)| (name == "Qualifier").then_some(value))
            .map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned());
        FunctionName::read(&self.name, qualifier)
    }
}
