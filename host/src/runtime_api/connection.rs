//! One HTTP/1.1 connection to the Runtime API.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::endpoint::Endpoint;
use super::stream::Stream;
use crate::response::{ResponseBody, Socket};

/// The Runtime API is on this machine: what takes longer is not coming.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Headers of one answer. hyper's own limit of 100 would lose an event with more.
const HEADER_LIMIT: usize = 1000;

/// A request that was not answered. Holds the request if not one byte of it has left.
pub(super) type SendError = TrySendError<Request<RequestBody>>;

/// A request's body: a document that is at hand, or a response as it happens.
pub(super) type RequestBody = Either<Full<Bytes>, ResponseBody>;

/// A connection and the task that drives it. Dropping it closes the socket at once, in the middle
/// of a request too.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    socket: Arc<Socket>,
    _driver: JoinSet<()>,
}

impl Connection {
    pub(super) async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        let stream = timeout(
            CONNECT_TIMEOUT,
            TcpStream::connect((endpoint.host(), endpoint.port())),
        )
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "connecting took too long"))??;
        // Without it Nagle's algorithm holds every chunk after the first until the peer's delayed
        // acknowledgement, 40 ms later.
        stream.set_nodelay(true)?;
        let stream = Stream::new(stream);
        let socket = stream.socket();
        let (sender, driver) = http1::Builder::new()
            .max_headers(HEADER_LIMIT)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let mut driving = JoinSet::new();
        driving.spawn(async move {
            // Whoever waits for an answer hears of the same error, with more context.
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection to the Runtime API broke");
            }
        });
        Ok(Self {
            sender,
            socket,
            _driver: driving,
        })
    }

    /// Sends a request and waits for the head of its answer, which may come before the request's
    /// body has ended.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, SendError> {
        if let Either::Right(response) = request.body() {
            response.send_over(&self.socket);
        }
        self.sender.try_send_request(request).await
    }

    /// Whether its end was seen.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Waits until the exchange is over on both sides. `false` if the connection cannot carry
    /// another.
    pub(super) async fn is_reusable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }
}
