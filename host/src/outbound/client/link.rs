//! One connection: sends a request, and learns when it can carry another.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use wasmtime_wasi_http::{Error, WasiBody};

use super::connect::Stream;
use super::late_timer::LateTimer;
use super::meter::{Meter, Metered};
use super::moment::Moment;
use super::reuse::Loss;
use super::sending::Sending;

/// Most headers of a response.
const HEADER_LIMIT: usize = 1000;

type Connection = Pin<Box<http1::Connection<TokioIo<Metered<Box<dyn Stream>>>, Sending>>>;

/// A connection and the handle that sends requests on it. Closed when dropped.
pub(super) struct Link {
    sender: http1::SendRequest<Sending>,
    /// `None` once it has ended.
    connection: Option<Connection>,
    meter: Arc<Meter>,
    /// Whether a part of the last request's body may be unsent.
    is_sending: Arc<AtomicBool>,
    timer: LateTimer,
    pub(super) opened: Moment,
}

/// A request without a response.
pub(super) struct Lost {
    pub(super) loss: Loss,
    pub(super) error: Error,
    /// The body, if nothing of it was sent.
    pub(super) body: Option<WasiBody>,
}

impl Lost {
    /// A request that is not sent again.
    pub(super) fn for_good(error: Error) -> Self {
        Self {
            loss: Loss::Other,
            error,
            body: None,
        }
    }
}

impl Link {
    /// Speaks HTTP/1.1 over `stream`, with heads of at most `header_bytes`.
    pub(super) async fn over(stream: Box<dyn Stream>, header_bytes: usize) -> Result<Self, Error> {
        let meter = Arc::new(Meter::default());
        let stream = Metered::new(stream, Arc::clone(&meter));
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(header_bytes)
            .max_headers(HEADER_LIMIT)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Error::from)?;
        Ok(Self {
            sender,
            connection: Some(Box::pin(connection)),
            meter,
            is_sending: Arc::default(),
            timer: LateTimer::default(),
            opened: Moment::now(),
        })
    }

    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(super) fn is_sending(&self) -> bool {
        self.is_sending.load(Ordering::Relaxed)
    }

    /// Sends `request` and waits for the head of its response, for at most `first_byte`.
    pub(super) async fn send(
        &mut self,
        mut request: Request<WasiBody>,
        first_byte: Duration,
    ) -> Result<Response<Incoming>, Lost> {
        *request.uri_mut() = in_origin_form(request.uri());
        let request = request.map(|body| Sending::new(body, Arc::clone(&self.is_sending)));
        let received = self.meter.received();
        let mut responding = pin!(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        let timer = &mut self.timer;
        let responded = poll_fn(|cx| {
            drive(connection, cx);
            if let Poll::Ready(response) = responding.as_mut().poll(cx) {
                return Poll::Ready(Some(response));
            }
            timer.poll_is_over(first_byte, cx).map(|()| None)
        })
        .await;
        timer.end();
        match responded {
            Some(Ok(response)) => Ok(response),
            Some(Err(failed)) => Err(lost(failed, self.meter.received() > received)),
            None => Err(Lost::for_good(Error::ConnectionReadTimeout)),
        }
    }

    /// Drives the connection until the exchange is over on both sides. Returns whether the connection can
    /// carry another one.
    pub(super) fn poll_end_of_exchange(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        drive(&mut self.connection, cx);
        match self.sender.poll_ready(cx) {
            _ if self.connection.is_none() => Poll::Ready(false),
            Poll::Ready(Ok(())) if self.meter.is_flushed() => Poll::Ready(true),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_closed)) => Poll::Ready(false),
        }
    }

    /// Closes the connection in order, with a notice to the peer over TLS.
    pub(super) async fn close(self) {
        drop(self.sender);
        if let Some(connection) = self.connection {
            // Its errors are of no consequence: the exchange is over.
            let _ = connection.await;
        }
    }

    /// Whether an idle connection is still open, and nothing was received on it: a peer that closes it, or
    /// sends a response to no request, ends it.
    pub(super) fn poll_is_open(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.connection, cx);
        self.connection.is_some() && self.sender.is_ready()
    }
}

/// Polls the connection. Drops it if it has ended, so that a request that waits for it fails at once.
fn drive(connection: &mut Option<Connection>, cx: &mut Context<'_>) {
    if let Some(open) = connection
        && open.as_mut().poll(cx).is_ready()
    {
        *connection = None;
    }
}

fn lost(mut failed: TrySendError<Request<Sending>>, is_answered: bool) -> Lost {
    let request = failed.take_message();
    let error = failed.into_error();
    let loss = if request.is_some() {
        Loss::Unwritten
    } else if is_answered || error.is_user() {
        Loss::Other
    } else {
        Loss::Unanswered
    };
    Lost {
        loss,
        error: response_error(error),
        body: request.and_then(|request| request.into_body().into_body()),
    }
}

/// Maps an error of an exchange.
pub(super) fn response_error(error: hyper::Error) -> Error {
    if error.is_parse_too_large() {
        return Error::HttpResponseHeaderSectionSize(None);
    }
    if error.is_incomplete_message() {
        return Error::HttpResponseIncomplete;
    }
    Error::from(error)
}

/// Returns the origin form of `uri`: the host goes into a header.
fn in_origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Uri::builder()
        .path_and_query(path)
        .build()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Method;
    use http_body_util::{BodyExt as _, Full};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    fn post() -> Request<WasiBody> {
        let body = Full::new(Bytes::from_static(b"data"));
        let body = body.map_err(|never| match never {}).boxed_unsync();
        let request = Request::builder().method(Method::POST).uri("http://a/b");
        request.body(body).unwrap()
    }

    async fn link() -> (Link, DuplexStream) {
        let (near, far) = duplex(64 * 1024);
        (Link::over(Box::new(near), 8192).await.unwrap(), far)
    }

    async fn is_open(link: &mut Link) -> bool {
        poll_fn(|cx| Poll::Ready(link.poll_is_open(cx))).await
    }

    /// Exchanges a request and its response, and returns whether the connection can carry another.
    async fn exchange(link: &mut Link, peer: &mut DuplexStream, response: &[u8]) -> bool {
        let (sent, answered) = tokio::join!(link.send(post(), SECOND), async {
            let mut received = [0; 512];
            let read = peer.read(&mut received).await.unwrap();
            assert!(received[..read].starts_with(b"POST /b HTTP/1.1\r\n"));
            peer.write_all(response).await
        });
        answered.unwrap();
        assert_eq!(sent.ok().unwrap().status(), 200);
        poll_fn(|cx| link.poll_end_of_exchange(cx)).await
    }

    async fn lost(link: &mut Link) -> Lost {
        link.send(post(), SECOND).await.err().unwrap()
    }

    #[tokio::test]
    async fn a_connection_carries_one_request_after_another() {
        let (mut link, mut peer) = link().await;
        for _ in 0..3 {
            assert!(is_open(&mut link).await);
            assert!(exchange(&mut link, &mut peer, RESPONSE).await);
        }
    }

    #[tokio::test]
    async fn a_request_on_a_connection_that_has_ended_comes_back_whole() {
        let (mut link, mut peer) = link().await;
        assert!(exchange(&mut link, &mut peer, RESPONSE).await);
        drop(peer);

        let lost = lost(&mut link).await;

        assert_eq!(lost.loss, Loss::Unwritten);
        let body = lost.body.unwrap().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "data");
        assert!(!is_open(&mut link).await);
    }

    #[tokio::test]
    async fn a_request_that_the_peer_may_have_read_is_unanswered() {
        let (mut link, mut peer) = link().await;
        assert!(exchange(&mut link, &mut peer, RESPONSE).await);
        let (lost, ()) = tokio::join!(lost(&mut link), async {
            peer.read_u8().await.unwrap();
            drop(peer);
        });
        assert_eq!(lost.loss, Loss::Unanswered);
        assert!(lost.body.is_none());
    }

    /// Also if it is not even a head.
    #[tokio::test]
    async fn a_request_with_the_first_byte_of_a_response_is_answered() {
        for begun in [&b"H"[..], b"HTTP/1.1 200 OK\r\n", b"garbage\r\n\r\n"] {
            let (mut link, mut peer) = link().await;
            assert!(exchange(&mut link, &mut peer, RESPONSE).await);
            let (lost, ()) = tokio::join!(lost(&mut link), async {
                peer.read_u8().await.unwrap();
                peer.write_all(begun).await.unwrap();
                drop(peer);
            });
            assert_eq!(lost.loss, Loss::Other, "{begun:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_is_late_is_not_a_lost_connection() {
        let (mut link, _peer) = link().await;
        let lost = lost(&mut link).await;
        assert_eq!(lost.loss, Loss::Other);
        assert!(matches!(lost.error, Error::ConnectionReadTimeout));
    }

    #[tokio::test]
    async fn bytes_between_two_exchanges_end_the_connection() {
        let (mut link, mut peer) = link().await;
        assert!(exchange(&mut link, &mut peer, RESPONSE).await);
        peer.write_all(RESPONSE).await.unwrap();
        assert!(!is_open(&mut link).await);
    }

    #[tokio::test]
    async fn two_responses_to_one_request_end_the_connection() {
        let (mut link, mut peer) = link().await;
        assert!(!exchange(&mut link, &mut peer, &[RESPONSE, RESPONSE].concat()).await);
    }
}
