//! The caller's side: HTTP in, an event to the handler, its stream back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::answer::{Failure, ResponseMode};
use super::buffered::unfold;
use super::event::{self, Origin};
use super::http_server::Handler;
use super::pool::{Call, Pool};
use super::record::Record;
use super::reply::{self, Reply, ReplyBody};
use crate::printer::Printer;

/// What Lambda accepts as an event, in bytes.
const EVENT_LIMIT_BYTES: usize = 6 * 1024 * 1024;

/// Set on an answer that is not the handler's, as the Invoke API does.
pub(crate) const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// Headers of `POST /invoke` that become part of the handler's context, under the same name.
const CONTEXT_HEADERS: [&str; 4] = [
    "lambda-runtime-aws-tenant-id",
    "lambda-runtime-client-context",
    "lambda-runtime-cognito-identity",
    "lambda-runtime-trace-id",
];

/// Answers callers.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pool: Arc<Pool>,
    printer: Printer,
}

type FrontBody = Either<Full<Bytes>, ReplyBody>;

/// Which of the two doors a request came through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Door {
    /// `POST /invoke`: the body is the event.
    Invoke,
    /// A function URL.
    Url,
}

impl Handler for Front {
    type Body = FrontBody;

    async fn handle(self, request: Request<Incoming>, peer: IpAddr) -> Response<FrontBody> {
        let (parts, body) = request.into_parts();
        let door = if parts.method == Method::POST && parts.uri.path() == "/invoke" {
            Door::Invoke
        } else {
            Door::Url
        };
        let record = Record::start(
            self.printer,
            format!("{} {}", parts.method, parts.uri.path()),
        );
        let body = match Limited::new(body, EVENT_LIMIT_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(cause) => return refuse_body(cause.is::<LengthLimitError>(), record),
        };
        let call = match door {
            Door::Invoke => invoke_call(&parts.headers, body),
            Door::Url => url_call(&parts, &body, peer),
        };
        let opened = reply::open(self.pool.invoke(call)).await;
        let opened = match opened {
            Ok(reply) if door == Door::Url && reply.mode == ResponseMode::Buffered => {
                return buffered(reply, record).await;
            }
            opened => opened,
        };
        match opened {
            Ok(reply) => self.stream(reply, &parts.method, record),
            Err(failure) => failed(door, &failure, record),
        }
    }
}

impl Front {
    pub(crate) fn new(pool: Arc<Pool>, printer: Printer) -> Self {
        Self { pool, printer }
    }

    fn stream(&self, reply: Reply, method: &Method, mut record: Record) -> Response<FrontBody> {
        let head = reply.head.clone();
        record.status(head.status);
        let body = ReplyBody::new(reply, record);
        let bodyless = method == Method::HEAD
            || matches!(
                head.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let body = if bodyless {
            self.pool.spawn(body.drain());
            Either::Left(Full::default())
        } else {
            Either::Right(body)
        };
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.headers_mut() = head.headers;
        response
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

fn url_call(parts: &Parts, body: &Bytes, peer: IpAddr) -> Call {
    let origin = Origin {
        request_id: new_request_id(),
        peer,
        now: SystemTime::now(),
    };
    let event = event::from_request(parts, body, &origin).to_string();
    Call {
        request_id: origin.request_id,
        event: event.into(),
        headers: trace(&parts.headers),
    }
}

/// The caller's trace header, or a new one.
fn trace(headers: &HeaderMap) -> HeaderMap {
    let value = headers.get("x-amzn-trace-id").cloned().or_else(|| {
        let root = format!(
            "{:08x}-{:024x}",
            fastrand::u32(..),
            fastrand::u128(..) >> 32
        );
        let parent = fastrand::u64(..);
        HeaderValue::try_from(format!("Root=1-{root};Parent={parent:016x};Sampled=0")).ok()
    });
    let name = HeaderName::from_static("lambda-runtime-trace-id");
    value
        .into_iter()
        .map(|value| (name.clone(), value))
        .collect()
}

/// Makes a request id: a random UUID, as Lambda's are.
pub(crate) fn new_request_id() -> String {
    const VERSION_4: u128 = 0x4000 << 64;
    const VARIANT_1: u128 = 0x8000 << 48;
    const RANDOM: u128 = !((0xf000 << 64) | (0xc000 << 48));
    let id = (fastrand::u128(..) & RANDOM) | VERSION_4 | VARIANT_1;
    let part = |shift: u32, bits: u32| (id >> shift) & ((1 << bits) - 1);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 32),
        part(80, 16),
        part(64, 16),
        part(48, 16),
        part(0, 48)
    )
}

/// Answers with a whole buffered response.
async fn buffered(reply: Reply, mut record: Record) -> Response<FrontBody> {
    let mut head = reply.head.clone();
    let body = reply.whole().await;
    let unfolded = body.and_then(|body| {
        let unfolded =
            unfold(&body).map_err(|message| Failure::new("Runtime.InvalidResponse", message))?;
        Ok(unfolded.unwrap_or_else(|| (head.clone(), body)))
    });
    let body = match unfolded {
        Ok((unfolded, body)) => {
            head = unfolded;
            body
        }
        Err(failure) => return failed(Door::Url, &failure, record),
    };
    record.status(head.status);
    record.chunk(body.len());
    record.complete();
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response
}

/// Answers for an invocation that failed before its first byte.
fn failed(door: Door, failure: &Failure, mut record: Record) -> Response<FrontBody> {
    record.failed(failure);
    let body = match door {
        Door::Invoke => failure.document.clone(),
        Door::Url => Bytes::from_static(b"{\"message\":\"Internal Server Error\"}"),
    };
    let mut response = json(StatusCode::BAD_GATEWAY, body);
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

fn json(status: StatusCode, body: Bytes) -> Response<FrontBody> {
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = new_request_id();

        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        assert_ne!(id, new_request_id());
    }

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
