//! Responses that are not streamed: buffered ones, failures and rejections.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::ext::ReasonPhrase;
use tokio::time::Instant;

use super::invoke_api::{ApiError, DENIED};
use super::{FrontEnd, Rejection};
use crate::body::BodyError;
use crate::failure::Failure;
use crate::guard::Denial;
use crate::headers::{ERROR_TYPE, FUNCTION_ERROR, JSON, REJECTION, UNHANDLED};
use crate::observer::RequestRecord;
use crate::response::{ResponseHead, StreamedBody};

/// The body that a caller gets.
pub(super) type CallerBody = Either<Full<Bytes>, StreamedBody>;

/// How a failed invocation is reported to the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FailureStyle {
    /// With the error document.
    ErrorDocument,
    /// With the page of the service.
    ServicePage,
}

/// Sends a whole body.
pub(super) fn whole(
    head: ResponseHead,
    body: Bytes,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    record.head(&head);
    record.chunk(&body, Instant::now());
    record.complete();
    respond(head, Either::Left(Full::new(body)))
}

/// Reports an invocation that failed before its head.
pub(super) fn failed(
    front_end: FrontEnd,
    failure: &Failure,
    style: FailureStyle,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    let rejection = (front_end.service().failure)(failure);
    record.status(rejection.status);
    record.failed(failure);
    match style {
        FailureStyle::ServicePage => rejected(&rejection),
        FailureStyle::ErrorDocument => {
            let mut response = json(rejection.status, failure.document.clone());
            response.headers_mut().insert(FUNCTION_ERROR, UNHANDLED);
            response
        }
    }
}

/// Sends a service's own response.
pub(super) fn rejected(rejection: &Rejection) -> Response<CallerBody> {
    let body = Bytes::from_static(rejection.body.as_bytes());
    let content_type = HeaderValue::from_static(rejection.content_type);
    typed(rejection.status, content_type, body)
}

/// Rejects a request whose body cannot become an event of at most `limit` bytes.
pub(super) fn reject_body(
    reason: &BodyError,
    limit: usize,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    let (status, failure) = match reason {
        BodyError::TooLarge(size) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            Failure::new(
                "RequestEntityTooLarge",
                format!("an event has at most {limit} bytes here, and this one has {size}"),
            ),
        ),
        BodyError::Truncated(cause) => (
            StatusCode::BAD_REQUEST,
            Failure::new(
                "TruncatedHTTPRequest",
                format!("the request ended before it was complete: {cause}"),
            ),
        ),
    };
    record.status(status);
    record.failed(&failure);
    json(status, failure.document)
}

/// Rejects a request of `/invoke` that Lambda would reject.
pub(super) fn reject_event(error: &ApiError, mut record: RequestRecord) -> Response<CallerBody> {
    let failure = Failure::new(error.name, error.message.as_str());
    record.status(error.status);
    record.failed(&failure);
    let mut response = json(error.status, failure.document);
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(error.name));
    headers.insert(REJECTION, HeaderValue::from_static("event"));
    response
}

/// Rejects a request that the guard denies. `advice` says how to add a host.
pub(super) fn denied(
    denial: &Denial,
    advice: &str,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    record.status(StatusCode::FORBIDDEN);
    let reason = denial.reason();
    match denial {
        Denial::Host(_) => record.rejected(&format!("{reason}: {advice}")),
        Denial::NoHost | Denial::SeveralHosts | Denial::Page => record.rejected(reason),
    }
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let body = format!("{}\n", denial.message(advice));
    let mut response = typed(StatusCode::FORBIDDEN, plain, body.into());
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(DENIED));
    headers.insert(REJECTION, HeaderValue::from_static("request"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Answers a preflight in place of the function.
pub(super) fn preflight(headers: HeaderMap, mut record: RequestRecord) -> Response<CallerBody> {
    record.status(StatusCode::OK);
    record.complete();
    let mut response = Response::new(Either::Left(Full::default()));
    *response.headers_mut() = headers;
    response
}

/// Sends a browser to the console, which only this machine reaches.
pub(super) fn to_console(console: SocketAddr, mut record: RequestRecord) -> Response<CallerBody> {
    record.status(StatusCode::TEMPORARY_REDIRECT);
    record.complete();
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(location) = HeaderValue::try_from(format!("http://{console}/")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Rejects a request for a function that does not exist.
pub(super) fn no_function(name: &str, mut record: RequestRecord) -> Response<CallerBody> {
    record.status(StatusCode::NOT_FOUND);
    record.rejected(&format!("there is no function `{name}`"));
    let body = Bytes::from_static(b"{\"message\":\"Not Found\"}");
    json(StatusCode::NOT_FOUND, body)
}

pub(super) fn json(status: StatusCode, body: Bytes) -> Response<CallerBody> {
    typed(status, JSON, body)
}

fn typed(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<CallerBody> {
    let head = ResponseHead {
        status,
        reason: None,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        warnings: Vec::new(),
        document: None,
    };
    respond(head, Either::Left(Full::new(body)))
}

pub(super) fn respond(head: ResponseHead, body: CallerBody) -> Response<CallerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    if let Some(reason) = head.reason
        && let Ok(reason) = ReasonPhrase::try_from(reason)
    {
        response.extensions_mut().insert(reason);
    }
    response
}
