//! A REST API of API Gateway that streams: payload format 1.0.

use bytes::Bytes;
use http::StatusCode;

use super::head_size::HeadSize;
use super::{Rejection, Service};
use crate::event::{self, Origin};
use crate::failure::{Failure, INVALID_PRELUDE, SERVICE_TIMEOUT, THROTTLED};
use crate::headers::REQUEST_ID;
use crate::response::{MissingStatus, MultiValueHeaders, Prelude, Reading, ResponseRules};

pub(super) static REST: Service = Service {
    name: "rest",
    rules: ResponseRules {
        service: "a REST API",
        prelude: Prelude::Required,
        reading: Reading::Lenient,
        takes_cookies: true,
        takes_status_description: false,
        multi_value_headers: MultiValueHeaders::Preferred,
        missing_status: MissingStatus::Invalid,
        undoes_gzip: false,
    },
    request_id_header: Some(REQUEST_ID),
    forward: Origin::forward,
    event: event::v1::from_request,
    body_warning,
    rejects: |_| None,
    rejects_head,
    failure,
};

/// AWS documents that streamed *responses* need no `binaryMediaTypes` but does not mention requests, where an
/// API without them treats every body as UTF-8:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html>.
fn body_warning(body: &Bytes) -> Option<&'static str> {
    std::str::from_utf8(body).is_err().then_some(
        "the body of the request is not UTF-8, and reaches a function behind a REST API undamaged only if \
         `binaryMediaTypes` of the API has its type",
    )
}

fn rejects_head(size: &HeadSize) -> Option<(Rejection, String)> {
    let reason = size.over_api_limit(REST.rules.service)?;
    Some((head_too_long(), reason))
}

/// API Gateway's response to a head that is too long.
pub(super) fn head_too_long() -> Rejection {
    let body = "{\"message\":\"Request Header Fields Too Large\"}";
    Rejection::json(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, body)
}

fn failure(failure: &Failure) -> Rejection {
    let error_type = failure.error_type.as_str();
    if error_type == SERVICE_TIMEOUT {
        let body = "{\"message\":\"Endpoint request timed out\"}";
        return Rejection::json(StatusCode::GATEWAY_TIMEOUT, body);
    }
    // API Gateway blames a stream without a prelude on the integration, and a failure on the function.
    let status = if [INVALID_PRELUDE, THROTTLED].contains(&error_type) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_GATEWAY
    };
    Rejection::json(status, "{\"message\":\"Internal server error\"}")
}
