//! Errors of the Invoke API itself, before a function runs.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use crate::failure::THROTTLED;

/// The error document for a caller beyond the function's concurrency.
pub(in crate::frontend) const THROTTLED_DOCUMENT: &str = "{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\",\
     \"Type\":\"User\",\"message\":\"Rate Exceeded.\"}";

/// The exception class for a caller that is not authorized.
pub(in crate::frontend) const DENIED: &str = "AccessDeniedException";

/// Why the Invoke API rejects a request.
#[derive(Debug, Eq, PartialEq)]
pub struct ApiError {
    /// The status of the response.
    pub status: StatusCode,
    /// The exception class that an SDK raises.
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
}

impl ApiError {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            name,
            message: message.into(),
        }
    }

    /// A header or the name of the function is not valid.
    pub(in crate::frontend) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            message,
        )
    }

    /// The event or the client context is not JSON.
    pub(in crate::frontend) fn invalid_content(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            message,
        )
    }

    /// The caller is not authorized.
    pub(in crate::frontend) fn denied(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, DENIED, message)
    }

    pub(in crate::frontend) fn not_found(function_arn: &str) -> Self {
        let message = format!("Function not found: {function_arn}");
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    pub(in crate::frontend) fn too_large(limit: usize) -> Self {
        let message =
            format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            message,
        )
    }

    /// The function has reached its concurrency limit.
    pub(in crate::frontend) fn throttled() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, THROTTLED, "Rate Exceeded.")
    }

    pub(in crate::frontend) fn body(&self) -> Bytes {
        if self.name == THROTTLED {
            return Bytes::from_static(THROTTLED_DOCUMENT.as_bytes());
        }
        json!({ "Type": "User", "Message": self.message })
            .to_string()
            .into()
    }
}
