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
    /// A header or the name of the function is not valid.
    pub(in crate::frontend) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            name: "InvalidParameterValueException",
            message: message.into(),
        }
    }

    /// The event or the client context is not JSON.
    pub(in crate::frontend) fn invalid_content(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            name: "InvalidRequestContentException",
            message: message.into(),
        }
    }

    /// The caller is not authorized.
    pub(in crate::frontend) fn denied(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            name: DENIED,
            message: message.into(),
        }
    }

    pub(in crate::frontend) fn not_found(function_arn: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            name: "ResourceNotFoundException",
            message: format!("Function not found: {function_arn}"),
        }
    }

    pub(in crate::frontend) fn too_large(limit: usize) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            name: "RequestTooLargeException",
            message: format!(
                "Request must be smaller than {limit} bytes for the InvokeFunction operation"
            ),
        }
    }

    /// The function has reached its concurrency limit.
    pub(in crate::frontend) fn throttled() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            name: THROTTLED,
            message: "Rate Exceeded.".to_owned(),
        }
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
