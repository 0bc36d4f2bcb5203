//! Names of headers that more than one part of the local Lambda writes or reads.

use http::{HeaderName, HeaderValue};

/// The exception class, on a response that is the service's and not the function's.
pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Marks a response whose body is the error document of a failed invocation.
pub const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// The only value of [`FUNCTION_ERROR`].
pub(crate) const UNHANDLED: HeaderValue = HeaderValue::from_static("Unhandled");

/// The request id that AWS's services send to callers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Marks a request that the local Lambda itself rejected. A function may send every header of AWS's, but
/// not this one.
pub const REJECTION: HeaderName = HeaderName::from_static("x-bootstream-refusal");

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The header of `next` that carries the request id.
pub(crate) const RUNTIME_REQUEST_ID: HeaderName =
    HeaderName::from_static("lambda-runtime-aws-request-id");

/// The header of `next` that carries the deadline, in milliseconds since 1970.
pub(crate) const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");

/// The header of `next` that carries the trace.
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");

/// The header of `next` that names the function, and the version of it, that was called.
pub(crate) const INVOKED_FUNCTION_ARN: HeaderName =
    HeaderName::from_static("lambda-runtime-invoked-function-arn");

pub(crate) const CLIENT_CONTEXT: HeaderName =
    HeaderName::from_static("lambda-runtime-client-context");

pub(crate) const COGNITO_IDENTITY: HeaderName =
    HeaderName::from_static("lambda-runtime-cognito-identity");

pub(crate) const TENANT_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-tenant-id");

/// Ties a response to its invocation. Runtimes that know the header send it back; none has to.
pub(crate) const INVOCATION_ID: HeaderName =
    HeaderName::from_static("lambda-runtime-invocation-id");
