//! Header names of the Runtime API, and the values with a fixed spelling.

use http::header::{CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue};

/// On `next`: the id of the invocation.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
/// On `next`: the deadline, in milliseconds since the Unix epoch.
pub const DEADLINE_MS: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
/// On `next`: the ARN the function was invoked by.
pub const INVOKED_FUNCTION_ARN: HeaderName =
    HeaderName::from_static("lambda-runtime-invoked-function-arn");
/// On `next`: the X-Ray trace header.
pub const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
/// On `next`: the Mobile SDK's client context.
pub const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("lambda-runtime-client-context");
/// On `next`: the caller's Cognito identity.
pub const COGNITO_IDENTITY: HeaderName = HeaderName::from_static("lambda-runtime-cognito-identity");
/// On `next`: the tenant.
pub const TENANT_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-tenant-id");
/// On `next`, and echoed on every post: ties a response to its invocation.
pub const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");

/// On `…/response`: announces a stream.
pub const RESPONSE_MODE: HeaderName =
    HeaderName::from_static("lambda-runtime-function-response-mode");
/// The one value of [`RESPONSE_MODE`]. Lambda refuses any other spelling.
pub const RESPONSE_MODE_STREAMING: HeaderValue = HeaderValue::from_static("streaming");

/// On `…/error`, and as a trailer of `…/response`: the error type.
pub const FUNCTION_ERROR_TYPE: HeaderName =
    HeaderName::from_static("lambda-runtime-function-error-type");
/// A trailer of `…/response`: the error document in base64.
pub const FUNCTION_ERROR_BODY: HeaderName =
    HeaderName::from_static("lambda-runtime-function-error-body");
/// Announces both error trailers. Lambda ignores an unannounced trailer, and the response then counts as
/// complete.
pub const ANNOUNCED_TRAILERS: HeaderValue = HeaderValue::from_static(ANNOUNCED_TRAILERS_TEXT);
/// [`ANNOUNCED_TRAILERS`] as text, for messages.
pub const ANNOUNCED_TRAILERS_TEXT: &str =
    "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body";
/// On `…/error`: the failure in X-Ray's format.
pub const XRAY_ERROR_CAUSE: HeaderName =
    HeaderName::from_static("lambda-runtime-function-xray-error-cause");

/// The content type of error documents, and of a document whose handler chooses none.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// The content type of a response that starts with a prelude.
pub const HTTP_INTEGRATION: HeaderValue = HeaderValue::from_static(HTTP_INTEGRATION_TEXT);
/// [`HTTP_INTEGRATION`] as text.
pub const HTTP_INTEGRATION_TEXT: &str = "application/vnd.awslambda.http-integration-response";

/// Hop-by-hop headers of the connection between a caller and a front end.
pub const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_trailers_are_announced() {
        let announced: Vec<_> = ANNOUNCED_TRAILERS_TEXT.split(", ").collect();
        let names = [FUNCTION_ERROR_TYPE, FUNCTION_ERROR_BODY];
        assert!(
            names
                .iter()
                .map(HeaderName::as_str)
                .eq(announced.iter().map(|name| name.to_ascii_lowercase()))
        );
    }
}
