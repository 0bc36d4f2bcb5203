//! The services that stand before a function: what each makes of a request and of an answer.

use bytes::Bytes;
use clap::ValueEnum;
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;

use super::answer::Failure;
use super::event::{self, Origin};
use super::prelude::INVALID_PRELUDE;

/// A service that turns HTTP requests into events.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Door {
    /// A function URL that streams: payload format 2.0
    Url,
    /// A REST API of API Gateway that streams: payload format 1.0
    Rest,
    /// An HTTP API of API Gateway, which buffers: payload format 2.0
    Http,
    /// An Application Load Balancer, which buffers
    Alb,
}

/// An answer that is not the function's.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
}

/// The failure of an answer that a service did not wait for.
pub(crate) const SERVICE_TIMEOUT: &str = "Service.Timeout";

impl Door {
    /// The first segment of the paths that always lead to this door.
    fn segment(self) -> &'static str {
        match self {
            Self::Url => "/@url",
            Self::Rest => "/@rest",
            Self::Http => "/@http",
            Self::Alb => "/@alb",
        }
    }

    /// Finds the door that a path names, and the path behind it.
    pub(crate) fn named_by(path_and_query: &str) -> Option<(Self, &str)> {
        Self::value_variants().iter().find_map(|door| {
            let rest = path_and_query.strip_prefix(door.segment())?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((*door, rest))
        })
    }

    /// Builds the event.
    pub(crate) fn event(self, request: &Parts, body: &Bytes, origin: &Origin) -> Value {
        match self {
            Self::Url | Self::Http => event::v2::from_request(request, body, origin),
            Self::Rest => event::v1::from_request(request, body, origin),
            Self::Alb => event::alb::from_request(request, body, origin),
        }
    }

    /// Whether the caller gets the answer while it is being written.
    pub(crate) fn streams(self) -> bool {
        match self {
            Self::Url | Self::Rest => true,
            Self::Http | Self::Alb => false,
        }
    }

    /// Whether every streamed answer has to begin with a prelude, whatever its content type.
    pub(crate) fn demands_prelude(self) -> bool {
        self == Self::Rest
    }

    /// Whether `multiValueHeaders` of an answer count.
    pub(crate) fn reads_multi_value_headers(self) -> bool {
        match self {
            Self::Rest | Self::Alb => true,
            Self::Url | Self::Http => false,
        }
    }

    /// Whether a buffered answer may be anything. Otherwise it has to be a document with a status.
    pub(crate) fn infers_status(self) -> bool {
        match self {
            Self::Url | Self::Http => true,
            Self::Rest | Self::Alb => false,
        }
    }

    /// What the caller gets for an invocation that failed before its head.
    pub(crate) fn refusal(self, failure: &Failure) -> Refusal {
        let in_time = failure.error_type != SERVICE_TIMEOUT;
        match self {
            Self::Url => Refusal::text(StatusCode::BAD_GATEWAY, "Internal Server Error"),
            Self::Rest if !in_time => Refusal::json(
                StatusCode::GATEWAY_TIMEOUT,
                "{\"message\":\"Endpoint request timed out\"}",
            ),
            Self::Rest => {
                // A stream that is not one is the integration's fault, a failure the function's.
                let status = if failure.error_type == INVALID_PRELUDE {
                    StatusCode::INTERNAL_SERVER_ERROR
                } else {
                    StatusCode::BAD_GATEWAY
                };
                Refusal::json(status, "{\"message\":\"Internal server error\"}")
            }
            Self::Http if !in_time => Refusal::json(
                StatusCode::SERVICE_UNAVAILABLE,
                "{\"message\":\"Service Unavailable\"}",
            ),
            Self::Http => Refusal::json(
                StatusCode::INTERNAL_SERVER_ERROR,
                "{\"message\":\"Internal Server Error\"}",
            ),
            Self::Alb if !in_time => Refusal::html(
                StatusCode::GATEWAY_TIMEOUT,
                "<html><head><title>504 Gateway Time-out</title></head></html>\r\n",
            ),
            Self::Alb => Refusal::html(
                StatusCode::BAD_GATEWAY,
                "<html><head><title>502 Bad Gateway</title></head></html>\r\n",
            ),
        }
    }
}

impl Refusal {
    fn text(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "text/plain",
            body,
        }
    }

    fn json(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "application/json",
            body,
        }
    }

    fn html(status: StatusCode, body: &'static str) -> Self {
        Self {
            status,
            content_type: "text/html",
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_name_its_door() {
        for (path, expected) in [
            ("/@rest/a?b", Some((Door::Rest, "/a?b"))),
            ("/@url", Some((Door::Url, ""))),
            ("/@alb?q=1", Some((Door::Alb, "?q=1"))),
            ("/@http/%40alb/", Some((Door::Http, "/%40alb/"))),
            ("/@restful/a", None),
            ("/a/@rest", None),
            ("/", None),
        ] {
            assert_eq!(Door::named_by(path), expected, "{path}");
        }
    }
}
