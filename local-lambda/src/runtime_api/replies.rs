//! The responses of the Runtime API, byte for byte like Lambda's.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

pub(super) type ApiResponse = Response<Full<Bytes>>;

/// Rejects a request with another method.
pub(super) fn only(method: &Method, request: &Request<Incoming>) -> Option<ApiResponse> {
    (request.method() != method).then(|| {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "");
        if let Ok(value) = HeaderValue::from_str(method.as_str()) {
            response.headers_mut().insert(ALLOW, value);
        }
        response
    })
}

pub(super) fn accepted() -> ApiResponse {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".to_owned())
}

pub(super) fn unknown_id() -> ApiResponse {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

/// Rejects a request that the state of the runtime does not allow.
pub(super) fn not_allowed(from: &str, to: &str) -> ApiResponse {
    let message = format!(
        "State transition from {from} to {to} failed for runtime. \
         Error: State transition is not allowed"
    );
    error(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
}

pub(super) fn too_large(limit: usize) -> ApiResponse {
    let message = format!("Exceeded maximum allowed payload size ({limit} bytes).");
    error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &message,
    )
}

pub(super) fn truncated_request() -> ApiResponse {
    let mut response = error(
        StatusCode::BAD_REQUEST,
        "TruncatedHTTPRequest",
        "HTTP request detected as truncated",
    );
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(super) fn error(status: StatusCode, error_type: &str, message: &str) -> ApiResponse {
    json(
        status,
        format!("{{\"errorMessage\":\"{message}\",\"errorType\":\"{error_type}\"}}\n"),
    )
}

pub(super) fn json(status: StatusCode, body: String) -> ApiResponse {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn text(status: StatusCode, body: &'static str) -> ApiResponse {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response
}
