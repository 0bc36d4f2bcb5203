//! One HTTP/1.1 connection to the Runtime API.
//!
//! A request leaves while its answer may already come: both are driven by whoever waits for one of them, in
//! one task. There is none of the connection's own.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;

use super::endpoint::Endpoint;
use super::head::AnswerHead;
use super::incoming::Incoming;
use super::outgoing::{More, Outgoing};
use super::request::{Request, RequestBody};
use crate::response::Socket;

/// The Runtime API is on this machine: what takes longer is not coming.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Room that is made for what arrives, in bytes. Most answers take less.
const ROOM_BYTES: usize = 8 * 1024;

/// With less room than this, in bytes, more is made.
const LEAST_ROOM_BYTES: usize = 1024;

/// Most room that is made because a head says that so much is coming: it may not be true.
const READ_AHEAD_BYTES: usize = 1024 * 1024;

/// A connection. Dropping it closes the socket at once, in the middle of a request too.
#[derive(Debug)]
pub(super) struct Connection {
    receiving: OwnedReadHalf,
    socket: Arc<Socket>,
    /// What has arrived, and was not used yet.
    received: BytesMut,
    outgoing: Outgoing,
    /// The request has not left wholly.
    is_sending: bool,
    /// Nothing speaks against another request.
    is_reusable: bool,
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
        let (receiving, sending) = stream.into_split();
        Ok(Self {
            receiving,
            socket: Arc::new(Socket::new(sending)),
            received: BytesMut::new(),
            outgoing: Outgoing::default(),
            is_sending: false,
            is_reusable: true,
        })
    }

    /// Sends a request and waits for the head of its answer, which may come before the request's
    /// body has ended.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or the answer makes no sense. The body of the request is dropped.
    pub(super) async fn send(&mut self, request: Request) -> io::Result<AnswerHead> {
        if let RequestBody::Streamed(response) = &request.body {
            response.send_over(&self.socket);
        }
        self.outgoing = Outgoing::new(request);
        self.is_sending = true;
        let head = poll_fn(|cx| self.poll_head(cx)).await;
        if head.is_err() {
            self.give_up();
        }
        head
    }

    /// Reads the body behind a head, of at most `limit_bytes`.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and when the body is longer.
    pub(super) async fn body(
        &mut self,
        head: &AnswerHead,
        limit_bytes: usize,
    ) -> io::Result<Bytes> {
        let is_kept = head.keeps_connection();
        let body = match head.framing().and_then(|it| Incoming::new(it, limit_bytes)) {
            Ok(mut body) => poll_fn(|cx| self.poll_body(cx, &mut body)).await,
            Err(error) => Err(error.into()),
        };
        self.is_reusable &= is_kept && body.is_ok();
        if self.received.is_empty() && body.as_ref().is_ok_and(|body| body.len() > ROOM_BYTES) {
            // It shares its room with the body, and would keep all of it.
            self.received = BytesMut::new();
        }
        body
    }

    /// Waits until the request has left wholly. `false` if the connection cannot carry another.
    pub(super) async fn is_reusable(&mut self) -> bool {
        poll_fn(|cx| self.poll_end(cx)).await;
        self.is_reusable && self.is_open()
    }

    /// Whether nothing was heard that speaks against using it again, without waiting for that.
    pub(super) fn is_open(&self) -> bool {
        let nothing = self.receiving.try_read(&mut [0]);
        let is_silent = nothing.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        is_silent && self.received.is_empty()
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<AnswerHead>> {
        let sent = self.poll_send(cx);
        loop {
            if let Some(head) = AnswerHead::take(&mut self.received)? {
                return Poll::Ready(Ok(head));
            }
            match (self.poll_receive(cx, LEAST_ROOM_BYTES), &sent) {
                (Poll::Ready(Ok(0)), _) => return Poll::Ready(Err(closed("before it answered"))),
                (Poll::Ready(Ok(_)), _) => {}
                (Poll::Ready(Err(error)), _) => return Poll::Ready(Err(error)),
                // A peer that refuses a request may answer, and close what it does not read.
                (Poll::Pending, Poll::Ready(Err(error))) => return Poll::Ready(Err(again(error))),
                (Poll::Pending, _) => return Poll::Pending,
            }
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>, body: &mut Incoming) -> Poll<io::Result<Bytes>> {
        self.go_on_sending(cx);
        let mut at_end = false;
        loop {
            if let Some(body) = body.take(&mut self.received, at_end)? {
                self.is_reusable &= !at_end;
                return Poll::Ready(Ok(body));
            }
            if at_end {
                return Poll::Ready(Err(closed("in the middle of its answer")));
            }
            let wanted = body.wants(self.received.len());
            let received = self.poll_receive(cx, wanted.clamp(LEAST_ROOM_BYTES, READ_AHEAD_BYTES));
            at_end = ready!(received)? == 0;
        }
    }

    /// Sends the rest of a request whose answer has come. Whoever closes the connection meanwhile wants
    /// no more of it, and whoever says more does not speak HTTP.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.go_on_sending(cx);
        if self.is_sending && self.poll_receive(cx, LEAST_ROOM_BYTES).is_ready() {
            self.give_up();
        }
        if self.is_sending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    fn go_on_sending(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            tracing::debug!(%error, "a connection to the Runtime API broke");
            self.give_up();
        }
    }

    /// Sends no more. Whoever writes the request's body hears of it.
    fn give_up(&mut self) {
        self.outgoing = Outgoing::default();
        self.is_sending = false;
        self.is_reusable = false;
    }

    /// Sends what there is to send, until the request has left wholly.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.is_sending {
            let more = self.outgoing.fill(cx);
            while !self.outgoing.is_empty() {
                let socket = &self.socket;
                let sent = self
                    .outgoing
                    .write_with(|parts| socket.poll_write(cx, parts));
                match ready!(sent)? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    sent => self.outgoing.advance(sent),
                }
            }
            if more == More::Now {
                continue;
            }
            ready!(self.socket.poll_flush(cx))?;
            if more == More::Later {
                return Poll::Pending;
            }
            self.is_sending = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Receives what has arrived, into room for `least` bytes or more, and says how many bytes: none at
    /// the end.
    fn poll_receive(&mut self, cx: &mut Context<'_>, least: usize) -> Poll<io::Result<usize>> {
        if self.received.capacity() - self.received.len() < least {
            self.received.reserve(least.max(ROOM_BYTES));
        }
        pin!(self.receiving.read_buf(&mut self.received)).poll(cx)
    }
}

fn closed(when: &str) -> io::Error {
    let text = format!("the Runtime API closed the connection {when}");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// The same error once more.
fn again(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}
