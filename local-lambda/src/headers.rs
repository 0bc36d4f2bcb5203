//! Headers of AWS's services. Those of the Runtime API are in `lambda_protocol`.

use http::{HeaderName, HeaderValue};

/// The exception class, in a response from the service instead of the function.
pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Marks a response whose body is the error document of a failed invocation.
pub const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// The only value of [`FUNCTION_ERROR`].
pub(crate) const UNHANDLED: HeaderValue = HeaderValue::from_static("Unhandled");

/// The request id that AWS's services send to callers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Marks a request that the local Lambda itself rejected. A function may send any AWS header, but not
/// this one.
pub const REJECTION: HeaderName = HeaderName::from_static("x-bootstream-refusal");

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Returns a media type in lower case and without its parameters.
pub(crate) fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}
