//! Answers that are known as a whole: buffered ones, failures and refusals.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{Either, Full};

use super::answer::Failure;
use super::body::AnswerBody;
use super::door::Door;
use super::intake::{EVENT_LIMIT_BYTES, NotTaken};
use super::prelude::ResponseHead;
use super::record::Record;
use super::sdk::FUNCTION_ERROR;

pub(super) type FrontBody = Either<Full<Bytes>, AnswerBody>;

/// How a failure is told to the caller.
pub(super) struct Ending {
    pub(super) record: Record,
    /// With the error document, or with the page of the service.
    document: bool,
}

impl Ending {
    pub(super) fn document(record: Record) -> Self {
        Self {
            record,
            document: true,
        }
    }

    pub(super) fn page(record: Record) -> Self {
        Self {
            record,
            document: false,
        }
    }
}

/// Answers with a whole body.
pub(super) fn whole(head: ResponseHead, body: Bytes, mut record: Record) -> Response<FrontBody> {
    record.status(head.status);
    record.chunk(body.len());
    record.complete();
    respond(head.status, head.headers, Either::Left(Full::new(body)))
}

/// Answers for an invocation that failed before its head.
pub(super) fn failed(door: Door, failure: &Failure, ending: Ending) -> Response<FrontBody> {
    let refusal = door.refusal(failure);
    let mut record = ending.record;
    record.status(refusal.status);
    record.failed(failure);
    if !ending.document {
        let body = Bytes::from_static(refusal.body.as_bytes());
        let content_type = HeaderValue::from_static(refusal.content_type);
        return typed(refusal.status, content_type, body);
    }
    let mut response = json(refusal.status, failure.document.clone());
    response
        .headers_mut()
        .insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    response
}

/// Answers for a request that cannot become an event.
pub(super) fn refuse_body(reason: NotTaken, mut record: Record) -> Response<FrontBody> {
    let (status, failure) = match reason {
        NotTaken::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            Failure::new(
                "RequestEntityTooLarge",
                format!("an event has at most {EVENT_LIMIT_BYTES} bytes"),
            ),
        ),
        NotTaken::Broken => (
            StatusCode::BAD_REQUEST,
            Failure::new(
                "TruncatedHTTPRequest",
                "the request ended before it was complete",
            ),
        ),
    };
    record.status(status);
    record.failed(&failure);
    json(status, failure.document)
}

/// Answers for a function that is not there.
pub(super) fn missing(name: &str, mut record: Record) -> Response<FrontBody> {
    record.status(StatusCode::NOT_FOUND);
    record.refused(&format!("there is no function `{name}`"));
    let body = Bytes::from_static(b"{\"message\":\"Not Found\"}");
    json(StatusCode::NOT_FOUND, body)
}

pub(super) fn json(status: StatusCode, body: Bytes) -> Response<FrontBody> {
    typed(status, HeaderValue::from_static("application/json"), body)
}

fn typed(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<FrontBody> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
    respond(status, headers, Either::Left(Full::new(body)))
}

pub(super) fn respond(
    status: StatusCode,
    headers: HeaderMap,
    body: FrontBody,
) -> Response<FrontBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
