//! The Runtime API of one execution environment.
//!
//! It has a listener of its own, so that a runtime which only understands `host:port` works.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::answer::{Failure, Part, ResponseMode, Verdict};
use super::http_server::Handler;

/// What Lambda accepts as a buffered response, in bytes.
const BUFFERED_LIMIT_BYTES: usize = 6_291_556;

/// What Lambda accepts as an error document, in bytes.
const ERROR_LIMIT_BYTES: usize = 1024 * 1024;

/// What Lambda accepts as a block of trailers, in bytes: the lines and the empty line after them.
const TRAILERS_LIMIT_BYTES: usize = 4096;

const BASE_PATH: &str = "/2018-06-01/runtime/";
const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

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

type Reply = Response<Full<Bytes>>;

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

/// Forwards a streamed response part by part.
async fn stream(
    mut body: Incoming,
    headers: &HeaderMap,
    parts: &mpsc::Sender<Part>,
) -> (Verdict, Reply) {
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(chunk)) if chunk.is_empty() => {}
            Ok(Ok(chunk)) => {
                let _ = parts.send(Part::Chunk(chunk)).await;
            }
            Ok(Err(other)) => trailers = other.into_trailers().ok(),
            Err(_) => return truncated(),
        }
    }
    match trailers {
        Some(trailers) if block_size(&trailers) > TRAILERS_LIMIT_BYTES => truncated(),
        Some(trailers) => (verdict_of(&trailers, headers), accepted()),
        None => (Ok(()), accepted()),
    }
}

/// Takes in a whole response, then forwards it.
async fn buffer(body: Incoming, parts: &mpsc::Sender<Part>) -> (Verdict, Reply) {
    match Limited::new(body, BUFFERED_LIMIT_BYTES).collect().await {
        Ok(whole) => {
            let _ = parts.send(Part::Chunk(whole.to_bytes())).await;
            (Ok(()), accepted())
        }
        Err(cause) if cause.is::<LengthLimitError>() => {
            let message = format!(
                "Response payload size exceeded maximum allowed payload size \
                 ({BUFFERED_LIMIT_BYTES} bytes)."
            );
            (
                Err(Failure::new("Function.ResponseSizeTooLarge", message)),
                too_large(),
            )
        }
        Err(_) => truncated(),
    }
}

fn truncated() -> (Verdict, Reply) {
    let mut reply = error(
        StatusCode::BAD_REQUEST,
        "TruncatedHTTPRequest",
        "HTTP request detected as truncated",
    );
    reply
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    (Err(Failure::truncated()), reply)
}

/// Reads the verdict in the trailers. Lambda drops trailers that the head did not announce.
fn verdict_of(trailers: &HeaderMap, headers: &HeaderMap) -> Verdict {
    let announced = |name: &HeaderName| {
        headers
            .get_all(TRAILER)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|field| field.trim().eq_ignore_ascii_case(name.as_str()))
    };
    let Some(error_type) = text_header(trailers, &ERROR_TYPE).filter(|_| announced(&ERROR_TYPE))
    else {
        return Ok(());
    };
    let document = trailers
        .get(ERROR_BODY)
        .filter(|_| announced(&ERROR_BODY))
        .and_then(|body| decode_base64(body.as_bytes()))
        .unwrap_or_default();
    Err(Failure::from_document(document.into(), Some(&error_type)))
}

fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
}

/// The size of trailers on the wire, the empty line included.
fn block_size(trailers: &HeaderMap) -> usize {
    const COLON_SPACE_CRLF: usize = 4;
    const CRLF: usize = 2;
    trailers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + COLON_SPACE_CRLF)
        .sum::<usize>()
        + CRLF
}

/// Reads an error report.
async fn failure_of(request: Request<Incoming>) -> Result<Failure, Reply> {
    let error_type = text_header(request.headers(), &ERROR_TYPE);
    match Limited::new(request.into_body(), ERROR_LIMIT_BYTES)
        .collect()
        .await
    {
        Ok(document) => Ok(Failure::from_document(
            document.to_bytes(),
            error_type.as_deref(),
        )),
        Err(cause) if cause.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(truncated().1),
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn text_header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Refuses a request whose method is another one.
fn only(method: &Method, request: &Request<Incoming>) -> Option<Reply> {
    (request.method() != method).then(|| {
        let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "");
        if let Ok(value) = HeaderValue::from_str(method.as_str()) {
            reply.headers_mut().insert(ALLOW, value);
        }
        reply
    })
}

fn accepted() -> Reply {
    json(StatusCode::ACCEPTED, "{\"status\":\"OK\"}\n".to_owned())
}

fn unknown_id() -> Reply {
    error(
        StatusCode::BAD_REQUEST,
        "InvalidRequestID",
        "Invalid request ID",
    )
}

fn too_large() -> Reply {
    let message = format!("Exceeded maximum allowed payload size ({BUFFERED_LIMIT_BYTES} bytes).");
    error(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLarge",
        &message,
    )
}

fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
    json(
        status,
        format!("{{\"errorMessage\":\"{message}\",\"errorType\":\"{error_type}\"}}\n"),
    )
}

fn json(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn text(status: StatusCode, body: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *reply.status_mut() = status;
    reply
}
