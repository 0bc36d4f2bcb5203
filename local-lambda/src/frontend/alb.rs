//! An Application Load Balancer, which buffers, with and without multi-value headers.

use http::StatusCode;
use http::header::UPGRADE;
use http::request::Parts;

use super::head_size::HeadSize;
use super::{Rejection, Service};
use crate::event::Origin;
use crate::event::alb::{Values, from_request};
use crate::response::{MissingStatus, MultiValueHeaders, Prelude, Reading, ResponseRules};

/// Longest request line, and longest header, in bytes:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html#http-header-limits>.
const LINE_LIMIT_BYTES: usize = 16 * 1024;

/// Largest headers together, in bytes.
pub(super) const HEAD_LIMIT_BYTES: usize = 64 * 1024;

pub(super) static ALB: Service = Service {
    name: "alb",
    rules: ResponseRules {
        service: "a load balancer",
        prelude: Prelude::NotRead,
        reading: Reading::Strict,
        takes_cookies: false,
        takes_status_description: true,
        multi_value_headers: MultiValueHeaders::Ignored {
            advice: "write them into `headers`, or switch on multi-value headers for the target group",
        },
        missing_status: MissingStatus::Invalid,
        undoes_gzip: false,
    },
    request_id_header: None,
    forward: Origin::forward,
    event: |request, body, _| from_request(request, body, Values::Last),
    body_warning: |_| None,
    rejects,
    rejects_head,
    failure: |_| page(StatusCode::BAD_GATEWAY),
};

pub(super) static ALB_MULTI: Service = Service {
    name: "alb-multi",
    rules: ResponseRules {
        service: "a load balancer with multi-value headers",
        multi_value_headers: MultiValueHeaders::Only,
        ..ALB.rules
    },
    request_id_header: None,
    event: |request, body, _| from_request(request, body, Values::All),
    ..ALB
};

fn rejects(request: &Parts) -> Option<(Rejection, &'static str)> {
    if !request.headers.contains_key(UPGRADE) {
        return None;
    }
    let reason = "a load balancer does not pass an upgrade on to a function";
    Some((page(StatusCode::BAD_REQUEST), reason))
}

fn rejects_head(size: &HeadSize) -> Option<(Rejection, String)> {
    if size.line > LINE_LIMIT_BYTES {
        let reason = format!(
            "a load balancer takes a request line of at most {LINE_LIMIT_BYTES} bytes, and this one has {}",
            size.line
        );
        return Some((page(StatusCode::URI_TOO_LONG), reason));
    }
    if size.longest_header > LINE_LIMIT_BYTES || size.headers > HEAD_LIMIT_BYTES {
        let reason = format!(
            "a load balancer takes headers of at most {LINE_LIMIT_BYTES} bytes each and \
             {HEAD_LIMIT_BYTES} together, and these have up to {} and {}",
            size.longest_header, size.headers
        );
        return Some((page(StatusCode::BAD_REQUEST), reason));
    }
    None
}

/// An error page of a load balancer.
fn page(status: StatusCode) -> Rejection {
    let body = match status {
        StatusCode::BAD_REQUEST => "<html><head><title>400 Bad Request</title></head></html>\r\n",
        StatusCode::URI_TOO_LONG => {
            "<html><head><title>414 Request-URI Too Large</title></head></html>\r\n"
        }
        _ => "<html><head><title>502 Bad Gateway</title></head></html>\r\n",
    };
    Rejection::html(status, body)
}
