//! The services that stand before a function: what each makes of a request and of an answer.

use bytes::Bytes;
use clap::ValueEnum;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, SERVER, UPGRADE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use lambda_protocol::front_end::FrontEnd;
use serde_json::Value;

use super::answer::{Failure, THROTTLED};
use super::event::alb::Values;
use super::event::{self, HttpApiPath, Origin};
use super::fields::Reading;
use super::prelude::INVALID_PRELUDE;
use super::sdk::{REQUEST_ID, THROTTLED_DOCUMENT};

/// What API Gateway takes as request line and header values, in bytes. Function URLs were seen to have the
/// same limit: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const API_HEAD_LIMIT_BYTES: usize = 10_240;

/// What a load balancer takes as a request line, and as a header, in bytes:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#http-header-limits>.
const BALANCER_LINE_LIMIT_BYTES: usize = 16 * 1024;

/// What a load balancer takes as headers, all together, in bytes.
const BALANCER_HEAD_LIMIT_BYTES: usize = 64 * 1024;

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
    /// A service of VPC Lattice, which buffers: event structure V2
    Lattice,
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
            Self::Lattice => "/@lattice",
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
            // An HTTP API reads the same document in payload format 1.0.
            FrontEnd::RestApi | FrontEnd::HttpApiV1 => Self::Rest,
            FrontEnd::HttpApiV2 => Self::Http,
            FrontEnd::LoadBalancer { multi_value: false } => Self::Alb,
            FrontEnd::LoadBalancer { multi_value: true } => Self::AlbMulti,
            FrontEnd::Lattice => Self::Lattice,
        }
    }

    /// Builds the event.
    pub(crate) fn event(self, request: &Parts, body: &Bytes, origin: &Origin) -> Value {
        let mut request = request.clone();
        match self {
            Self::Lattice => origin.forward_peer(&mut request.headers),
            _ => origin.forward(&mut request.headers),
        }
        match self {
            Self::Url => event::v2::of_function_url(&request, body, origin),
            Self::Http => event::v2::of_http_api(&request, body, origin),
            Self::Rest => event::v1::from_request(&request, body, origin),
            Self::Alb => event::alb::from_request(&request, body, Values::Last),
            Self::AlbMulti => event::alb::from_request(&request, body, Values::All),
            Self::Lattice => event::lattice::from_request(&request, body, origin),
        }
    }

    /// What the author of the function should know about a body that the service may damage.
    ///
    /// AWS documents that streamed *responses* need no `binaryMediaTypes` and is silent on requests, where
    /// an API without them takes every body for UTF-8:
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html>.
    pub(crate) fn warning(self, body: &Bytes) -> Option<String> {
        let is_damaged = self == Self::Rest && std::str::from_utf8(body).is_err();
        is_damaged.then(|| {
            "the body of the request is no UTF-8, and reaches a function behind a REST API undamaged only \
             if `binaryMediaTypes` of the API has its type"
                .to_owned()
        })
    }

    /// Whether the caller gets the answer while it is being written.
    pub(crate) fn streams(self) -> bool {
        match self {
            Self::Url | Self::Rest => true,
            Self::Http | Self::Alb | Self::AlbMulti | Self::Lattice => false,
        }
    }

    pub(crate) fn is_load_balancer(self) -> bool {
        match self {
            Self::Alb | Self::AlbMulti => true,
            Self::Url | Self::Rest | Self::Http | Self::Lattice => false,
        }
    }

    /// How the service is called in messages.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Url => "a function URL",
            Self::Rest => "a REST API",
            Self::Http => "an HTTP API",
            Self::Alb => "a load balancer",
            Self::AlbMulti => "a load balancer with multi-value headers",
            Self::Lattice => "VPC Lattice",
        }
    }

    /// How the service reads a value that is not a string where it wants one. API Gateway, and with it function
    /// URLs, makes text of numbers and booleans; a load balancer refuses the document, and of VPC
    /// Lattice nothing else is known.
    pub(crate) fn reading(self) -> Reading {
        match self {
            Self::Url | Self::Rest | Self::Http => Reading::Lenient,
            Self::Alb | Self::AlbMulti | Self::Lattice => Reading::Strict,
        }
    }

    /// Whether the service reads `cookies` in a response document.
    pub(crate) fn takes_cookies(self) -> bool {
        match self {
            Self::Url | Self::Rest | Self::Http => true,
            Self::Alb | Self::AlbMulti | Self::Lattice => false,
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
            Self::Url | Self::Http | Self::Alb | Self::Lattice => MultiValue::Ignored,
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
            Self::Rest | Self::Alb | Self::AlbMulti | Self::Lattice => false,
        }
    }

    /// The header that names the request to the caller.
    pub(crate) fn request_id_header(self) -> Option<HeaderName> {
        match self {
            Self::Url | Self::Rest => Some(REQUEST_ID),
            Self::Http => Some(HeaderName::from_static("apigw-requestid")),
            Self::Alb | Self::AlbMulti | Self::Lattice => None,
        }
    }

    /// Answers a request that the service does not pass on, and says why.
    pub(crate) fn turns_away(self, request: &Parts) -> Option<(Refusal, &'static str)> {
        if self.is_load_balancer() && request.headers.contains_key(UPGRADE) {
            let reason = "a load balancer does not pass an upgrade on to a function";
            return Some((Refusal::html(StatusCode::BAD_REQUEST), reason));
        }
        if self == Self::Http && HttpApiPath::read(request.uri.path()).is_none() {
            let reason =
                "an HTTP API decodes the path twice, and this one has a `%` that is no escape";
            let body = "{\"message\":\"Bad Request\"}";
            return Some((Refusal::json(StatusCode::BAD_REQUEST, body), reason));
        }
        None
    }

    /// Answers a request whose line and headers are too long for the service, and says why. Sizes are in
    /// bytes.
    pub(crate) fn refuses_head(self, request: &Parts) -> Option<(Refusal, String)> {
        let size = HeadSize::of(request);
        match self {
            // What Lambda says of it is not quite true: <https://github.com/anomalyco/sst/issues/5705>.
            Self::Url if size.line_and_values() > API_HEAD_LIMIT_BYTES => {
                let body = "{\"Message\":\"Request must be smaller than 6291456 bytes for the \
                            InvokeFunction operation\"}";
                let refusal = Refusal::json(StatusCode::PAYLOAD_TOO_LARGE, body);
                Some((refusal, self.head_limit(size.line_and_values())))
            }
            Self::Rest | Self::Http if size.line_and_values() > API_HEAD_LIMIT_BYTES => {
                let body = "{\"message\":\"Request Header Fields Too Large\"}";
                let refusal = Refusal::json(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, body);
                Some((refusal, self.head_limit(size.line_and_values())))
            }
            Self::Alb | Self::AlbMulti if size.line > BALANCER_LINE_LIMIT_BYTES => {
                let reason = format!(
                    "a load balancer takes a request line of at most {BALANCER_LINE_LIMIT_BYTES} bytes, \
                     and this one has {}",
                    size.line
                );
                Some((Refusal::html(StatusCode::URI_TOO_LONG), reason))
            }
            Self::Alb | Self::AlbMulti
                if size.longest_header > BALANCER_LINE_LIMIT_BYTES
                    || size.headers > BALANCER_HEAD_LIMIT_BYTES =>
            {
                let reason = format!(
                    "a load balancer takes headers of at most {BALANCER_LINE_LIMIT_BYTES} bytes each and \
                     {BALANCER_HEAD_LIMIT_BYTES} together, and these have up to {} and {}",
                    size.longest_header, size.headers
                );
                Some((Refusal::html(StatusCode::BAD_REQUEST), reason))
            }
            Self::Url | Self::Rest | Self::Http | Self::Alb | Self::AlbMulti | Self::Lattice => {
                None
            }
        }
    }

    fn head_limit(self, size: usize) -> String {
        format!(
            "{} takes at most {API_HEAD_LIMIT_BYTES} bytes of request line and header values, and these \
             have {size}",
            self.service()
        )
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
            Self::Alb | Self::AlbMulti => Refusal::html(StatusCode::BAD_GATEWAY),
            // AWS documents no more than 5xx.
            Self::Lattice => Refusal::text(StatusCode::BAD_GATEWAY, "Bad Gateway"),
        }
    }
}

/// How long the parts of a head are, in bytes.
struct HeadSize {
    line: usize,
    /// Without names.
    values: usize,
    longest_header: usize,
    headers: usize,
}

impl HeadSize {
    fn of(request: &Parts) -> Self {
        const SPACES_AND_VERSION: usize = "  HTTP/1.1".len();
        const COLON_SPACE: usize = 2;
        let target = request
            .uri
            .path_and_query()
            .map_or(0, |it| it.as_str().len());
        let sizes = || {
            let headers = request.headers.iter();
            headers.map(|(name, value)| name.as_str().len() + COLON_SPACE + value.len())
        };
        Self {
            line: request.method.as_str().len() + target + SPACES_AND_VERSION,
            values: request.headers.values().map(HeaderValue::len).sum(),
            longest_header: sizes().max().unwrap_or_default(),
            headers: sizes().sum(),
        }
    }

    fn line_and_values(&self) -> usize {
        self.line + self.values
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

    /// The page of a load balancer.
    fn html(status: StatusCode) -> Self {
        let body = match status {
            StatusCode::BAD_REQUEST => {
                "<html><head><title>400 Bad Request</title></head></html>\r\n"
            }
            StatusCode::URI_TOO_LONG => {
                "<html><head><title>414 Request-URI Too Large</title></head></html>\r\n"
            }
            _ => "<html><head><title>502 Bad Gateway</title></head></html>\r\n",
        };
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
            ("/@lattice/p?q", Some((Door::Lattice, "/p?q"))),
            ("/@restful/a", None),
            ("/a/@rest", None),
            ("/", None),
        ] {
            assert_eq!(Door::named_by(path), expected, "{path}");
        }
    }

    fn refused_head(door: Door, target: &str, headers: &[(&str, usize)]) -> Option<u16> {
        let mut request = http::Request::get(target);
        for (name, size) in headers {
            request = request.header(*name, "x".repeat(*size));
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let (refusal, _) = door.refuses_head(&parts)?;
        Some(refusal.status.as_u16())
    }

    #[test]
    fn each_service_has_its_limit_of_line_and_headers() {
        // `GET / HTTP/1.1`
        const LINE: usize = 14;
        const K: usize = 1024;
        for (door, status) in [(Door::Url, 413), (Door::Rest, 431), (Door::Http, 431)] {
            let most = [("a", 10_000), ("b", 240 - LINE)];
            assert_eq!(refused_head(door, "/", &most), None, "{door:?}");
            let over = [("a", 10_000), ("b", 241 - LINE)];
            assert_eq!(refused_head(door, "/", &over), Some(status), "{door:?}");
            let long = format!("/{}", "x".repeat(10_240));
            assert_eq!(refused_head(door, &long, &[]), Some(status), "{door:?}");
        }
        for door in [Door::Alb, Door::AlbMulti] {
            let line = |size: usize| format!("/{}", "x".repeat(size - LINE));
            assert_eq!(refused_head(door, &line(16 * K), &[]), None);
            assert_eq!(refused_head(door, &line(16 * K + 1), &[]), Some(414));
            assert_eq!(refused_head(door, "/", &[("a", 16 * K - 3)]), None);
            assert_eq!(refused_head(door, "/", &[("a", 16 * K - 2)]), Some(400));
            let four = ["a", "b", "c", "d"].map(|name| (name, 16 * K - 3));
            assert_eq!(refused_head(door, "/", &four), None);
            let more = [&four[..], &[("e", 1)]].concat();
            assert_eq!(refused_head(door, "/", &more), Some(400));
        }
        assert_eq!(refused_head(Door::Lattice, "/", &[("a", 100 * K)]), None);
    }

    #[test]
    fn an_http_api_refuses_a_path_it_cannot_decode() {
        let (parts, ()) = http::Request::get("/a%25b").body(()).unwrap().into_parts();

        for door in Door::value_variants() {
            let refused = door.turns_away(&parts).is_some();
            assert_eq!(refused, *door == Door::Http, "{door:?}");
        }
    }
}
