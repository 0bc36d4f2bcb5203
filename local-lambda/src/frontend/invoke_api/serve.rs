//! Serves both operations of the Invoke API.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{Either, Full};
use tokio::time::{Instant, sleep};

use super::path::{Operation, OperationPath};
use super::{ApiError, InvocationType, InvokeRequest};
use crate::environment::{Pool, function_arn};
use crate::frontend::NetworkSettings;
use crate::frontend::reply::{CallerBody, json, respond};
use crate::functions::Functions;
use crate::headers::{ERROR_TYPE, FUNCTION_ERROR, JSON, REQUEST_ID, UNHANDLED};
use crate::invocation::{Invocation, new_request_id};
use crate::observer::{Received, RequestRecord};
use crate::response::{
    Framing, LOG_WINDOW, PacedBody, ResponseHead, ResponseReceiver, StreamedBody, receive_whole,
};

const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("application/vnd.amazon.eventstream");

/// The Invoke API of the functions.
pub(in crate::frontend) struct InvokeApi<'a> {
    pub(in crate::frontend) functions: &'a Functions,
    pub(in crate::frontend) network: NetworkSettings,
}

impl InvokeApi<'_> {
    /// Serves a request.
    pub(in crate::frontend) async fn serve(
        &self,
        path: &OperationPath,
        parts: &Parts,
        body: Bytes,
        mut record: RequestRecord,
    ) -> Response<CallerBody> {
        let (pool, request) = match self.read(path, parts, body) {
            Ok(read) => read,
            Err(error) => return reject(&error, record),
        };
        let received = Received {
            function: pool.name(),
            door: path.operation.door(),
            headers: &parts.headers,
            body: &request.invocation.event,
            resent_from: None,
        };
        record.invocation(&request.invocation, &received);
        let headers = headers(&request);
        match (request.invocation_type, path.operation) {
            (InvocationType::DryRun, _) => {
                record.status(StatusCode::NO_CONTENT);
                record.complete();
                response(StatusCode::NO_CONTENT, headers, empty())
            }
            (InvocationType::Event, _) => {
                record.status(StatusCode::ACCEPTED);
                let receiver = pool.invoke_in_turn(request.invocation);
                pool.spawn(discard(receiver, record));
                response(StatusCode::ACCEPTED, headers, empty())
            }
            (InvocationType::RequestResponse, operation) => {
                let with_log = request.with_log;
                let Ok(receiver) = pool.invoke(request.invocation) else {
                    return reject(&ApiError::throttled(), record);
                };
                match operation {
                    Operation::Invoke => buffered(receiver, with_log, headers, record).await,
                    Operation::InvokeWithResponseStream => {
                        let framing = Framing::EventStream { with_log };
                        streamed(self.network, receiver, framing, headers, record)
                    }
                }
            }
        }
    }

    /// Finds the function and checks the request.
    fn read(
        &self,
        path: &OperationPath,
        request: &Parts,
        body: Bytes,
    ) -> Result<(Arc<Pool>, InvokeRequest), ApiError> {
        let name = path.function_name(request)?;
        let pool = self
            .functions
            .named(&name.function)
            .ok_or_else(|| ApiError::not_found(&function_arn(&name.function)))?;
        let arn = pool.function_arn();
        let request = InvokeRequest::read(path.operation, name, request, body, &arn)?;
        Ok((Arc::clone(pool), request))
    }

    /// Returns the operation with this name in records.
    pub(in crate::frontend) fn operation(door: &str) -> Option<Operation> {
        let all = [Operation::Invoke, Operation::InvokeWithResponseStream];
        all.into_iter().find(|operation| operation.door() == door)
    }

    /// Invokes a function as an earlier request did, without its options.
    pub(in crate::frontend) async fn repeat(
        operation: Operation,
        pool: &Arc<Pool>,
        network: NetworkSettings,
        invocation: Invocation,
        record: RequestRecord,
    ) -> Response<CallerBody> {
        let Ok(receiver) = pool.invoke(invocation) else {
            return reject(&ApiError::throttled(), record);
        };
        match operation {
            Operation::Invoke => buffered(receiver, false, HeaderMap::new(), record).await,
            Operation::InvokeWithResponseStream => {
                let framing = Framing::EventStream { with_log: false };
                streamed(network, receiver, framing, HeaderMap::new(), record)
            }
        }
    }
}

fn streamed(
    network: NetworkSettings,
    receiver: ResponseReceiver,
    framing: Framing,
    mut headers: HeaderMap,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    headers.insert(CONTENT_TYPE, EVENT_STREAM);
    record.status(StatusCode::OK);
    let conditions = network.conditions(None, Instant::now());
    let paced = PacedBody::new(Bytes::new(), receiver, conditions);
    let body = StreamedBody::new(paced, framing, record);
    response(StatusCode::OK, headers, Either::Right(body))
}

/// Returns the headers of every response to an invocation.
fn headers(request: &InvokeRequest) -> HeaderMap {
    HeaderMap::from_iter([
        (EXECUTED_VERSION, value(request.function.version())),
        (REQUEST_ID, value(&request.invocation.request_id)),
    ])
}

/// Responds with the function's whole output, or with its error document.
async fn buffered(
    receiver: ResponseReceiver,
    with_log: bool,
    mut headers: HeaderMap,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    let log = receiver.log.clone();
    let result = receive_whole(Bytes::new(), receiver).await;
    record.status(StatusCode::OK);
    let body = match result {
        Ok(body) => {
            record.chunk(&body, Instant::now());
            record.complete();
            body
        }
        Err(failure) => {
            record.failed(&failure);
            headers.insert(FUNCTION_ERROR, UNHANDLED);
            failure.document
        }
    };
    if with_log {
        sleep(LOG_WINDOW).await;
        headers.insert(LOG_RESULT, value(&STANDARD.encode(log.last())));
    }
    headers.insert(CONTENT_TYPE, JSON);
    response(StatusCode::OK, headers, Either::Left(Full::new(body)))
}

/// Reads a response only to record its outcome.
async fn discard(receiver: ResponseReceiver, mut record: RequestRecord) {
    match receive_whole(Bytes::new(), receiver).await {
        Ok(body) => {
            record.chunk(&body, Instant::now());
            record.complete();
        }
        Err(failure) => record.failed(&failure),
    }
}

/// Responds with an error of the API itself.
pub(in crate::frontend) fn reject(
    error: &ApiError,
    mut record: RequestRecord,
) -> Response<CallerBody> {
    record.status(error.status);
    record.rejected(&format!("{}: {}", error.name, error.message));
    let mut response = json(error.status, error.body());
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(error.name));
    headers.insert(REQUEST_ID, value(&new_request_id()));
    if error.status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn response(status: StatusCode, headers: HeaderMap, body: CallerBody) -> Response<CallerBody> {
    let head = ResponseHead {
        status,
        reason: None,
        headers,
        warnings: Vec::new(),
        document: None,
    };
    respond(head, body)
}

fn empty() -> CallerBody {
    Either::Left(Full::default())
}

/// Converts validated text to a header value.
fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
