//! An HTTP API of API Gateway, which buffers: payload format 2.0.

use http::request::Parts;
use http::{HeaderName, StatusCode};

use super::head_size::HeadSize;
use super::rest::head_too_long;
use super::url::SINGLE_VALUE_ADVICE;
use super::{Rejection, Service};
use crate::event::{self, HttpApiPath, Origin};
use crate::failure::{Failure, SERVICE_TIMEOUT, THROTTLED};
use crate::response::{MissingStatus, MultiValueHeaders, Prelude, Reading, ResponseRules};

pub(super) static HTTP_API: Service = Service {
    name: "http",
    rules: ResponseRules {
        service: "an HTTP API",
        prelude: Prelude::NotRead,
        reading: Reading::Lenient,
        takes_cookies: true,
        takes_status_description: false,
        multi_value_headers: MultiValueHeaders::Ignored {
            advice: SINGLE_VALUE_ADVICE,
        },
        missing_status: MissingStatus::MeansBody,
        undoes_gzip: false,
    },
    request_id_header: Some(HeaderName::from_static("apigw-requestid")),
    forward: Origin::forward,
    event: event::v2::of_http_api,
    body_warning: |_| None,
    rejects,
    rejects_head,
    failure,
};

fn rejects(request: &Parts) -> Option<(Rejection, &'static str)> {
    if HttpApiPath::read(request.uri.path()).is_some() {
        return None;
    }
    let reason = "an HTTP API decodes the path twice, and this one has a `%` that is not an escape";
    let body = "{\"message\":\"Bad Request\"}";
    Some((Rejection::json(StatusCode::BAD_REQUEST, body), reason))
}

fn rejects_head(size: &HeadSize) -> Option<(Rejection, String)> {
    let reason = size.over_api_limit(HTTP_API.rules.service)?;
    Some((head_too_long(), reason))
}

fn failure(failure: &Failure) -> Rejection {
    if [SERVICE_TIMEOUT, THROTTLED].contains(&failure.error_type.as_str()) {
        let body = "{\"message\":\"Service Unavailable\"}";
        Rejection::json(StatusCode::SERVICE_UNAVAILABLE, body)
    } else {
        let body = "{\"message\":\"Internal Server Error\"}";
        Rejection::json(StatusCode::INTERNAL_SERVER_ERROR, body)
    }
}
