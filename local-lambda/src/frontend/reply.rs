//! Answers that are known as a whole: buffered ones, failures and refusals.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::ext::ReasonPhrase;

use super::answer::Failure;
use super::body::AnswerBody;
use super::door::{Door, Refusal};
use super::guard::Unwelcome;
use super::intake::NotTaken;
use super::prelude::ResponseHead;
use super::record::Record;
use super::sdk::{ApiError, DENIED, ERROR_TYPE, FUNCTION_ERROR};

/// Tells a refusal of this server from an answer of a function, which may have every header of AWS's.
pub(crate) const REFUSAL: HeaderName = HeaderName::from_static("x-bootstream-refusal");

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
    record.warn(&head.warnings);
    record.status(head.status);
    record.chunk(body.len());
    record.complete();
    respond(head, Either::Left(Full::new(body)))
}

/// Answers for an invocation that failed before its head.
pub(super) fn failed(door: Door, failure: &Failure, ending: Ending) -> Response<FrontBody> {
    let refusal = door.refusal(failure);
    let mut record = ending.record;
    record.status(refusal.status);
    record.failed(failure);
    if !ending.document {
        return refused(&refusal);
    }
    let mut response = json(refusal.status, failure.document.clone());
    response
        .headers_mut()
        .insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
    response
}

/// Answers with a page of the service's own.
pub(super) fn refused(refusal: &Refusal) -> Response<FrontBody> {
    let body = Bytes::from_static(refusal.body.as_bytes());
    let content_type = HeaderValue::from_static(refusal.content_type);
    typed(refusal.status, content_type, body)
}

/// Answers for a request whose body cannot become an event of at most `limit` bytes.
pub(super) fn refuse_body(
    reason: &NotTaken,
    limit: usize,
    mut record: Record,
) -> Response<FrontBody> {
    let (status, failure) = match reason {
        NotTaken::TooLarge(size) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            Failure::new(
                "RequestEntityTooLarge",
                format!("an event has at most {limit} bytes here, and this one has {size}"),
            ),
        ),
        NotTaken::Broken(cause) => (
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

/// Answers for a request of `/invoke` that Lambda would not carry out.
pub(super) fn refuse_event(error: &ApiError, mut record: Record) -> Response<FrontBody> {
    let failure = Failure::new(error.name, error.message.as_str());
    record.status(error.status);
    record.failed(&failure);
    let mut response = json(error.status, failure.document);
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(error.name));
    headers.insert(REFUSAL, HeaderValue::from_static("event"));
    response
}

/// Answers for a request that the server does not serve.
pub(super) fn unwelcome(reason: &Unwelcome, mut record: Record) -> Response<FrontBody> {
    record.status(StatusCode::FORBIDDEN);
    record.refused(reason.reason());
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut response = typed(StatusCode::FORBIDDEN, plain, format!("{reason}\n").into());
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(DENIED));
    headers.insert(REFUSAL, HeaderValue::from_static("request"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Answers a preflight for the function.
pub(super) fn preflight(headers: HeaderMap, mut record: Record) -> Response<FrontBody> {
    record.status(StatusCode::OK);
    record.complete();
    let mut response = Response::new(Either::Left(Full::default()));
    *response.headers_mut() = headers;
    response
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
    let head = ResponseHead {
        status,
        reason: None,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        warnings: Vec::new(),
    };
    respond(head, Either::Left(Full::new(body)))
}

pub(super) fn respond(head: ResponseHead, body: FrontBody) -> Response<FrontBody> {
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
