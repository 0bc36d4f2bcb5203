//! What the Runtime API answers, byte for byte as Lambda does.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

pub(super) type Reply = Response<Full<Bytes>>;

/// Refuses a request whose method is another one.
pub(super) fn only(method: &Method, request: &Request<Incoming>) -> Option<Reply> {
    (request.method() != method).then(|| {
        let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "");
        if let Ok(value) = HeaderValue::from_str(method.as_str()) {
            reply.headers_mut().insert(ALLOW, value);
        }
        reply
    })
}

pub(super) fn accepted() -> Reply {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".to_owned())
}

pub(super) fn unknown_id() -> Reply {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

/// Refuses a call that makes no sense in the state that the runtime is in.
pub(super) fn not_allowed(from: &str, to: &str) -> Reply {
    let message = format!(
        "State transition from {from} to {to} failed for runtime. \
         Error: State transition is not allowed"
    );
    error(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
}

pub(super) fn too_large(limit: usize) -> Reply {
    let message = format!("Exceeded maximum allowed payload size ({limit} bytes).");
    error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &message,
    )
}

pub(super) fn truncated_request() -> Reply {
    let mut reply = error(
        StatusCode::BAD_REQUEST,
        "TruncatedHTTPRequest",
        "HTTP request detected as truncated",
    );
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

pub(super) fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
    json(
        status,
        format!("{{\"errorMessage\":\"{message}\",\"errorType\":\"{error_type}\"}}\n"),
    )
}

fn json(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

pub(super) fn text(status: StatusCode, body: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *reply.status_mut() = status;
    reply
}
