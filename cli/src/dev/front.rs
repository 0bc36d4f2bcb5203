//! The caller's side: HTTP in, an event to the function, its answer back.
//!
//! This file finds the door and takes the request in. What a door makes of it is `door.rs`; the
//! Invoke API is `sdk_door.rs`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::answer::{Answer, Failure, ResponseMode};
use super::body::{AnswerBody, Form};
use super::buffered::unfold;
use super::context::{new_request_id, trace};
use super::door::{Door, SERVICE_TIMEOUT};
use super::event::Origin;
use super::flow::Flow;
use super::functions::{AtPath, Functions};
use super::http_server::Handler;
use super::link::Conditions;
use super::pool::{Call, Pool};
use super::prelude::ResponseHead;
use super::record::Record;
use super::reply::{self, Reply};
use super::sdk::{FUNCTION_ERROR, Requested};
use crate::printer::Printer;

/// What Lambda accepts as an event, in bytes: 6 MiB, and 100 bytes that its emulator has too.
pub(crate) const EVENT_LIMIT_BYTES: usize = 6 * 1024 * 1024 + 100;

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

pub(super) type FrontBody = Either<Full<Bytes>, AnswerBody>;

/// Where a request goes.
#[derive(Debug)]
enum Route {
    /// `POST /invoke`: the body is the event.
    Invoke,
    Door(Door),
    Sdk(Requested),
    /// To a function that is not there.
    Nowhere(String),
}

impl Handler for Front {
    type Body = FrontBody;

    async fn handle(self, request: Request<Incoming>, peer: IpAddr) -> Response<FrontBody> {
        let (mut parts, body) = request.into_parts();
        let request = format!("{} {}", parts.method, parts.uri.path());
        let mut record = Record::start(self.printer, request);
        let (pool, route) = self.route(&mut parts);
        let body = match Limited::new(body, EVENT_LIMIT_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(cause) => return refuse_body(cause.is::<LengthLimitError>(), record),
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
                    return refuse_body(true, record);
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

/// How a failure is told to the caller.
struct Ending {
    record: Record,
    /// With the error document, or with the page of the service.
    document: bool,
}

impl Ending {
    fn document(record: Record) -> Self {
        Self {
            record,
            document: true,
        }
    }

    fn page(record: Record) -> Self {
        Self {
            record,
            document: false,
        }
    }
}

impl Front {
    /// Finds the function and the door, and takes their names off the path.
    fn route(&self, parts: &mut Parts) -> (Arc<Pool>, Route) {
        let target = target(parts);
        let pool = match self.functions.at_path(&target) {
            AtPath::Unnamed => self.functions.first(),
            AtPath::Found(pool, rest) => {
                shorten(parts, rest);
                pool
            }
            AtPath::Missing(name) => {
                let route = Route::Nowhere(name.to_owned());
                return (Arc::clone(self.functions.first()), route);
            }
        };
        (Arc::clone(pool), self.route_to_door(parts))
    }

    fn route_to_door(&self, parts: &mut Parts) -> Route {
        if parts.method == Method::POST && parts.uri.path() == "/invoke" {
            return Route::Invoke;
        }
        if let Some(requested) = Requested::recognise(parts) {
            return Route::Sdk(requested);
        }
        match Door::named_by(&target(parts)) {
            Some((door, rest)) => {
                shorten(parts, rest);
                Route::Door(door)
            }
            None => Route::Door(self.door),
        }
    }

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

/// Answers with a whole body.
fn whole(head: ResponseHead, body: Bytes, mut record: Record) -> Response<FrontBody> {
    record.status(head.status);
    record.chunk(body.len());
    record.complete();
    respond(head.status, head.headers, Either::Left(Full::new(body)))
}

/// Answers for an invocation that failed before its head.
fn failed(door: Door, failure: &Failure, ending: Ending) -> Response<FrontBody> {
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

fn refuse_body(too_large: bool, mut record: Record) -> Response<FrontBody> {
    let (status, failure) = if too_large {
        let message = format!("an event has at most {EVENT_LIMIT_BYTES} bytes");
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            Failure::new("RequestEntityTooLarge", message),
        )
    } else {
        let message = "the request ended before it was complete";
        (
            StatusCode::BAD_REQUEST,
            Failure::new("TruncatedHTTPRequest", message),
        )
    };
    record.status(status);
    record.failed(&failure);
    json(status, failure.document)
}

/// Answers for a function that is not there.
fn missing(name: &str, mut record: Record) -> Response<FrontBody> {
    record.status(StatusCode::NOT_FOUND);
    record.refused(&format!("there is no function `{name}`"));
    let body = Bytes::from_static(b"{\"message\":\"Not Found\"}");
    json(StatusCode::NOT_FOUND, body)
}

fn target(parts: &Parts) -> String {
    let target = parts.uri.path_and_query();
    target.map_or("/", PathAndQuery::as_str).to_owned()
}

/// Takes the names off the front of a path.
fn shorten(parts: &mut Parts, rest: &str) {
    let slash = if rest.starts_with('/') { "" } else { "/" };
    // What was the end of a path is one.
    if let Ok(uri) = Uri::try_from(format!("{slash}{rest}")) {
        parts.uri = uri;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

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
