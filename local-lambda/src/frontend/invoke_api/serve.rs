//! The door of SDK callers: both operations of the Invoke API.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{Either, Full};
use tokio::time::{Instant, sleep};

use super::answer::Answer;
use super::body::{AnswerBody, Form, LOG_WINDOW};
use super::bootstrap::function_arn;
use super::context::new_request_id;
use super::flow::Flow;
use super::front::Front;
use super::pool::Pool;
use super::prelude::ResponseHead;
use super::record::Record;
use super::reply::whole;
use super::response::{FrontBody, json, respond};
use super::sdk::{
    ApiError, ERROR_TYPE, EVENT_STREAM, EXECUTED_VERSION, FUNCTION_ERROR, Invocation, Kind,
    LOG_RESULT, Operation, REQUEST_ID, Requested,
};

impl Front {
    /// Carries out an operation.
    pub(super) async fn serve_sdk(
        &self,
        requested: &Requested,
        request: &Parts,
        body: Bytes,
        mut record: Record,
    ) -> Response<FrontBody> {
        let (pool, invocation) = match self.read(requested, request, body) {
            Ok(read) => read,
            Err(error) => return refuse(&error, record),
        };
        record.invocation(&invocation.call.request_id);
        let headers = headers(&invocation);
        match (invocation.kind, requested.operation) {
            (Kind::DryRun, _) => {
                record.status(StatusCode::NO_CONTENT);
                record.complete();
                answered(StatusCode::NO_CONTENT, headers, empty())
            }
            (Kind::Event, _) => {
                record.status(StatusCode::ACCEPTED);
                let answer = pool.invoke_in_turn(invocation.call);
                pool.spawn(unheard(answer, record));
                answered(StatusCode::ACCEPTED, headers, empty())
            }
            (Kind::RequestResponse, operation) => {
                let with_log = invocation.with_log;
                let Ok(answer) = pool.invoke(invocation.call) else {
                    return refuse(&ApiError::throttled(), record);
                };
                match operation {
                    Operation::Invoke => buffered(answer, with_log, headers, record).await,
                    Operation::InvokeWithResponseStream => {
                        let form = Form::EventStream { with_log };
                        self.stream_frames(answer, form, headers, record)
                    }
                }
            }
        }
    }

    /// Finds the function and checks the request.
    fn read(
        &self,
        requested: &Requested,
        request: &Parts,
        body: Bytes,
    ) -> Result<(Arc<Pool>, Invocation), ApiError> {
        let target = requested.target(request)?;
        let functions = self.functions.now();
        let pool = functions
            .named(&target.function)
            .ok_or_else(|| ApiError::not_found(&function_arn(&target.function)))?;
        let arn = pool.function_arn();
        let invocation = Invocation::read(requested.operation, target, request, body, &arn)?;
        Ok((Arc::clone(pool), invocation))
    }

    fn stream_frames(
        &self,
        answer: Answer,
        form: Form,
        mut headers: HeaderMap,
        mut record: Record,
    ) -> Response<FrontBody> {
        headers.insert(CONTENT_TYPE, EVENT_STREAM);
        record.status(StatusCode::OK);
        let link = self.setup.conditions.link(None, Instant::now());
        let flow = Flow::new(Bytes::new(), answer, link);
        let body = AnswerBody::new(flow, form, record);
        answered(StatusCode::OK, headers, Either::Right(body))
    }
}

/// What every answer says about its invocation.
fn headers(invocation: &Invocation) -> HeaderMap {
    HeaderMap::from_iter([
        (EXECUTED_VERSION, text(invocation.target.version())),
        (REQUEST_ID, text(&invocation.call.request_id)),
    ])
}

/// Answers with everything the function wrote, or with its error document.
async fn buffered(
    answer: Answer,
    with_log: bool,
    mut headers: HeaderMap,
    mut record: Record,
) -> Response<FrontBody> {
    let log = answer.log.clone();
    let result = whole(Bytes::new(), answer).await;
    record.status(StatusCode::OK);
    let body = match result {
        Ok(body) => {
            record.chunk(body.len());
            record.complete();
            body
        }
        Err(failure) => {
            record.failed(&failure);
            headers.insert(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"));
            failure.document
        }
    };
    if with_log {
        sleep(LOG_WINDOW).await;
        headers.insert(LOG_RESULT, text(&STANDARD.encode(log.last())));
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answered(StatusCode::OK, headers, Either::Left(Full::new(body)))
}

fn answered(status: StatusCode, headers: HeaderMap, body: FrontBody) -> Response<FrontBody> {
    let head = ResponseHead {
        status,
        reason: None,
        headers,
        warnings: Vec::new(),
    };
    respond(head, body)
}

/// Waits for an answer that nobody reads, for the terminal.
async fn unheard(answer: Answer, mut record: Record) {
    match whole(Bytes::new(), answer).await {
        Ok(body) => {
            record.chunk(body.len());
            record.complete();
        }
        Err(failure) => record.failed(&failure),
    }
}

pub(super) fn refuse(error: &ApiError, mut record: Record) -> Response<FrontBody> {
    record.status(error.status);
    record.refused(&format!("{}: {}", error.name, error.message));
    let mut response = json(error.status, error.body());
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(error.name));
    headers.insert(REQUEST_ID, text(&new_request_id()));
    if error.status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn empty() -> FrontBody {
    Either::Left(Full::default())
}

/// A value made of what was checked before.
fn text(value: &str) -> HeaderValue {
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""))
}
