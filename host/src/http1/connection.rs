//! One HTTP/1.1 connection.
//!
//! A request leaves while its answer may already come: both are driven by whoever waits for one of them, in
//! one task. There is none of the connection's own.
//!
//! `docs/design/http-client.md` has the measurements, and the condition for using a library instead.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustix::net::RecvFlags;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::io::{AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::InvalidAnswer;
use super::head::AnswerHead;
use super::incoming::{Body, Incoming};
use super::outgoing::Outgoing;
use super::request::Request;
use crate::response::Readiness;

/// The Runtime API is on this machine: what takes longer is not coming.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes that may wait for the receiver in the kernel, if it allows as many; with what it needs for them,
/// that is twice as much memory. Left to itself it takes megabytes: so far a response would be ahead of its
/// receiver, and would have left the processor's cache before it is read. That takes twice as long, for
/// sender and receiver, and goes on for as long as the receiver is behind.
const SEND_BUFFER_BYTES: usize = 256 * 1024;

/// Room for an event, in bytes. Most take less, and every worker keeps it.
const ROOM_BYTES: usize = 4 * 1024;

/// Room for any other answer, in bytes. The answer to a post is short.
const LEAST_ROOM_BYTES: usize = 1024;

/// How long the body of a refusal is waited for. It comes with the head, if there is one.
const REFUSAL_PATIENCE: Duration = Duration::from_millis(100);

/// Upper bound on memory reserved on the word of `content-length`.
const READ_AHEAD_BYTES: usize = 1024 * 1024;

/// What becomes of a body over its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surplus {
    /// It is not read on.
    Refused,
    /// It is read to its end.
    Discarded,
}

/// A connection. Dropping it closes the socket at once, in the middle of a request too.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What has arrived, and was not used yet.
    received: BytesMut,
    outgoing: Outgoing,
    /// The request has not left wholly.
    is_sending: bool,
    /// Nothing speaks against another request.
    is_reusable: bool,
    /// Keeps time from passing while the peer takes no more.
    #[cfg(feature = "rehearsal")]
    hold: Option<crate::rehearsal::clock::Hold>,
}

impl Connection {
    pub(crate) async fn open(host: &str, port: u16) -> io::Result<Self> {
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect((host, port)))
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "connecting took too long"))??;
        // Without it Nagle's algorithm holds every chunk after the first until the peer's delayed
        // acknowledgement, 40 ms later.
        stream.set_nodelay(true)?;
        set_socket_send_buffer_size(&stream, SEND_BUFFER_BYTES)?;
        Ok(Self {
            stream,
            received: BytesMut::new(),
            outgoing: Outgoing::default(),
            is_sending: false,
            is_reusable: true,
            #[cfg(feature = "rehearsal")]
            hold: None,
        })
    }

    /// Sends a request and waits for the head of its answer, which may come before the request's
    /// body has ended.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or the answer makes no sense. The body of the request is dropped.
    pub(crate) async fn send(&mut self, request: Request) -> io::Result<AnswerHead> {
        let room = if request.is_post() {
            LEAST_ROOM_BYTES
        } else {
            ROOM_BYTES
        };
        self.outgoing = Outgoing::new(request);
        self.is_sending = true;
        let mut broken = None;
        let head = poll_fn(|cx| self.poll_head(cx, room, &mut broken)).await;
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
    pub(crate) async fn body(
        &mut self,
        head: &AnswerHead,
        limit_bytes: usize,
    ) -> io::Result<Bytes> {
        match self.read(head, limit_bytes, Surplus::Refused).await? {
            Body::Whole(body) => Ok(body),
            Body::TooLong(_) => {
                self.is_reusable = false;
                Err(InvalidAnswer::LongBody(limit_bytes).into())
            }
        }
    }

    /// Reads the body behind a head to its end, and keeps it if it is of at most `limit_bytes`.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub(crate) async fn body_or_length(
        &mut self,
        head: &AnswerHead,
        limit_bytes: usize,
    ) -> io::Result<Body> {
        self.read(head, limit_bytes, Surplus::Discarded).await
    }

    async fn read(
        &mut self,
        head: &AnswerHead,
        limit_bytes: usize,
        surplus: Surplus,
    ) -> io::Result<Body> {
        let is_kept = head.keeps_connection();
        let body = match head.framing() {
            Ok(framing) => {
                let mut body = Incoming::new(framing, limit_bytes);
                poll_fn(|cx| self.poll_body(cx, &mut body, surplus)).await
            }
            Err(error) => Err(error.into()),
        };
        self.is_reusable &= is_kept && body.is_ok();
        let size = match &body {
            Ok(Body::Whole(bytes)) => head.size() + bytes.len(),
            Ok(Body::TooLong(_)) => usize::MAX,
            Err(_) => head.size(),
        };
        if self.received.is_empty() && size > ROOM_BYTES {
            // It shares its room with head and body, and would keep all of it.
            self.received = BytesMut::new();
        }
        body
    }

    /// The first bytes of the body behind a head, at most `limit_bytes`, as far as they come soon. Nothing
    /// more is sent, and the connection can carry no other request.
    pub(crate) async fn beginning(&mut self, head: &AnswerHead, limit_bytes: usize) -> Bytes {
        self.give_up();
        let Ok(framing) = head.framing() else {
            return Bytes::new();
        };
        let mut body = Incoming::new(framing, usize::MAX);
        let reading = poll_fn(|cx| self.poll_beginning(cx, &mut body, limit_bytes));
        let whole = timeout(REFUSAL_PATIENCE, reading).await.ok().flatten();
        let whole = whole.unwrap_or_else(|| {
            let beginning = body.beginning(&self.received);
            let end = beginning.len().min(limit_bytes);
            Bytes::copy_from_slice(beginning.get(..end).unwrap_or_default())
        });
        whole.slice(..whole.len().min(limit_bytes))
    }

    /// Waits until the request has left wholly. `false` if the connection cannot carry another.
    pub(crate) async fn finish(&mut self) -> bool {
        poll_fn(|cx| self.poll_end(cx)).await;
        self.is_reusable
    }

    /// Whether nothing was heard that speaks against using it again. Asks the kernel, because this thread
    /// may not have looked for a while, and what is sent to a peer that has closed is lost.
    pub(crate) fn is_open(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let heard = rustix::net::recv(&self.stream, &mut [0], flags);
        self.received.is_empty() && heard.is_err_and(|error| error == rustix::io::Errno::AGAIN)
    }

    /// The answer gets at least `room` bytes. `broken` is what ended the sending early. The answer may say why:
    /// whatever breaks the sending is heard by the receiving half, too, behind what came before it.
    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        room: usize,
        broken: &mut Option<io::Error>,
    ) -> Poll<io::Result<AnswerHead>> {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            if !is_of_peer(&error) {
                return Poll::Ready(Err(error));
            }
            self.give_up();
            *broken = Some(error);
        }
        loop {
            if let Some(head) = AnswerHead::take(&mut self.received)? {
                return Poll::Ready(Ok(head));
            }
            let has_begun = !self.received.is_empty();
            let end = match ready!(self.poll_receive(cx, room)) {
                Ok(0) if has_begun => closed("in the head of its answer"),
                Ok(0) => closed("before it answered"),
                Ok(_) => continue,
                Err(error) => error,
            };
            let end = if has_begun {
                InvalidAnswer::Cut(end).into()
            } else {
                end
            };
            return Poll::Ready(Err(broken.take().unwrap_or(end)));
        }
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Incoming,
        surplus: Surplus,
    ) -> Poll<io::Result<Body>> {
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
            if surplus == Surplus::Refused && body.is_too_long() {
                return Poll::Ready(Err(InvalidAnswer::LongBody(body.limit_bytes()).into()));
            }
            let wanted = match body.wants(self.received.len()) {
                0 => LEAST_ROOM_BYTES,
                bytes => bytes.min(READ_AHEAD_BYTES),
            };
            let received = self.poll_receive(cx, wanted);
            at_end = ready!(received)? == 0;
        }
    }

    /// The body, or `None` if it does not end within `limit_bytes`.
    fn poll_beginning(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut Incoming,
        limit_bytes: usize,
    ) -> Poll<Option<Bytes>> {
        loop {
            match body.take(&mut self.received, false) {
                Ok(Some(Body::Whole(whole))) => return Poll::Ready(Some(whole)),
                Ok(None) if body.beginning(&self.received).len() < limit_bytes => {}
                Ok(_) | Err(_) => return Poll::Ready(None),
            }
            if !matches!(ready!(self.poll_receive(cx, LEAST_ROOM_BYTES)), Ok(1..)) {
                return Poll::Ready(None);
            }
        }
    }

    /// Sends the rest of a request whose answer has come. Whoever closes the connection meanwhile wants
    /// no more of it.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.go_on_sending(cx);
        while self.is_sending {
            match ready!(self.poll_receive(cx, LEAST_ROOM_BYTES)) {
                Ok(1..) => {
                    // Nobody has asked for it.
                    self.received.clear();
                    self.is_reusable = false;
                }
                Ok(0) => self.lose_rest(&closed("before it had all of a response")),
                Err(error) => self.lose_rest(&error),
            }
        }
        Poll::Ready(())
    }

    fn go_on_sending(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            self.lose_rest(&error);
        }
    }

    /// The answer has come, and the rest of the request cannot be sent.
    fn lose_rest(&mut self, error: &io::Error) {
        // Otherwise the guest is told, and what becomes of its response is logged with its id.
        if self.outgoing.has_all() {
            tracing::warn!(%error, "Lambda accepted a response before its end and took no more of it");
        }
        self.give_up();
    }

    /// Sends no more. Whoever writes the request's body hears of it.
    fn give_up(&mut self) {
        self.outgoing = Outgoing::default();
        self.is_sending = false;
        self.is_reusable = false;
    }

    /// Sends what there is to send, until the request has left wholly.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_sending && !self.outgoing.is_empty() {
            // More is taken from the body only when some of it can leave: this is also polled when the guest is woken.
            ready!(self.stream.poll_write_ready(cx))?;
        }
        while self.is_sending {
            let more = self.outgoing.fill(cx);
            while !self.outgoing.is_empty() {
                let stream = Pin::new(&mut self.stream);
                let sent = self
                    .outgoing
                    .write_with(|parts| stream.poll_write_vectored(cx, parts));
                #[cfg(feature = "rehearsal")]
                self.hold_while(sent.is_pending());
                match ready!(sent)? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    sent => self.outgoing.advance(sent),
                }
            }
            if more == Readiness::Now {
                continue;
            }
            if more == Readiness::Later {
                return Poll::Pending;
            }
            self.is_sending = false;
        }
        Poll::Ready(Ok(()))
    }

    #[cfg(feature = "rehearsal")]
    fn hold_while(&mut self, peer_is_behind: bool) {
        match (peer_is_behind, &self.hold) {
            (true, None) => self.hold = crate::rehearsal::clock::Hold::take(),
            (false, Some(_)) => self.hold = None,
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Receives what has arrived, of perhaps `wanted` bytes, and says how many bytes: none at the end.
    fn poll_receive(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        let room = self.received.capacity() - self.received.len();
        if room < wanted.min(ROOM_BYTES) {
            self.received.reserve(wanted.max(ROOM_BYTES));
        }
        pin!(self.stream.read_buf(&mut self.received)).poll(cx)
    }
}

fn closed(when: &str) -> io::Error {
    let text = format!("the Runtime API closed the connection {when}");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// Whether the peer has ended the connection.
fn is_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use http::StatusCode;
    use http::uri::Authority;
    use socket2::SockRef;

    use super::*;
    use crate::response::channel;

    fn listen() -> (TcpListener, Authority) {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (listener, address.parse().unwrap())
    }

    fn get(peer: &Authority) -> Request {
        Request::get(peer, "/next")
    }

    async fn open(peer: &Authority) -> Connection {
        let port = peer.port_u16().unwrap();
        Connection::open(peer.host(), port).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_read_although_the_rest_of_the_request_could_not_be_sent() {
        let (listener, endpoint) = listen();
        let mut connection = open(&endpoint).await;
        let (mut peer, _) = listener.accept().unwrap();
        let (writer, reader) = channel(None);
        writer.write(b"part").await.unwrap();
        let request = Request::streamed(&endpoint, "/response", reader.body());
        let answering = async {
            tokio::task::yield_now().await;
            // All of it while this thread does not look: the answer, a reset, and something to send.
            peer.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
            SockRef::from(&peer)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
            drop(peer);
            writer.write(b"more").await.unwrap();
            std::future::pending().await
        };
        let head = tokio::select! {
            biased;
            head = connection.send(request) => head,
            never = answering => never,
        };
        assert_eq!(head.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn answers_are_read_however_they_are_cut() {
        const ANSWERS: [(&str, &str); 3] = [
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "hello",
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                "hello",
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ];
        let (listener, endpoint) = listen();
        let serving = thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            peer.set_nodelay(true).unwrap();
            for (answer, _) in ANSWERS {
                assert!(peer.read(&mut [0; 1024]).unwrap() > 0);
                for byte in answer.as_bytes() {
                    peer.write_all(&[*byte]).unwrap();
                    thread::yield_now();
                }
            }
            peer
        });
        let mut connection = open(&endpoint).await;
        for (_, expected) in ANSWERS {
            let head = connection.send(get(&endpoint)).await.unwrap();
            let body = connection.body(&head, usize::MAX).await.unwrap();
            assert_eq!(body, expected);
            assert!(connection.finish().await && connection.is_open());
        }
        drop(serving.join().unwrap());
        assert!(!connection.is_open());
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_is_an_error() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            let (listener, endpoint) = listen();
            let mut connection = open(&endpoint).await;
            let (mut peer, _) = listener.accept().unwrap();
            peer.write_all(answer.as_bytes()).unwrap();
            peer.shutdown(std::net::Shutdown::Write).unwrap();
            let read = match connection.send(get(&endpoint)).await {
                Ok(head) => connection.body(&head, usize::MAX).await,
                Err(error) => Err(error),
            };
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            assert!(!connection.finish().await || !connection.is_open());
        }
    }
}
