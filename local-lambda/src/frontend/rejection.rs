//! Responses that a service itself sends.

use http::StatusCode;

/// A response from the service, not from the function.
#[derive(Debug)]
pub struct Rejection {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: &'static str,
}

impl Rejection {
    pub(super) fn text(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "text/plain",
            body,
        }
    }

    pub(super) fn json(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "application/json",
            body,
        }
    }

    pub(super) fn html(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "text/html",
            body,
        }
    }
}
