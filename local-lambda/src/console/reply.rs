//! Responses of the console, with the headers that keep other pages out.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{Either, Full};
use serde_json::{Value, json};

use super::events::Events;

/// The body of a response.
pub(super) type ConsoleBody = Either<Full<Bytes>, Events>;

/// Headers of every response: no script but the console's own, no frames, no readers of other origins.
const SHIELD: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Creates a response that is not cached.
pub(super) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: ConsoleBody,
) -> Response<ConsoleBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in SHIELD {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

pub(super) fn bytes(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<ConsoleBody> {
    reply(status, content_type, Either::Left(Full::new(body.into())))
}

pub(super) fn json(status: StatusCode, value: &Value) -> Response<ConsoleBody> {
    bytes(status, "application/json", value.to_string())
}

/// Refuses a request with a reason.
pub(super) fn error(status: StatusCode, message: &str) -> Response<ConsoleBody> {
    json(status, &json!({ "error": message }))
}
