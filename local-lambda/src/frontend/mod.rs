//! The callers' side: HTTP requests in, events to the function, its responses back.
//!
//! Each service has a file that defines how it converts requests and responses: `url`, `rest`,
//! `http_api`, `alb`, `lattice`. `invoke_api` passes everything on unchanged. `route` finds the target
//! of a request; `server` and `exchange` serve it.

mod alb;
mod caller;
mod cors;
mod exchange;
mod head_size;
mod http_api;
mod invoke_api;
mod lattice;
mod limits;
mod predict;
mod rejection;
mod reply;
mod resend;
mod rest;
mod route;
mod server;
mod url;

pub(crate) use caller::open_for;
pub use caller::{AwsService, Caller};
pub use cors::Cors;
pub use invoke_api::{ApiError, json_event};
pub use limits::{Limits, NetworkSettings};
pub(crate) use predict::predict;
pub use rejection::Rejection;
pub(crate) use resend::{Original, resend};
pub use server::{ServerSettings, serve};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::event::Origin;
use crate::failure::Failure;
use crate::response::ResponseRules;
use head_size::HeadSize;

/// A service that turns HTTP requests into events.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FrontEnd {
    /// A function URL that streams: payload format 2.0.
    #[default]
    Url,
    /// A REST API of API Gateway that streams: payload format 1.0.
    Rest,
    /// An HTTP API of API Gateway, which buffers: payload format 2.0.
    Http,
    /// An Application Load Balancer, which buffers.
    Alb,
    /// An Application Load Balancer with multi-value headers switched on for its target group.
    AlbMulti,
    /// A service of VPC Lattice, which buffers: event structure V2.
    Lattice,
}

/// How one service converts requests and responses: everything in which the services differ.
struct Service {
    /// The name of the service. `/@` and it are the first segment of the service's own paths.
    name: &'static str,
    /// How the service reads responses.
    rules: ResponseRules,
    /// The header that carries the request id to the caller.
    request_id_header: Option<HeaderName>,
    /// Adds what the service knows about the caller to the headers of a request.
    forward: fn(&Origin, &mut HeaderMap),
    /// Builds the event.
    event: fn(&Parts, &Bytes, &Origin) -> Value,
    /// A warning about a body that the service may damage.
    body_warning: fn(&Bytes) -> Option<&'static str>,
    /// Rejects a request that the service does not pass on.
    rejects: fn(&Parts) -> Option<(Rejection, &'static str)>,
    /// Rejects a request whose line and headers are too long.
    rejects_head: fn(&HeadSize) -> Option<(Rejection, String)>,
    /// The response to an invocation that failed before its head.
    failure: fn(&Failure) -> Rejection,
}

impl FrontEnd {
    /// All front ends.
    pub const ALL: [Self; 6] = [
        Self::Url,
        Self::Rest,
        Self::Http,
        Self::Alb,
        Self::AlbMulti,
        Self::Lattice,
    ];

    fn service(self) -> &'static Service {
        match self {
            Self::Url => &url::URL,
            Self::Rest => &rest::REST,
            Self::Http => &http_api::HTTP_API,
            Self::Alb => &alb::ALB,
            Self::AlbMulti => &alb::ALB_MULTI,
            Self::Lattice => &lattice::LATTICE,
        }
    }

    /// Returns how the service reads the responses of functions.
    #[must_use]
    pub fn response_rules(self) -> &'static ResponseRules {
        &self.service().rules
    }

    /// Returns the name of the service, as paths and arguments have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.service().name
    }

    /// Finds the front end that a path names, and the rest of the path.
    fn named_by(path_and_query: &str) -> Option<(Self, &str)> {
        let named = path_and_query.strip_prefix("/@")?;
        Self::ALL.into_iter().find_map(|front_end| {
            let rest = named.strip_prefix(front_end.name())?;
            (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((front_end, rest))
        })
    }

    /// Builds the event of a request.
    #[must_use]
    pub fn event(self, request: &Parts, body: &Bytes, origin: &Origin) -> Value {
        let service = self.service();
        let mut request = request.clone();
        (service.forward)(origin, &mut request.headers);
        (service.event)(&request, body, origin)
    }

    /// Rejects a request that the service does not pass on, and returns the reason.
    #[must_use]
    pub fn rejects(self, request: &Parts) -> Option<(Rejection, &'static str)> {
        (self.service().rejects)(request)
    }

    /// Rejects a request whose line and headers are too long for the service, and returns the reason.
    fn rejects_head(self, request: &Parts) -> Option<(Rejection, String)> {
        (self.service().rejects_head)(&HeadSize::of(request))
    }

    fn is_load_balancer(self) -> bool {
        matches!(self, Self::Alb | Self::AlbMulti)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parts;

    #[test]
    fn a_path_may_name_its_front_end() {
        for (path, expected) in [
            ("/@rest/a?b", Some((FrontEnd::Rest, "/a?b"))),
            ("/@url", Some((FrontEnd::Url, ""))),
            ("/@alb?q=1", Some((FrontEnd::Alb, "?q=1"))),
            ("/@alb-multi/", Some((FrontEnd::AlbMulti, "/"))),
            ("/@http/%40alb/", Some((FrontEnd::Http, "/%40alb/"))),
            ("/@lattice/p?q", Some((FrontEnd::Lattice, "/p?q"))),
            ("/@restful/a", None),
            ("/a/@rest", None),
            ("/", None),
        ] {
            assert_eq!(FrontEnd::named_by(path), expected, "{path}");
        }
    }

    fn rejected_head(front_end: FrontEnd, target: &str, headers: &[(&str, usize)]) -> Option<u16> {
        let mut request = http::Request::get(target);
        for (name, size) in headers {
            request = request.header(*name, "x".repeat(*size));
        }
        let (rejection, _) = front_end.rejects_head(&parts(request))?;
        Some(rejection.status.as_u16())
    }

    #[test]
    fn each_service_has_its_limit_of_line_and_headers() {
        // `GET / HTTP/1.1`
        const LINE: usize = 14;
        const K: usize = 1024;
        for (front_end, status) in [
            (FrontEnd::Url, 413),
            (FrontEnd::Rest, 431),
            (FrontEnd::Http, 431),
        ] {
            let headers = |rest: usize| [("a", 10_000), ("b", rest - LINE)];
            let long = format!("/{}", "x".repeat(10_240));
            for (target, headers, expected) in [
                ("/", &headers(240)[..], None),
                ("/", &headers(241), Some(status)),
                (&long, &[], Some(status)),
            ] {
                let seen = rejected_head(front_end, target, headers);
                assert_eq!(seen, expected, "{front_end:?} {headers:?}");
            }
        }
        for front_end in [FrontEnd::Alb, FrontEnd::AlbMulti] {
            let line = |size: usize| format!("/{}", "x".repeat(size - LINE));
            let four = ["a", "b", "c", "d"].map(|name| (name, 16 * K - 3));
            let five = [&four[..], &[("e", 1)]].concat();
            for (target, headers, expected) in [
                (line(16 * K), &[][..], None),
                (line(16 * K + 1), &[], Some(414)),
                (line(LINE + 1), &[("a", 16 * K - 3)], None),
                (line(LINE + 1), &[("a", 16 * K - 2)], Some(400)),
                (line(LINE + 1), &four, None),
                (line(LINE + 1), &five, Some(400)),
            ] {
                let seen = rejected_head(front_end, &target, headers);
                assert_eq!(seen, expected, "{front_end:?} {headers:?}");
            }
        }
        let large = [("a", 100 * K)];
        assert_eq!(rejected_head(FrontEnd::Lattice, "/", &large), None);
    }

    #[test]
    fn an_http_api_rejects_a_path_it_cannot_decode() {
        let request = parts(http::Request::get("/a%25b"));

        for front_end in FrontEnd::ALL {
            let rejected = front_end.rejects(&request).is_some();
            assert_eq!(rejected, front_end == FrontEnd::Http, "{front_end:?}");
        }
    }
}
