//! Errors of the Invoke API itself, told before a function runs.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use crate::dev::answer::THROTTLED;

/// What a caller gets who comes when the function is at work as often as it may be.
pub(crate) const THROTTLED_DOCUMENT: &str = "{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\",\
     \"Type\":\"User\",\"message\":\"Rate Exceeded.\"}";

/// The class of exception of a caller who may not ask.
pub(crate) const DENIED: &str = "AccessDeniedException";

/// A request that is not carried out.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// The class of exception that an SDK raises.
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    /// A header or the name of the function makes no sense.
    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            name: "InvalidParameterValueException",
            message: message.into(),
        }
    }

    /// The event or the client context is not JSON.
    pub(crate) fn invalid_content(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            name: "InvalidRequestContentException",
            message: message.into(),
        }
    }

    /// Somebody asks who may not.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            name: DENIED,
            message: message.into(),
        }
    }

    pub(crate) fn not_found(function_arn: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            name: "ResourceNotFoundException",
            message: format!("Function not found: {function_arn}"),
        }
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            name: "RequestTooLargeException",
            message: format!(
                "Request must be smaller than {limit} bytes for the InvokeFunction operation"
            ),
        }
    }

    /// More callers than the function may serve at once.
    pub(crate) fn throttled() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            name: THROTTLED,
            message: "Rate Exceeded.".to_owned(),
        }
    }

    pub(crate) fn body(&self) -> Bytes {
        if self.name == THROTTLED {
            return Bytes::from_static(THROTTLED_DOCUMENT.as_bytes());
        }
        json!({ "Type": "User", "Message": self.message })
            .to_string()
            .into()
    }
}
