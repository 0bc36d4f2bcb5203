//! The sending half of a connection's socket, which the connection and the guest's thread write to in turn.
//!
//! The connection writes heads, small chunks and the end of a body. A large chunk need not pass through it,
//! which would mean a copy and another thread: the guest's thread sends it from the guest's memory,
//! as a chunk of HTTP/1.1, if the connection has nothing of its own to write. That is known from two facts:
//!
//! - the connection flushes the socket only when it has written all it holds;
//! - in the midst of a body, it gets bytes to write only from that body.
//!
//! So the socket is free from a flush on until the body next gives the connection something, which takes the
//! [`Turn`] back first. Both change it under the lock that a send holds as well.
//!
//! What the socket does not take of a chunk that was begun is kept, and leaves before anything else
//! does. Whoever drives the connection sees to that, so a guest that computes does not hold it back.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

/// A socket that is written to in turn.
#[derive(Debug)]
pub struct Socket {
    sending: Mutex<Sending>,
}

#[derive(Debug)]
struct Sending {
    half: OwnedWriteHalf,
    turn: Turn,
    /// What is still to be sent of a chunk that the guest's thread has begun.
    rest: BytesMut,
    /// A guest that waits until everything was sent.
    waiting: Option<Waker>,
}

/// Who may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// The connection, which sends no response, or has not come to its body.
    NoBody,
    /// The connection, which may hold bytes.
    Connection,
    /// Whoever comes first: the connection holds nothing.
    Free,
}

/// How much of a chunk was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// All of it.
    Whole,
    /// Less. The connection's task has to be woken, and sends the rest.
    Begun,
}

impl Socket {
    /// A socket on which nothing was begun.
    #[must_use]
    pub fn new(half: OwnedWriteHalf) -> Self {
        Self {
            sending: Mutex::new(Sending {
                half,
                turn: Turn::NoBody,
                rest: BytesMut::new(),
                waiting: None,
            }),
        }
    }

    /// The connection is about to get a request.
    pub(super) fn request_begins(&self) {
        self.lock().turn = Turn::NoBody;
    }

    /// The connection asked the body of a response for bytes and got none. When it asks for the first
    /// time, it has the request's head to write.
    pub(super) fn body_asked(&self) {
        let mut sending = self.lock();
        if sending.turn == Turn::NoBody {
            sending.turn = Turn::Connection;
        }
    }

    /// The connection gets bytes of the body. To be called before it has them.
    pub(super) fn connection_takes(&self) {
        self.lock().turn = Turn::Connection;
    }

    /// The connection gets the end of the body. To be called before it has that.
    pub(super) fn body_ends(&self) {
        self.lock().turn = Turn::NoBody;
    }

    /// Sends `data` as one chunk, if it is the guest's turn: `None` if not. Waits while the socket
    /// has not taken all of the chunk before.
    ///
    /// To be called by the guest's thread alone, when everything it wrote before was given to the
    /// connection.
    ///
    /// A socket that is broken begins a chunk and never ends it: the connection meets the error, and with
    /// it the end of the response.
    pub(super) fn poll_send(&self, cx: &Context<'_>, data: &[u8]) -> Poll<Option<Sent>> {
        // Held: the connection is about to write.
        let Ok(mut sending) = self.sending.try_lock() else {
            return Poll::Ready(None);
        };
        if sending.rest.has_remaining() {
            sending.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready((sending.turn == Turn::Free).then(|| sending.send(data)))
    }

    /// Wakes the guest when the connection next has written all it holds.
    pub(super) fn wake_when_flushed(&self, cx: &Context<'_>) {
        self.lock().waiting = Some(cx.waker().clone());
    }

    /// Wakes the guest if it waits.
    pub(super) fn wake(&self) {
        wake(self.lock());
    }

    /// The connection writes.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut sending = self.lock();
        ready!(sending.poll_rest(cx))?;
        Pin::new(&mut sending.half).poll_write_vectored(cx, parts)
    }

    /// The connection has written all it holds.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sending = self.lock();
        ready!(sending.poll_rest(cx))?;
        match sending.turn {
            Turn::NoBody => sending.rest = BytesMut::new(),
            Turn::Connection | Turn::Free => sending.turn = Turn::Free,
        }
        wake(sending);
        Poll::Ready(Ok(()))
    }

    fn lock(&self) -> MutexGuard<'_, Sending> {
        // Nothing panics while it holds the lock.
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the guest if it waits. Unlocked, or it would wake only to wait for the lock.
fn wake(mut sending: MutexGuard<'_, Sending>) {
    let waiting = sending.waiting.take();
    drop(sending);
    if let Some(waiting) = waiting {
        waiting.wake();
    }
}

impl Sending {
    /// Sends a chunk ("RFC 9112", section 7.1), and keeps what the socket does not take.
    fn send(&mut self, data: &[u8]) -> Sent {
        let size = format!("{:X}\r\n", data.len());
        let mut parts = [size.as_bytes(), data, b"\r\n"].map(IoSlice::new);
        // An error will be met again, by the connection.
        let sent = self.half.try_write_vectored(&parts).unwrap_or(0);
        let mut left = parts.as_mut_slice();
        IoSlice::advance_slices(&mut left, sent);
        for part in &*left {
            self.rest.extend_from_slice(part);
        }
        if left.is_empty() {
            Sent::Whole
        } else {
            Sent::Begun
        }
    }

    /// Sends the rest of the chunk that was begun.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.rest.has_remaining() {
            let sent = ready!(Pin::new(&mut self.half).poll_write(cx, &self.rest))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.rest.advance(sent);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn pair() -> (Socket, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let connecting = TcpStream::connect(listener.local_addr().unwrap());
        let (stream, accepted) = tokio::join!(connecting, listener.accept());
        let (peer, _) = accepted.unwrap();
        let (_receiving, sending) = stream.unwrap().into_split();
        (Socket::new(sending), peer)
    }

    async fn flush(socket: &Socket) {
        poll_fn(|cx| socket.poll_flush(cx)).await.unwrap();
    }

    fn send(socket: &Socket, data: &[u8]) -> Poll<Option<Sent>> {
        socket.poll_send(&Context::from_waker(Waker::noop()), data)
    }

    /// Everything that arrives until the other side closes.
    async fn read(peer: &TcpStream) -> Vec<u8> {
        let (mut all, mut buffer) = (vec![], vec![0; 64 * 1024]);
        loop {
            peer.readable().await.unwrap();
            match peer.try_read(&mut buffer) {
                Ok(0) => return all,
                Ok(bytes) => all.extend_from_slice(&buffer[..bytes]),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
    }

    #[tokio::test]
    async fn the_guest_sends_only_while_the_connection_holds_nothing() {
        let (whole, not_now) = (Poll::Ready(Some(Sent::Whole)), Poll::Ready(None));
        let (socket, peer) = pair().await;
        socket.request_begins();
        flush(&socket).await;
        assert_eq!(send(&socket, b"before the head"), not_now);
        socket.body_asked();
        assert_eq!(send(&socket, b"before the head has left"), not_now);
        flush(&socket).await;
        assert_eq!(send(&socket, b"one"), whole);
        socket.body_asked();
        assert_eq!(send(&socket, b"two"), whole);
        socket.connection_takes();
        socket.body_asked();
        assert_eq!(send(&socket, b"before the connection's bytes"), not_now);
        flush(&socket).await;
        assert_eq!(send(&socket, b"a longer chunk"), whole);
        socket.body_ends();
        flush(&socket).await;
        assert_eq!(send(&socket, b"after the end"), not_now);
        drop(socket);
        let expected = b"3\r\none\r\n3\r\ntwo\r\nE\r\na longer chunk\r\n";
        assert_eq!(read(&peer).await, expected);
    }

    #[tokio::test]
    async fn what_the_socket_does_not_take_leaves_before_anything_else() {
        let (socket, peer) = pair().await;
        socket.body_asked();
        flush(&socket).await;
        let chunk = vec![b'x'; 100_000];
        let framed = [b"186A0\r\n", chunk.as_slice(), b"\r\n"].concat();
        let mut expected = vec![];
        loop {
            let sent = send(&socket, &chunk);
            expected.extend_from_slice(&framed);
            if sent == Poll::Ready(Some(Sent::Begun)) {
                break;
            }
            assert_eq!(sent, Poll::Ready(Some(Sent::Whole)));
        }
        assert!(send(&socket, &chunk).is_pending());
        socket.connection_takes();
        let writing = async move {
            let later = [IoSlice::new(b"later")];
            let written = poll_fn(|cx| socket.poll_write(cx, &later)).await;
            assert_eq!(written.unwrap(), 5);
        };
        let (read, ()) = tokio::join!(read(&peer), writing);
        expected.extend_from_slice(b"later");
        assert!(read == expected);
    }
}
