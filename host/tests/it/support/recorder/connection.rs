//! One connection to the Runtime API, served by a thread of its own with blocking reads.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Shared;
use super::script::{Fate, Post};
use super::wire::{Chunk, End, Exchange, chunk_size, field};
use crate::support::pause;

const READ_BYTES: usize = 64 * 1024;

/// Linux's flag for bytes that wait for more to travel with.
const MSG_MORE: i32 = 0x8000;

pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) number: usize,
    pub(super) stream: TcpStream,
    /// Read and not yet parsed.
    buffer: Vec<u8>,
    /// How the current post is treated.
    post: Post,
    /// Bytes read of the current body, framing included.
    body_bytes: usize,
    answered: bool,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, number: usize, stream: TcpStream) -> Self {
        Self {
            shared,
            number,
            stream,
            buffer: Vec::new(),
            post: Post::default(),
            body_bytes: 0,
            answered: false,
        }
    }

    /// Serves one request after the other until either side has enough.
    pub(super) fn serve(mut self) -> io::Result<()> {
        loop {
            let head = self.head()?;
            let exchange = self
                .shared
                .record(|seen| seen.begin(Exchange::new(self.number, head)));
            let fate = if self.shared.record(|seen| seen.exchange(exchange).is_poll()) {
                self.poll(exchange)?
            } else {
                let served = self.post(exchange);
                self.note_truncation(exchange);
                served?
            };
            match fate {
                Fate::Keep => {}
                Fate::CloseAfter | Fate::Close => return Ok(()),
                Fate::Reset | Fate::ResetWhenReused => return self.reset(),
            }
        }
    }

    fn poll(&mut self, exchange: usize) -> io::Result<Fate> {
        self.shared.record(|seen| seen.finish(exchange, End::Clean));
        let event = self.shared.next_event()?;
        match event.fate {
            Fate::Keep => self.answer(exchange, &event.answer())?,
            Fate::CloseAfter => self.answer_and_close(exchange, &event.answer())?,
            Fate::ResetWhenReused => {
                self.answer(exchange, &event.answer())?;
                self.stream.peek(&mut [0])?;
            }
            Fate::Close | Fate::Reset => {}
        }
        Ok(event.fate)
    }

    fn post(&mut self, exchange: usize) -> io::Result<Fate> {
        let (post, head) = self.shared.record(|seen| {
            let head = seen.exchange(exchange).clone();
            (seen.post_for(head.path()), head)
        });
        // The start of the body may have come together with the head.
        (self.post, self.body_bytes, self.answered) = (post, self.buffer.len(), false);
        self.stall();
        self.early_answer(exchange)?;
        if self.ends_unread() {
            return Ok(self.post.fate);
        }
        if head.request_line().starts_with("GET ") {
            self.shared.record(|seen| seen.finish(exchange, End::Clean));
        } else if let Some(length) = head.header("content-length") {
            let length = length.parse().expect("a length is a number");
            let data = self.exactly(exchange, length)?;
            self.add(exchange, data);
            self.shared.record(|seen| seen.finish(exchange, End::Clean));
        } else {
            match self.chunks(exchange) {
                _ if self.ends_unread() => return Ok(self.post.fate),
                read => read?,
            }
        }
        if !self.answered {
            self.final_answer(exchange)?;
        }
        Ok(self.post.fate)
    }

    /// Whether the connection is to end in the middle of the body.
    fn ends_unread(&self) -> bool {
        self.answered && self.post.fate != Fate::Keep
    }

    fn chunks(&mut self, exchange: usize) -> io::Result<()> {
        loop {
            let line = self.line(exchange)?;
            let size = chunk_size(&line);
            if size == 0 {
                return self.trailers(exchange, line);
            }
            let data = self.exactly(exchange, size)?;
            self.add(exchange, data);
            let end = self.line(exchange)?;
            assert_eq!(end, "", "a chunk ends where its size says");
        }
    }

    fn trailers(&mut self, exchange: usize, last_chunk: String) -> io::Result<()> {
        let mut lines = vec![last_chunk];
        loop {
            let line = self.line(exchange)?;
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let trailers: Vec<_> = lines.iter().skip(1).map(|line| field(line)).collect();
        let tail = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
        self.shared.record(|seen| {
            let end = if trailers.is_empty() {
                End::Clean
            } else {
                End::Trailers
            };
            let target = seen.exchange(exchange);
            (target.trailers, target.tail) = (trailers, tail);
            seen.finish(exchange, end);
        });
        Ok(())
    }

    fn add(&mut self, exchange: usize, data: Vec<u8>) {
        let at = Instant::now();
        self.shared.record(|seen| {
            let chunks = &mut seen.exchange(exchange).chunks;
            chunks.push(Chunk { at, data });
        });
    }

    fn note_truncation(&self, exchange: usize) {
        self.shared.record(|seen| {
            if seen.exchange(exchange).end == End::Open {
                seen.finish(exchange, End::Truncated);
            }
        });
    }

    fn early_answer(&mut self, exchange: usize) -> io::Result<()> {
        match self.post.early_after {
            Some(bytes) if !self.answered && self.body_bytes >= bytes => {
                self.final_answer(exchange)
            }
            _ => Ok(()),
        }
    }

    /// Reads nothing for a time, once.
    fn stall(&mut self) {
        if let Some((after, time)) = self.post.stall
            && self.body_bytes >= after
        {
            self.post.stall = None;
            pause(time);
        }
    }

    fn final_answer(&mut self, exchange: usize) -> io::Result<()> {
        self.answered = true;
        pause(self.post.delay);
        if matches!(self.post.fate, Fate::Keep | Fate::CloseAfter) {
            let answer = self.post.answer.clone();
            self.answer(exchange, &answer)?;
        }
        Ok(())
    }

    fn answer(&mut self, exchange: usize, answer: &[u8]) -> io::Result<()> {
        self.note_answer(exchange);
        self.stream.write_all(answer)
    }

    /// Sends the end of the connection together with the last bytes of the answer: whoever reads
    /// them can know of the end.
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

    fn head(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let end = self.buffer.windows(4).position(|w| w == b"\r\n\r\n");
            if let Some(at) = end {
                return Ok(self.buffer.drain(..at + 4).collect());
            }
            self.fill()?;
        }
    }

    fn line(&mut self, exchange: usize) -> io::Result<String> {
        loop {
            if let Some(at) = self.buffer.windows(2).position(|w| w == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..at + 2).collect();
                let line = String::from_utf8(line).expect("framing is ASCII");
                return Ok(line.trim_end().to_owned());
            }
            self.fill_body(exchange)?;
        }
    }

    fn exactly(&mut self, exchange: usize, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill_body(exchange)?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn fill_body(&mut self, exchange: usize) -> io::Result<()> {
        let read = self.fill()?;
        self.body_bytes += read;
        self.stall();
        if let Some(rate) = self.post.bytes_per_second {
            let read = u32::try_from(read).expect("a small buffer");
            pause(Duration::from_secs(1) * read / rate);
        }
        self.early_answer(exchange)?;
        if self.ends_unread() {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<usize> {
        let before = self.buffer.len();
        self.buffer.resize(before + READ_BYTES, 0);
        let read = self.stream.read(&mut self.buffer[before..]);
        self.buffer
            .truncate(before + read.as_ref().copied().unwrap_or(0));
        match read? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}
