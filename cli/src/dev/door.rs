//! The services that stand before a function: what each makes of a request and of an answer.

use bootstream_host::front_end::FrontEnd;
use bytes::Bytes;
use clap::ValueEnum;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, SERVER, UPGRADE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, StatusCode};
use serde_json::Value;

use super::answer::{Failure, THROTTLED};
use super::event::alb::Values;
use super::event::{self, Origin};
use super::prelude::INVALID_PRELUDE;
use super::sdk::{REQUEST_ID, THROTTLED_DOCUMENT};

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
    /// The same, with multi-value headers switched on for its target group
    AlbMulti,
}

/// An answer that is not the function's.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'static str,
}

/// What counts when a function names a header twice, with one value and with a list of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MultiValue {
    /// The list.
    First,
    /// The list, and nothing else does.
    Only,
    /// The one value.
    Ignored,
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
            Self::AlbMulti => "/@alb-multi",
        }
    }

    /// Finds the door that a path names, and the path behind it.
    pub(crate) fn named_by(path_and_query: &str) -> Option<(Self, &str)> {
        Self::value_variants().iter().find_map(|door| {
            let rest = path_and_query.strip_prefix(door.segment())?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((*door, rest))
        })
    }

    /// The door of a front end.
    pub(crate) fn of(front_end: FrontEnd) -> Self {
        match front_end {
            FrontEnd::FunctionUrl => Self::Url,
            FrontEnd::RestApi => Self::Rest,
            FrontEnd::HttpApiV1 | FrontEnd::HttpApiV2 => Self::Http,
            FrontEnd::LoadBalancer { multi_value: false } => Self::Alb,
            FrontEnd::LoadBalancer { multi_value: true } => Self::AlbMulti,
            FrontEnd::Lattice => Self::Lattice,
        }
    }

    /// Builds the event.
    pub(crate) fn event(self, request: &Parts, body: &Bytes, origin: &Origin) -> Value {
        let mut request = request.clone();
        origin.forward(&mut request.headers);
        match self {
            Self::Url | Self::Http => event::v2::from_request(&request, body, origin),
            Self::Rest => event::v1::from_request(&request, body, origin),
            Self::Alb => event::alb::from_request(&request, body, Values::Last),
            Self::AlbMulti => event::alb::from_request(&request, body, Values::All),
        }
    }

    /// Whether the caller gets the answer while it is being written.
    pub(crate) fn streams(self) -> bool {
        match self {
            Self::Url | Self::Rest => true,
            Self::Http | Self::Alb | Self::AlbMulti => false,
        }
    }

    pub(crate) fn is_load_balancer(self) -> bool {
        match self {
            Self::Alb | Self::AlbMulti => true,
            Self::Url | Self::Rest | Self::Http => false,
        }
    }

    /// Whether every streamed answer has to begin with a prelude, whatever its content type.
    pub(crate) fn demands_prelude(self) -> bool {
        self == Self::Rest
    }

    /// Whether a body that the function has compressed reaches the caller as it was before.
    ///
    /// Function URLs undo gzip in a stream:
    /// <https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/96>.
    pub(crate) fn undoes_gzip(self) -> bool {
        self == Self::Url
    }

    /// What becomes of the `multiValueHeaders` of an answer.
    pub(crate) fn multi_value_headers(self) -> MultiValue {
        match self {
            Self::Rest => MultiValue::First,
            Self::AlbMulti => MultiValue::Only,
            Self::Url | Self::Http | Self::Alb => MultiValue::Ignored,
        }
    }

    /// What a header of the function is called when it reaches the caller, if that is another name:
    /// framing, dates and the like belong to the service.
    pub(crate) fn renamed(self, header: &HeaderName) -> Option<HeaderName> {
        const PREFIX: &str = "x-amzn-remapped-";
        let streams = self.streams();
        let belongs = [CONNECTION, CONTENT_LENGTH, DATE, SERVER, WWW_AUTHENTICATE].contains(header);
        HeaderName::try_from(format!("{PREFIX}{header}"))
            .ok()
            .filter(|_| streams && belongs)
    }

    /// Whether a buffered answer may be anything. Otherwise it has to be a document with a status.
    pub(crate) fn infers_status(self) -> bool {
        match self {
            Self::Url | Self::Http => true,
            Self::Rest | Self::Alb | Self::AlbMulti => false,
        }
    }

    /// The header that names the request to the caller.
    pub(crate) fn request_id_header(self) -> Option<HeaderName> {
        match self {
            Self::Url | Self::Rest => Some(REQUEST_ID),
            Self::Http => Some(HeaderName::from_static("apigw-requestid")),
            Self::Alb | Self::AlbMulti => None,
        }
    }

    /// Answers a request that the service does not pass on.
    pub(crate) fn turns_away(self, request: &Parts) -> Option<Refusal> {
        (self.is_load_balancer() && request.headers.contains_key(UPGRADE)).then(|| {
            Refusal::html(
                StatusCode::BAD_REQUEST,
                "<html><head><title>400 Bad Request</title></head></html>\r\n",
            )
        })
    }

    /// What the caller gets for an invocation that failed before its head.
    pub(crate) fn refusal(self, failure: &Failure) -> Refusal {
        let error_type = failure.error_type.as_str();
        match self {
            Self::Url if error_type == THROTTLED => {
                Refusal::json(StatusCode::TOO_MANY_REQUESTS, THROTTLED_DOCUMENT)
            }
            Self::Url => Refusal::text(StatusCode::BAD_GATEWAY, "Internal Server Error"),
            Self::Rest if error_type == SERVICE_TIMEOUT => Refusal::json(
                StatusCode::GATEWAY_TIMEOUT,
                "{\"message\":\"Endpoint request timed out\"}",
            ),
            Self::Rest => {
                // A stream that is not one is the integration's fault, a failure the function's.
                let status = if [INVALID_PRELUDE, THROTTLED].contains(&error_type) {
                    StatusCode::INTERNAL_SERVER_ERROR
                } else {
                    StatusCode::BAD_GATEWAY
                };
                Refusal::json(status, "{\"message\":\"Internal server error\"}")
            }
            Self::Http if [SERVICE_TIMEOUT, THROTTLED].contains(&error_type) => Refusal::json(
                StatusCode::SERVICE_UNAVAILABLE,
                "{\"message\":\"Service Unavailable\"}",
            ),
            Self::Http => Refusal::json(
                StatusCode::INTERNAL_SERVER_ERROR,
                "{\"message\":\"Internal Server Error\"}",
            ),
            Self::Alb | Self::AlbMulti => Refusal::html(
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
            ("/@alb-multi/", Some((Door::AlbMulti, "/"))),
            ("/@http/%40alb/", Some((Door::Http, "/%40alb/"))),
            ("/@restful/a", None),
            ("/a/@rest", None),
            ("/", None),
        ] {
            assert_eq!(Door::named_by(path), expected, "{path}");
        }
    }
}
