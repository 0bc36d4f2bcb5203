//! The routes of the Runtime API, and which of them are allowed in each state.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use lambda_protocol::headers::{
    ANNOUNCED_TRAILERS_TEXT, INVOCATION_ID, RESPONSE_MODE, RESPONSE_MODE_STREAMING,
};
use percent_encoding::percent_decode_str;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::bodies::{buffer, failure_of, stream, text_header};
use super::credentials::credentials;
use super::phase::{PendingResponse, Phase, Reaction};
use super::replies::{ApiResponse, error, not_allowed, only, text, unknown_id};
use crate::credentials::{CREDENTIALS_PATH, CredentialsEndpoint};
use crate::failure::Failure;
use crate::guard::check_runtime;
use crate::http_server::Handler;
use crate::invocation::Invocation;
use crate::observer::{Observer, Report};
use crate::response::{Outcome, Part, ResponseMode};

const BASE_PATH: &str = "/2018-06-01/runtime/";

/// An invocation for the runtime, and the destination of its response.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) invocation: Invocation,
    pub(crate) response: PendingResponse,
}

/// The Runtime API of one environment, shared by its connections.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    phase: watch::Sender<Phase>,
    deliveries: Mutex<mpsc::Receiver<Delivery>>,
    observer: Observer,
    /// The credentials of the function, if it is given any.
    credentials: Option<CredentialsEndpoint>,
}

impl Handler for Arc<RuntimeApi> {
    type Body = Full<Bytes>;

    async fn handle(self, request: Request<Incoming>, _peer: IpAddr) -> ApiResponse {
        self.route(request).await
    }
}

impl RuntimeApi {
    pub(crate) fn new(
        deliveries: mpsc::Receiver<Delivery>,
        observer: Observer,
        credentials: Option<CredentialsEndpoint>,
    ) -> (Arc<Self>, watch::Receiver<Phase>) {
        let (phase, phases) = watch::channel(Phase::Starting);
        (
            Arc::new(Self {
                phase,
                deliveries: Mutex::new(deliveries),
                observer,
                credentials,
            }),
            phases,
        )
    }

    async fn route(&self, request: Request<Incoming>) -> ApiResponse {
        if let Err(denial) = check_runtime(request.headers()) {
            return error(StatusCode::FORBIDDEN, "AccessDenied", denial.reason());
        }
        let path = request.uri().path().to_owned();
        if path == "/2018-06-01/ping" {
            return only(&Method::GET, &request).unwrap_or_else(|| text(StatusCode::OK, "pong"));
        }
        if path == CREDENTIALS_PATH {
            return match only(&Method::GET, &request) {
                Some(refusal) => refusal,
                None => {
                    let endpoint = self.credentials.as_ref();
                    credentials(endpoint, request.headers(), &self.observer).await
                }
            };
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

    async fn next(&self) -> ApiResponse {
        let mut refusal = None;
        self.phase.send_if_modified(|phase| match phase {
            Phase::Starting | Phase::Waiting | Phase::Responded { .. } => {
                *phase = Phase::Waiting;
                true
            }
            Phase::InitFailed(_) | Phase::Invoking(_) | Phase::Responding { .. } => {
                refusal = Some(not_allowed(phase.state(), "Ready"));
                false
            }
        });
        if let Some(refusal) = refusal {
            return refusal;
        }
        let Some(delivery) = self.deliveries.lock().await.recv().await else {
            return error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                "shutting down",
            );
        };
        // No await since the delivery was received, so it cannot be lost.
        let Delivery {
            invocation,
            response,
        } = delivery;
        self.phase.send_replace(Phase::Invoking(response));
        let mut next = Response::new(Full::new(invocation.event));
        *next.headers_mut() = invocation.headers;
        next
    }

    async fn response(&self, id: &str, request: Request<Incoming>) -> ApiResponse {
        let (head, body) = request.into_parts();
        let (parts, responding) = match self.begin(id, Reaction::Response, &head.headers) {
            Ok(begun) => begun,
            Err(refusal) => return *refusal,
        };
        let mode = match head.headers.get(RESPONSE_MODE) {
            None => ResponseMode::Buffered,
            Some(mode) if mode == RESPONSE_MODE_STREAMING => ResponseMode::Streaming,
            Some(_) => {
                let failure = Failure::new(
                    "Runtime.InvalidResponseModeHeader",
                    "the runtime asked for a response mode that does not exist",
                );
                responding.end(Err(failure));
                let message = "Invalid function response mode";
                return error(
                    StatusCode::BAD_REQUEST,
                    "InvalidFunctionResponseMode",
                    message,
                );
            }
        };
        let content_type = text_header(&head.headers, &CONTENT_TYPE);
        // The reader may be gone: the response is still read to its end.
        let _ = parts.send(Part::Head { mode, content_type }).await;
        let received = match mode {
            ResponseMode::Streaming => stream(body, &head.headers, &parts).await,
            ResponseMode::Buffered => buffer(body, &parts).await,
        };
        self.warn_of_dropped(id, &received.unannounced);
        drop(parts);
        responding.end(received.outcome);
        received.reply
    }

    /// Warns about a failure that does not reach Lambda.
    fn warn_of_dropped(&self, id: &str, trailers: &[HeaderName]) {
        if trailers.is_empty() {
            return;
        }
        let names: Vec<_> = trailers.iter().map(HeaderName::as_str).collect();
        let text = format!(
            "the runtime sent `{}` as a trailer without announcing it, so it was dropped, as Lambda drops \
             it: the head of the response needs `Trailer: {ANNOUNCED_TRAILERS_TEXT}`",
            names.join("` and `")
        );
        self.observer.warn(Some(id), &text);
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> ApiResponse {
        let (_, responding) = match self.begin(id, Reaction::Error, request.headers()) {
            Ok(begun) => begun,
            Err(refusal) => return *refusal,
        };
        let (failure, reply) = failure_of(request).await;
        responding.end(Err(failure));
        reply
    }

    async fn init_error(&self, request: Request<Incoming>) -> ApiResponse {
        let (failure, reply) = failure_of(request).await;
        let mut refusal = None;
        self.phase.send_if_modified(|phase| {
            let starting = matches!(phase, Phase::Starting);
            if starting {
                *phase = Phase::InitFailed(failure);
            } else {
                refusal = Some(not_allowed(phase.state(), "InitError"));
            }
            starting
        });
        refusal.unwrap_or(reply)
    }

    /// Assigns the pending response to the first request that sends it.
    fn begin(
        &self,
        id: &str,
        with: Reaction,
        headers: &HeaderMap,
    ) -> Result<(mpsc::Sender<Part>, Responding<'_>), Box<ApiResponse>> {
        let mut begun = Err(Box::new(unknown_id()));
        self.phase.send_if_modified(|phase| {
            if phase.request_id() != Some(id) || !is_meant(phase, headers) {
                return false;
            }
            if !matches!(phase, Phase::Invoking(_)) {
                begun = Err(Box::new(not_allowed(phase.state(), with.state())));
                self.explain(phase, with);
                return false;
            }
            let request_id = id.to_owned();
            let taken = std::mem::replace(phase, Phase::Responding { request_id, with });
            if let Phase::Invoking(pending) = taken {
                begun = Ok(pending);
            }
            true
        });
        let PendingResponse {
            request_id,
            parts,
            outcome,
            ..
        } = begun?;
        let responding = Responding {
            api: self,
            request_id,
            outcome: Some(outcome),
        };
        Ok((parts, responding))
    }

    /// Reports a request to which Lambda would never respond.
    fn explain(&self, phase: &Phase, with: Reaction) {
        let open = Reaction::Response;
        if with == Reaction::Error
            && matches!(phase, Phase::Responding { with, .. } if *with == open)
        {
            self.observer.report(Report::ErrorWhileResponding);
        }
    }
}

/// Returns whether a response that names its invocation names this one.
fn is_meant(phase: &Phase, headers: &HeaderMap) -> bool {
    match (phase, headers.get(INVOCATION_ID)) {
        (Phase::Invoking(pending), Some(token)) => token == pending.token.as_str(),
        _ => true,
    }
}

/// A response in progress. Dropping it, as when the connection breaks, is a failure.
struct Responding<'a> {
    api: &'a RuntimeApi,
    request_id: String,
    outcome: Option<oneshot::Sender<Outcome>>,
}

impl Responding<'_> {
    fn end(mut self, outcome: Outcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(sender) = self.outcome.take() {
            let request_id = std::mem::take(&mut self.request_id);
            self.api.phase.send_replace(Phase::Responded { request_id });
            // The environment may be gone.
            let _ = sender.send(outcome);
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
