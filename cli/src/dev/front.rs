//! The caller's side: HTTP in, an event to the function, its answer back.
//!
//! `route.rs` finds the door, `door.rs` tells what it makes of a request and an answer, `body.rs` and
//! `response.rs` are what the caller gets. The Invoke API is `sdk_door.rs`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::answer::{Answer, Failure, ResponseMode};
use super::body::{AnswerBody, Form};
use super::buffered::unfold;
use super::context::{new_request_id, trace};
use super::door::{Door, SERVICE_TIMEOUT};
use super::event::Origin;
use super::flow::Flow;
use super::functions::Functions;
use super::http_server::Handler;
use super::intake::{EVENT_LIMIT_BYTES, NotTaken, take_in};
use super::link::Conditions;
use super::pool::Call;
use super::prelude::ResponseHead;
use super::record::Record;
use super::reply::{self, Reply};
use super::response::{Ending, FrontBody, failed, missing, refuse_body, respond, whole};
use super::route::Route;
use super::sdk::ApiError;
use super::sdk_door::refuse;
use crate::printer::Printer;

/// Headers of `POST /invoke` that become part of the function's context, under the same name.
const CONTEXT_HEADERS: [&str; 4] = [
    "lambda-runtime-aws-tenant-id",
    "lambda-runtime-client-context",
    "lambda-runtime-cognito-identity",
    "lambda-runtime-trace-id",
];

/// Answers callers.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) functions: Arc<Functions>,
    pub(crate) printer: Printer,
    /// The door at `/`.
    pub(crate) door: Door,
    pub(crate) conditions: Conditions,
}

impl Handler for Front {
    type Body = FrontBody;

    async fn handle(self, request: Request<Incoming>, peer: IpAddr) -> Response<FrontBody> {
        let (mut parts, body) = request.into_parts();
        let request = format!("{} {}", parts.method, parts.uri.path());
        let mut record = Record::start(self.printer, request);
        let (pool, route) = self.route(&mut parts);
        let body = match (take_in(body).await, &route) {
            (Ok(body), _) => body,
            (Err(NotTaken::TooLarge), Route::Sdk(_)) => {
                return refuse(&ApiError::too_large(EVENT_LIMIT_BYTES), record);
            }
            (Err(reason), _) => return refuse_body(reason, record),
        };
        match route {
            Route::Invoke => {
                let call = invoke_call(&parts.headers, body);
                record.invocation(&call.request_id);
                let answer = pool.invoke(call);
                self.through(Door::Url, answer, &parts.method, Ending::document(record))
                    .await
            }
            Route::Door(door) => {
                let call = door_call(door, &parts, &body, peer);
                record.invocation(&call.request_id);
                if call.event.len() > EVENT_LIMIT_BYTES {
                    // Base64 and the quotes of JSON make a body larger.
                    return refuse_body(NotTaken::TooLarge, record);
                }
                let answer = pool.invoke(call);
                self.through(door, answer, &parts.method, Ending::page(record))
                    .await
            }
            Route::Sdk(requested) => self.serve_sdk(&requested, &parts, body, record).await,
            Route::Nowhere(name) => missing(&name, record),
        }
    }
}

impl Front {
    /// Passes an answer on the way `door` does.
    async fn through(
        &self,
        door: Door,
        answer: Answer,
        method: &Method,
        ending: Ending,
    ) -> Response<FrontBody> {
        let opened = match self.conditions.patience(door) {
            Some(limit) => timeout(limit, open(answer, door))
                .await
                .unwrap_or_else(|_| Err(Failure::new(SERVICE_TIMEOUT, "nobody waited longer"))),
            None => open(answer, door).await,
        };
        match opened {
            Ok(Opened::Stream(reply)) => self.stream(door, reply, method, ending.record),
            Ok(Opened::Whole(head, body)) => whole(head, body, ending.record),
            Err(failure) => failed(door, &failure, ending),
        }
    }

    fn stream(
        &self,
        door: Door,
        reply: Reply,
        method: &Method,
        mut record: Record,
    ) -> Response<FrontBody> {
        let ResponseHead { status, headers } = reply.head;
        record.status(status);
        let flow = Flow::new(reply.first, reply.rest, self.conditions.link(Some(door)));
        let body = AnswerBody::new(flow, Form::Bytes, record);
        let bodyless = method == Method::HEAD
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body = if bodyless {
            // Any pool will do: it only owns the task.
            self.functions.first().spawn(body.drain());
            Either::Left(Full::default())
        } else {
            Either::Right(body)
        };
        respond(status, headers, body)
    }
}

/// An answer whose head is known.
enum Opened {
    Stream(Reply),
    Whole(ResponseHead, Bytes),
}

/// Waits for as much of an answer as `door` wants before it answers.
async fn open(answer: Answer, door: Door) -> Result<Opened, Failure> {
    let reply = reply::open(answer, door).await?;
    match reply.mode {
        ResponseMode::Streaming if door.streams() => Ok(Opened::Stream(reply)),
        ResponseMode::Streaming => {
            let head = reply.head.clone();
            Ok(Opened::Whole(head, reply.whole().await?))
        }
        ResponseMode::Buffered => {
            let head = reply.head.clone();
            let body = reply.whole().await?;
            let unfolded = unfold(&body, door)
                .map_err(|message| Failure::new("Runtime.InvalidResponse", message))?;
            let (head, body) = unfolded.unwrap_or((head, body));
            Ok(Opened::Whole(head, body))
        }
    }
}

fn invoke_call(headers: &HeaderMap, body: Bytes) -> Call {
    let mut context = trace(headers);
    for name in CONTEXT_HEADERS {
        if let Some(value) = headers.get(name) {
            context.insert(name, value.clone());
        }
    }
    // Lambda delivers an empty document for an empty body.
    let event = if body.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        body
    };
    Call {
        request_id: new_request_id(),
        event,
        headers: context,
    }
}

fn door_call(door: Door, parts: &Parts, body: &Bytes, peer: IpAddr) -> Call {
    let origin = Origin {
        request_id: new_request_id(),
        peer,
        now: SystemTime::now(),
    };
    let event = door.event(parts, body, &origin).to_string();
    Call {
        request_id: origin.request_id,
        event: event.into(),
        headers: trace(&parts.headers),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    #[test]
    fn an_empty_body_is_an_empty_event() {
        assert_eq!(invoke_call(&HeaderMap::new(), Bytes::new()).event, "{}");
    }

    #[test]
    fn the_caller_may_set_the_context() {
        let headers = HeaderMap::from_iter([
            (
                HeaderName::from_static("x-amzn-trace-id"),
                HeaderValue::from_static("Root=1"),
            ),
            (
                HeaderName::from_static("lambda-runtime-aws-tenant-id"),
                HeaderValue::from_static("t"),
            ),
            (
                HeaderName::from_static("host"),
                HeaderValue::from_static("h"),
            ),
        ]);

        let call = invoke_call(&headers, Bytes::new());

        assert_eq!(call.headers["lambda-runtime-trace-id"], "Root=1");
        assert_eq!(call.headers["lambda-runtime-aws-tenant-id"], "t");
        assert_eq!(call.headers.len(), 2);
    }
}
