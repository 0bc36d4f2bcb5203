//! The routes of the Runtime API, and where the runtime is between two invocations.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::body::{buffer, failure_of, stream, text_header};
use super::replies::{Reply, accepted, error, only, text, unknown_id};
use crate::dev::answer::{Failure, Part, ResponseMode, Verdict};
use crate::dev::http_server::Handler;

const BASE_PATH: &str = "/2018-06-01/runtime/";
const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");

/// An invocation on its way to the runtime.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The headers of the answer to `next`.
    pub(crate) headers: HeaderMap,
    pub(crate) event: Bytes,
    pub(crate) invocation: Invocation,
}

/// The invocation that the runtime has to answer.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) verdict: oneshot::Sender<Verdict>,
}

/// Where the runtime is.
#[derive(Debug)]
pub(crate) enum Phase {
    /// It has not asked for an invocation yet.
    Starting,
    /// It reported that it cannot start.
    InitFailed(Failure),
    /// It waits for an invocation.
    Waiting,
    /// It has an invocation and has not begun to answer.
    Invoking(Invocation),
    /// It is sending its response.
    Responding,
    /// It has answered and has not asked for the next invocation yet.
    Answered,
}

/// The Runtime API of one environment, shared by its connections.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    phase: watch::Sender<Phase>,
    deliveries: Mutex<mpsc::Receiver<Delivery>>,
}

impl Handler for Arc<RuntimeApi> {
    type Body = Full<Bytes>;

    async fn handle(self, request: Request<Incoming>, _peer: IpAddr) -> Reply {
        self.route(request).await
    }
}

impl RuntimeApi {
    pub(crate) fn new(deliveries: mpsc::Receiver<Delivery>) -> (Arc<Self>, watch::Receiver<Phase>) {
        let (phase, phases) = watch::channel(Phase::Starting);
        (
            Arc::new(Self {
                phase,
                deliveries: Mutex::new(deliveries),
            }),
            phases,
        )
    }

    async fn route(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        if path == "/2018-06-01/ping" {
            return only(&Method::GET, &request).unwrap_or_else(|| text(StatusCode::OK, "pong"));
        }
        let route = path.strip_prefix(BASE_PATH).unwrap_or_default();
        match route.split('/').collect::<Vec<_>>().as_slice() {
            ["invocation", "next"] => match only(&Method::GET, &request) {
                Some(refusal) => refusal,
                None => self.next().await,
            },
            ["invocation", id, "response"] => match only(&Method::POST, &request) {
                Some(refusal) => refusal,
                None => self.response(&decoded(id), request).await,
            },
            ["invocation", id, "error"] => match only(&Method::POST, &request) {
                Some(refusal) => refusal,
                None => self.error(&decoded(id), request).await,
            },
            ["init", "error"] => match only(&Method::POST, &request) {
                Some(refusal) => refusal,
                None => self.init_error(request).await,
            },
            _ => text(StatusCode::NOT_FOUND, "404 page not found"),
        }
    }

    async fn next(&self) -> Reply {
        let allowed = self.phase.send_if_modified(|phase| match phase {
            Phase::Starting | Phase::InitFailed(_) | Phase::Waiting | Phase::Answered => {
                *phase = Phase::Waiting;
                true
            }
            Phase::Invoking(_) | Phase::Responding => false,
        });
        if !allowed {
            return error(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "State transition from Running to Ready failed for runtime. \
                 Error: State transition is not allowed",
            );
        }
        let Some(delivery) = self.deliveries.lock().await.recv().await else {
            return error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                "shutting down",
            );
        };
        // No await since the delivery was taken: it cannot get lost here.
        self.phase
            .send_replace(Phase::Invoking(delivery.invocation));
        let mut reply = Response::new(Full::new(delivery.event));
        *reply.headers_mut() = delivery.headers;
        reply
    }

    async fn response(&self, id: &str, request: Request<Incoming>) -> Reply {
        let Some((invocation, responding)) = self.begin(id) else {
            return unknown_id();
        };
        let (head, body) = request.into_parts();
        let mode = match head.headers.get(RESPONSE_MODE).map(HeaderValue::as_bytes) {
            None => ResponseMode::Buffered,
            Some(b"streaming") => ResponseMode::Streaming,
            Some(_) => {
                let failure = Failure::new(
                    "Runtime.InvalidResponseModeHeader",
                    "the runtime asked for a response mode that does not exist",
                );
                responding.settle(Err(failure));
                let message = "Invalid function response mode";
                return error(
                    StatusCode::BAD_REQUEST,
                    "InvalidFunctionResponseMode",
                    message,
                );
            }
        };
        let content_type = text_header(&head.headers, &CONTENT_TYPE);
        // Nobody may be listening any more: the response is read to its end all the same.
        let _ = invocation.send(Part::Head { mode, content_type }).await;
        let (verdict, reply) = match mode {
            ResponseMode::Streaming => stream(body, &head.headers, &invocation).await,
            ResponseMode::Buffered => buffer(body, &invocation).await,
        };
        drop(invocation);
        responding.settle(verdict);
        reply
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> Reply {
        let Some((_, responding)) = self.begin(id) else {
            return unknown_id();
        };
        match failure_of(request).await {
            Ok(failure) => {
                responding.settle(Err(failure));
                accepted()
            }
            Err(reply) => reply,
        }
    }

    async fn init_error(&self, request: Request<Incoming>) -> Reply {
        let failure = match failure_of(request).await {
            Ok(failure) => failure,
            Err(reply) => return reply,
        };
        let starting = self.phase.send_if_modified(|phase| {
            let starting = matches!(phase, Phase::Starting);
            if starting {
                *phase = Phase::InitFailed(failure);
            }
            starting
        });
        if starting {
            accepted()
        } else {
            error(
                StatusCode::FORBIDDEN,
                "InvalidStateTransition",
                "State transition to InitError failed for runtime. \
                 Error: State transition is not allowed",
            )
        }
    }

    /// Takes the invocation for whoever answers it first.
    fn begin(&self, id: &str) -> Option<(mpsc::Sender<Part>, Responding<'_>)> {
        let mut taken = None;
        self.phase.send_if_modified(|phase| {
            let asked = matches!(phase, Phase::Invoking(current) if current.request_id == id);
            if asked && let Phase::Invoking(current) = std::mem::replace(phase, Phase::Responding) {
                taken = Some(current);
            }
            asked
        });
        let Invocation { parts, verdict, .. } = taken?;
        Some((
            parts,
            Responding {
                api: self,
                verdict: Some(verdict),
            },
        ))
    }
}

/// An answer in progress. Dropping it, as when the connection breaks, is a failure.
struct Responding<'a> {
    api: &'a RuntimeApi,
    verdict: Option<oneshot::Sender<Verdict>>,
}

impl Responding<'_> {
    fn settle(mut self, verdict: Verdict) {
        self.tell(verdict);
    }

    fn tell(&mut self, verdict: Verdict) {
        if let Some(sender) = self.verdict.take() {
            self.api.phase.send_replace(Phase::Answered);
            // The environment may be gone.
            let _ = sender.send(verdict);
        }
    }
}

impl Drop for Responding<'_> {
    fn drop(&mut self) {
        self.tell(Err(Failure::truncated()));
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
