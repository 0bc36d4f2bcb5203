//! A function URL that streams: payload format 2.0.

use http::StatusCode;

use super::head_size::HeadSize;
use super::invoke_api::THROTTLED_DOCUMENT;
use super::{Rejection, Service};
use crate::event::{self, Origin};
use crate::failure::{Failure, THROTTLED};
use crate::headers::REQUEST_ID;
use crate::response::{MissingStatus, MultiValueHeaders, Prelude, Reading, ResponseRules};

/// Advice in place of `multiValueHeaders`, for function URLs and HTTP APIs.
pub(super) const SINGLE_VALUE_ADVICE: &str =
    "write them into `headers`, several values with a comma between, and cookies into `cookies`";

pub(super) static URL: Service = Service {
    name: "url",
    rules: ResponseRules {
        service: "a function URL",
        prelude: Prelude::IfAnnounced,
        reading: Reading::Lenient,
        takes_cookies: true,
        takes_status_description: false,
        multi_value_headers: MultiValueHeaders::Ignored {
            advice: SINGLE_VALUE_ADVICE,
        },
        missing_status: MissingStatus::MeansBody,
        undoes_gzip: true,
    },
    request_id_header: Some(REQUEST_ID),
    forward: Origin::forward,
    event: event::v2::of_function_url,
    body_warning: |_| None,
    rejects: |_| None,
    rejects_head,
    failure,
};

fn rejects_head(size: &HeadSize) -> Option<(Rejection, String)> {
    let reason = size.over_api_limit(URL.rules.service)?;
    // Lambda's text is misleading: <https://github.com/anomalyco/sst/issues/5705>.
    let body = "{\"Message\":\"Request must be smaller than 6291456 bytes for the InvokeFunction \
                operation\"}";
    Some((Rejection::json(StatusCode::PAYLOAD_TOO_LARGE, body), reason))
}

fn failure(failure: &Failure) -> Rejection {
    if failure.error_type == THROTTLED {
        Rejection::json(StatusCode::TOO_MANY_REQUESTS, THROTTLED_DOCUMENT)
    } else {
        Rejection::text(StatusCode::BAD_GATEWAY, "Internal Server Error")
    }
}
