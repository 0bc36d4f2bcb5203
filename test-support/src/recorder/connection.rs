//! One connection to the Runtime API. Its own thread serves it with blocking reads.

use std::io::{self, ErrorKind, Read, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::exchange::{Chunk, End, Exchange};
use super::script::{Fate, Post};
use super::{Seen, Shared};
use crate::pause;
use crate::wire::Wire;

const READ_BYTES: usize = 64 * 1024;

/// Linux's `MSG_MORE`: the kernel holds these bytes back to send them with the next ones.
const MSG_MORE: i32 = 0x8000;

pub(super) struct Connection {
    number: usize,
    wire: Wire<Peer>,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, number: usize, stream: TcpStream) -> Self {
        let peer = Peer {
            shared,
            stream,
            posted: None,
        };
        Self {
            number,
            wire: Wire::with_buffer(peer, READ_BYTES),
        }
    }

    /// Serves requests in turn until either side closes the connection.
    pub(super) fn serve(mut self) -> io::Result<()> {
        loop {
            let head = self.wire.head()?;
            let (exchange, is_poll) = self.record(|seen, number| {
                let exchange = Exchange::new(number, head);
                let is_poll = exchange.is_poll();
                (seen.begin(exchange), is_poll)
            });
            let fate = if is_poll {
                self.poll(exchange)?
            } else {
                let served = self.post(exchange);
                self.wire.source().posted = None;
                // Incorrect framing is not a cut: the exchange stays open, and the test that waits for it fails.
                let is_malformed = |error: &io::Error| error.kind() == ErrorKind::InvalidData;
                if !served.as_ref().is_err_and(is_malformed) {
                    self.note_truncation(exchange);
                }
                served?
            };
            match fate {
                Fate::Keep => {}
                Fate::CloseAfter | Fate::Close => return Ok(()),
                Fate::Reset | Fate::ResetWhenReused => return self.peer().reset(),
            }
        }
    }

    fn peer(&mut self) -> &mut Peer {
        self.wire.source()
    }

    fn record<R>(&mut self, change: impl FnOnce(&mut Seen, usize) -> R) -> R {
        let number = self.number;
        self.peer().shared.record(|seen| change(seen, number))
    }

    fn poll(&mut self, exchange: usize) -> io::Result<Fate> {
        let peer = self.peer();
        peer.shared.record(|seen| seen.finish(exchange, End::Clean));
        let event = peer.shared.next_event()?;
        match event.fate {
            Fate::Keep => peer.answer(exchange, &event.answer())?,
            Fate::CloseAfter => peer.answer_and_close(exchange, &event.answer())?,
            Fate::ResetWhenReused => {
                peer.answer(exchange, &event.answer())?;
                peer.stream.peek(&mut [0])?;
            }
            Fate::Close | Fate::Reset => {}
        }
        Ok(event.fate)
    }

    fn post(&mut self, exchange: usize) -> io::Result<Fate> {
        // The start of the body may have come with the head.
        let body_bytes = self.wire.unread_bytes();
        let peer = self.peer();
        let (post, head) = peer.shared.record(|seen| {
            let head = seen.exchange(exchange).clone();
            (seen.post_for(head.path()), head)
        });
        let fate = post.fate;
        peer.posted = Some(Posted {
            exchange,
            post,
            body_bytes,
            answered: false,
        });
        peer.read_of_body(0)?;
        match self.body(exchange, &head) {
            _ if self.peer().ends_unread() => return Ok(fate),
            read => read?,
        }
        self.peer().final_answer()?;
        Ok(fate)
    }

    fn body(&mut self, exchange: usize, head: &Exchange) -> io::Result<()> {
        if self.peer().ends_unread() {
            return Ok(());
        }
        if head.request_line().starts_with("GET ") {
            self.record(|seen, _| seen.finish(exchange, End::Clean));
        } else if let Some(length) = head.header("content-length") {
            let length = length.parse().expect("a length is a number");
            let data = self.wire.exactly(length)?;
            self.add(exchange, data);
            self.record(|seen, _| seen.finish(exchange, End::Clean));
        } else {
            self.chunks(exchange)?;
        }
        Ok(())
    }

    fn chunks(&mut self, exchange: usize) -> io::Result<()> {
        loop {
            let data = self.wire.chunk()?;
            if data.is_empty() {
                return self.trailers(exchange);
            }
            self.add(exchange, data);
        }
    }

    fn trailers(&mut self, exchange: usize) -> io::Result<()> {
        let mut tail = "0\r\n".to_owned();
        let trailers = self.wire.trailers(|line| {
            tail.push_str(line);
            tail.push_str("\r\n");
        })?;
        tail.push_str("\r\n");
        self.record(|seen, _| {
            let end = if trailers.is_empty() {
                End::Clean
            } else {
                End::Trailers
            };
            let target = seen.exchange(exchange);
            (target.trailers, target.tail) = (trailers, tail.into_bytes());
            seen.finish(exchange, end);
        });
        Ok(())
    }

    fn add(&mut self, exchange: usize, data: Vec<u8>) {
        let at = Instant::now();
        self.record(|seen, _| {
            let chunks = &mut seen.exchange(exchange).chunks;
            chunks.push(Chunk { at, data });
        });
    }

    fn note_truncation(&mut self, exchange: usize) {
        self.record(|seen, _| {
            if seen.exchange(exchange).end == End::Open {
                seen.finish(exchange, End::Truncated);
            }
        });
    }
}

/// The socket of a connection, read as the current post demands.
struct Peer {
    shared: Arc<Shared>,
    stream: TcpStream,
    posted: Option<Posted>,
}

/// A post whose body is being read.
struct Posted {
    exchange: usize,
    post: Post,
    /// Bytes read of the body, including its framing.
    body_bytes: usize,
    answered: bool,
}

impl Read for Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        if read > 0 {
            self.read_of_body(read)?;
        }
        if self.ends_unread() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(read)
    }
}

impl Peer {
    /// Performs the actions that are due after these bytes of the body.
    fn read_of_body(&mut self, bytes: usize) -> io::Result<()> {
        let Some(posted) = &mut self.posted else {
            return Ok(());
        };
        posted.body_bytes += bytes;
        if let Some((after, time)) = posted.post.stall
            && posted.body_bytes >= after
        {
            posted.post.stall = None;
            match time {
                Some(time) => pause(time),
                None => self.shared.wait_for_release(),
            }
        }
        if let Some(rate) = posted.post.bytes_per_second {
            let bytes = u32::try_from(bytes).expect("a small buffer");
            pause(Duration::from_secs(1) * bytes / rate);
        }
        match posted.post.early_after {
            Some(early) if posted.body_bytes >= early => self.final_answer(),
            _ => Ok(()),
        }
    }

    /// Returns whether the connection is to end in the middle of the body.
    fn ends_unread(&self) -> bool {
        let posted = self.posted.as_ref();
        posted.is_some_and(|posted| posted.answered && posted.post.fate != Fate::Keep)
    }

    /// Responds to the current post, once.
    fn final_answer(&mut self) -> io::Result<()> {
        let Some(posted) = self.posted.as_mut().filter(|posted| !posted.answered) else {
            return Ok(());
        };
        posted.answered = true;
        pause(posted.post.delay);
        if !matches!(posted.post.fate, Fate::Keep | Fate::CloseAfter) {
            return Ok(());
        }
        let (exchange, answer) = (posted.exchange, posted.post.answer.clone());
        self.answer(exchange, &answer)
    }

    fn answer(&mut self, exchange: usize, answer: &[u8]) -> io::Result<()> {
        self.note_answer(exchange);
        self.stream.write_all(answer)
    }

    /// Sends the FIN together with the last bytes of the answer, so that a reader of these can know of the end.
    fn answer_and_close(&mut self, exchange: usize, answer: &[u8]) -> io::Result<()> {
        self.note_answer(exchange);
        let socket = socket2::SockRef::from(&self.stream);
        let mut left = answer;
        while !left.is_empty() {
            let sent = socket.send_with_flags(left, MSG_MORE)?;
            left = &left[sent..];
        }
        self.stream.shutdown(Shutdown::Write)
    }

    fn note_answer(&self, exchange: usize) {
        let now = Instant::now();
        self.shared
            .record(|seen| seen.exchange(exchange).answered = Some(now));
    }

    /// Closes with RST instead of FIN.
    fn reset(&self) -> io::Result<()> {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }
}
