//! The other end of a connection to a double: reads the request and answers it, over HTTP/1.1 and within the process.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

use super::double::{Answer, Failing, Reaction};
use super::report::{self, Event};
use super::{Chosen, Piece};

/// Bytes that may wait for their reader in each direction.
const BUFFER_BYTES: usize = 64 * 1024;

/// The connections of the process.
static SERVING: LazyLock<Mutex<JoinSet<()>>> = LazyLock::new(Mutex::default);

/// Why a double does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the double closes the connection")]
struct Closes;

/// Opens a connection to a double, for one request to `url`.
pub(crate) fn connect(chosen: Chosen, url: String) -> DuplexStream {
    let (near, far) = duplex(BUFFER_BYTES);
    let mut serving = SERVING.lock().unwrap_or_else(PoisonError::into_inner);
    while serving.try_join_next().is_some() {}
    serving.spawn(async move {
        let answering = |request| answer(request, &chosen, &url);
        let serving = http1::Builder::new()
            .keep_alive(false)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(far), service_fn(answering));
        // Fails whenever one of the two ends the connection early.
        let _ = serving.await;
    });
    near
}

async fn answer(
    request: Request<Incoming>,
    chosen: &Chosen,
    url: &str,
) -> Result<Response<Pieces>, Closes> {
    let (head, body) = request.into_parts();
    let body = content(body).await;
    report::note(&Event::Request {
        double: chosen.index,
        method: head.method.to_string(),
        url: url.to_owned(),
        headers: pairs(&head.headers),
        body,
    });
    match &chosen.reaction {
        Reaction::Answer(answer) => {
            sleep(Duration::from_millis(answer.delay_ms)).await;
            Ok(response(answer))
        }
        Reaction::Fail(Failing::Timeout) => pending().await,
        Reaction::Fail(_) => Err(Closes),
    }
}

/// What arrives of a body.
async fn content(mut body: Incoming) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        content.extend(frame.into_data().unwrap_or_default());
    }
    content
}

/// The headers as text.
pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

/// The head, and the body to come. The command has checked the status and the headers.
fn response(answer: &Answer) -> Response<Pieces> {
    let mut response = Response::new(Pieces {
        left: answer.body.iter().cloned().collect(),
        pause: None,
        budget: answer.cut_after,
    });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    if let [] | [_] = answer.body.as_slice() {
        let length = answer
            .body
            .iter()
            .map(|piece| piece.bytes.len())
            .sum::<usize>();
        headers.insert(CONTENT_LENGTH, length.into());
    }
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            if name == CONTENT_LENGTH {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
    }
    response
}

/// A body in pieces, with pauses between them.
struct Pieces {
    left: VecDeque<Piece>,
    /// The pause before the next piece.
    pause: Option<Pin<Box<Sleep>>>,
    /// Bytes until the connection is cut.
    budget: Option<u64>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        if this.budget == Some(0) {
            // What was sent before has to leave first: an error ends the connection at once.
            let pause = Duration::from_millis(1);
            let flushed = this.pause.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(flushed.as_mut().poll(cx));
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
        }
        let Some(next) = this.left.front() else {
            return Poll::Ready(None);
        };
        if next.pause_ms > 0 {
            let pause = Duration::from_millis(next.pause_ms);
            let pause = this.pause.get_or_insert_with(|| Box::pin(sleep(pause)));
            ready!(pause.as_mut().poll(cx));
            this.pause = None;
        }
        let Some(Piece { mut bytes, .. }) = this.left.pop_front() else {
            return Poll::Ready(None);
        };
        if let Some(budget) = &mut this.budget {
            bytes.truncate(usize::try_from(*budget).unwrap_or(usize::MAX));
            *budget -= u64::try_from(bytes.len()).unwrap_or(*budget);
        }
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }
}
