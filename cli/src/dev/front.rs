//! The caller's side: HTTP in, an event to the function, its answer back.
//!
//! `guard.rs` decides who is served, `route.rs` finds the door, `door.rs` tells what it makes of a request and an answer, `body.rs` and
//! `response.rs` are what the caller gets. The Invoke API is `sdk_door.rs`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use lambda_protocol::headers::{CLIENT_CONTEXT, COGNITO_IDENTITY, TENANT_ID, TRACE_ID};
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use tokio::time::{Instant, timeout};

use super::answer::Failure;
use super::body::{AnswerBody, Form};
use super::context::{new_request_id, trace, traced};
use super::cors::Cors;
use super::door::{Door, Refusal, SERVICE_TIMEOUT};
use super::event::caller::Caller;
use super::event::{Origin, Stage};
use super::flow::Flow;
use super::functions::LiveFunctions;
use super::guard::{HostName, check_host, check_origin};
use super::http_server::Handler;
use super::intake::{NotTaken, take_in};
use super::link::{Conditions, Link};
use super::opened::{Opened, open, open_as};
use super::pool::{Call, Pool};
use super::record::Record;
use super::reply::Reply;
use super::response::{
    Ending, FrontBody, failed, missing, preflight, refuse_body, refuse_event, refused, respond,
    unwelcome, whole,
};
use super::route::Route;
use super::sdk::{ApiError, json_event};
use super::sdk_door::refuse;
use crate::printer::{Printer, Tone};

/// Headers of `POST /invoke` that become part of the function's context, under the same name.
const CONTEXT_HEADERS: [HeaderName; 4] = [TENANT_ID, CLIENT_CONTEXT, COGNITO_IDENTITY, TRACE_ID];

/// What is set for all functions.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The door at `/`.
    pub(crate) door: Door,
    pub(crate) conditions: Conditions,
    /// Names of this server, beside those it has anyway.
    pub(crate) allowed_hosts: Vec<HostName>,
    pub(crate) stage: Stage,
    /// The setting of function URLs.
    pub(crate) cors: Option<Cors>,
}

/// Answers callers.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) functions: Arc<LiveFunctions>,
    pub(crate) printer: Printer,
    pub(crate) setup: Arc<Setup>,
}

impl Handler for Front {
    type Body = FrontBody;

    /// AWS counts the bytes of headers, and not the headers. A load balancer takes the most, 64 KiB: so many
    /// such as `x-1: 1`. Twice as many would take 30 microseconds more of each request.
    const MOST_HEADERS: usize = 64 * 1024 / "x-1: 1\r\n".len();

    async fn handle(self, request: Request<Incoming>, peer: IpAddr) -> Response<FrontBody> {
        let (mut parts, body) = request.into_parts();
        let request = format!("{} {}", parts.method, parts.uri.path());
        let mut record = Record::start(self.printer, request);
        let is_welcome = check_host(&parts, &self.setup.allowed_hosts);
        let (pool, route) = self.route(&mut parts);
        let is_welcome = is_welcome.and_then(|()| match route {
            // What a browser may send to AWS, it may send here.
            Route::Door(_) | Route::Nowhere(_) => Ok(()),
            Route::Invoke | Route::Sdk(_) => check_origin(&parts.headers),
        });
        let taken = take_in(body, PAYLOAD_LIMIT_BYTES).await;
        if let Err(reason) = is_welcome {
            return match route {
                Route::Sdk(_) => refuse(&ApiError::denied(reason.to_string()), record),
                _ => unwelcome(&reason, record),
            };
        }
        let body = match (taken, &route) {
            (Ok(body), _) => body,
            (Err(NotTaken::TooLarge(_)), Route::Sdk(_)) => {
                return refuse(&ApiError::too_large(PAYLOAD_LIMIT_BYTES), record);
            }
            (Err(reason), _) => return refuse_body(&reason, PAYLOAD_LIMIT_BYTES, record),
        };
        let visit = |door| Visit {
            door,
            pool: &pool,
            request: &parts,
        };
        match route {
            Route::Invoke => {
                let call = match invoke_call(&parts.headers, body) {
                    Ok(call) => call,
                    Err(error) => return refuse_event(&error, record),
                };
                record.invocation(&call.request_id);
                let ending = Ending::document(record);
                self.invoke(&visit(Door::Url), call, ending).await
            }
            Route::Door(door) => self.knock(&visit(door), &body, peer, record).await,
            Route::Sdk(requested) => self.serve_sdk(&requested, &parts, body, record).await,
            Route::Nowhere(name) => missing(&name, record),
        }
    }

    fn unreadable(&self, peer: IpAddr, error: &hyper::Error) {
        let text = format!("refused what {peer} sent: {error}");
        self.printer.message(Tone::Bad, &text);
    }
}

/// A request at the door of a function.
struct Visit<'a> {
    door: Door,
    pool: &'a Arc<Pool>,
    request: &'a Parts,
}

impl Front {
    /// Answers a request the way the service at the door does.
    async fn knock(
        &self,
        visit: &Visit<'_>,
        body: &Bytes,
        peer: IpAddr,
        mut record: Record,
    ) -> Response<FrontBody> {
        let Visit { door, request, .. } = *visit;
        let Setup {
            conditions, cors, ..
        } = &*self.setup;
        let cors = cors.as_ref().filter(|_| door == Door::Url);
        if let Some((refusal, reason)) = self.turned_away(door, request) {
            record.status(refusal.status);
            record.refused(&reason);
            return refused(&refusal);
        }
        if let Some(headers) = cors.and_then(|cors| cors.preflight(request)) {
            return preflight(headers, record);
        }
        if let Some(limit) = conditions.body_limit(door)
            && body.len() > limit
        {
            return refuse_body(&NotTaken::TooLarge(body.len()), limit, record);
        }
        let call = self.door_call(door, request, body, peer);
        record.invocation(&call.request_id);
        record.warn(door.warning(body).as_slice());
        if call.event.len() > PAYLOAD_LIMIT_BYTES {
            // Base64 and the quotes of JSON make a body larger.
            let reason = NotTaken::TooLarge(call.event.len());
            return refuse_body(&reason, PAYLOAD_LIMIT_BYTES, record);
        }
        let request_id = HeaderValue::try_from(call.request_id.as_str());
        let mut response = self.through(visit, call, Ending::page(record)).await;
        if let (Some(name), Ok(id)) = (door.request_id_header(), request_id) {
            response.headers_mut().insert(name, id);
        }
        if let Some(cors) = cors {
            cors.add_to(response.headers_mut(), &request.headers);
        }
        response
    }

    /// What the service answers in place of the function, and why.
    fn turned_away(&self, door: Door, request: &Parts) -> Option<(Refusal, String)> {
        let refused = door.turns_away(request);
        let refused = refused.map(|(refusal, reason)| (refusal, reason.to_owned()));
        refused.or_else(|| {
            let has_limits = self.setup.conditions.limits.hold();
            door.refuses_head(request).filter(|_| has_limits)
        })
    }

    fn door_call(&self, door: Door, parts: &Parts, body: &Bytes, peer: IpAddr) -> Call {
        let origin = Origin {
            request_id: new_request_id(),
            peer,
            trace: trace(&parts.headers),
            now: SystemTime::now(),
            stage: self.setup.stage.clone(),
        };
        let event = door.event(parts, body, &origin).to_string();
        Call {
            request_id: origin.request_id,
            event: event.into(),
            headers: traced(origin.trace),
        }
    }

    /// Invokes, and passes the answer on the way the door does.
    async fn through(&self, visit: &Visit<'_>, call: Call, ending: Ending) -> Response<FrontBody> {
        let door = visit.door;
        let began = Instant::now();
        let answer = match visit.pool.invoke(call) {
            Ok(answer) => answer,
            Err(failure) => return failed(door, &failure, ending),
        };
        let opening = open(answer, door, self.setup.conditions.body_limit(door));
        let opened = match self.setup.conditions.patience(door) {
            Some(patience) => timeout(self.setup.conditions.clock.real(patience), opening)
                .await
                .unwrap_or_else(|_| Err(out_of_patience(patience))),
            None => opening.await,
        };
        let link = self.setup.conditions.link(Some(door), began);
        self.pass_on(visit, opened, link, ending)
    }

    /// Invokes with an event as it is, and answers as its sender would be answered.
    async fn invoke(&self, visit: &Visit<'_>, call: Call, ending: Ending) -> Response<FrontBody> {
        let caller = Caller::of(&call.event);
        let opened = match visit.pool.invoke(call) {
            Ok(answer) => open_as(caller, answer).await,
            Err(failure) => Err(failure),
        };
        let link = self.setup.conditions.link(None, Instant::now());
        self.pass_on(visit, opened, link, ending)
    }

    fn pass_on(
        &self,
        visit: &Visit<'_>,
        opened: Result<Opened, Failure>,
        link: Link,
        ending: Ending,
    ) -> Response<FrontBody> {
        match opened {
            Ok(Opened::Stream(reply)) => self.stream(visit, reply, link, ending.record),
            Ok(Opened::Whole(head, body)) => whole(head, body, ending.record),
            Err(failure) => failed(visit.door, &failure, ending),
        }
    }

    fn stream(
        &self,
        visit: &Visit<'_>,
        reply: Reply,
        link: Link,
        mut record: Record,
    ) -> Response<FrontBody> {
        let mut head = reply.head;
        record.warn(&head.warnings);
        record.status(head.status);
        let flow = Flow::new(reply.first, reply.rest, link);
        let mut body = AnswerBody::new(flow, Form::Bytes, record);
        let encoding = head.headers.get(CONTENT_ENCODING);
        if visit.door.undoes_gzip() && encoding.is_some_and(is_gzip) {
            head.headers.remove(CONTENT_ENCODING);
            body = body.gunzipped();
        }
        let bodyless = visit.request.method == Method::HEAD
            || matches!(
                head.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let body = if bodyless {
            visit.pool.spawn(body.drain());
            Either::Left(Full::default())
        } else {
            Either::Right(body)
        };
        respond(head, body)
    }
}

fn is_gzip(encoding: &HeaderValue) -> bool {
    encoding.as_bytes().eq_ignore_ascii_case(b"gzip")
}

fn out_of_patience(patience: Duration) -> Failure {
    let message = format!("the service waits {} seconds at most", patience.as_secs());
    Failure::new(SERVICE_TIMEOUT, message)
}

fn invoke_call(headers: &HeaderMap, body: Bytes) -> Result<Call, ApiError> {
    let mut context = traced(trace(headers));
    for name in CONTEXT_HEADERS {
        if let Some(value) = headers.get(&name) {
            context.insert(name, value.clone());
        }
    }
    Ok(Call {
        request_id: new_request_id(),
        event: json_event(body)?,
        headers: context,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_body_is_an_empty_event() {
        let call = invoke_call(&HeaderMap::new(), Bytes::new()).unwrap();

        assert_eq!(call.event, "{}");
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

        let call = invoke_call(&headers, Bytes::new()).unwrap();

        assert_eq!(call.headers["lambda-runtime-trace-id"], "Root=1");
        assert_eq!(call.headers["lambda-runtime-aws-tenant-id"], "t");
        assert_eq!(call.headers.len(), 2);
    }
}
