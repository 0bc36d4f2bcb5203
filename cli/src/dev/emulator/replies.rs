//! What the Runtime API answers, byte for byte as Lambda does.

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

/// What Lambda accepts as a buffered response, in bytes.
pub(super) const BUFFERED_LIMIT_BYTES: usize = 6_291_556;

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

pub(super) fn too_large() -> Reply {
    let message = format!("Exceeded maximum allowed payload size ({BUFFERED_LIMIT_BYTES} bytes).");
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
