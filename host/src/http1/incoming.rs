//! The body of what the Runtime API answers, as it arrives.

use bytes::{Buf as _, Bytes, BytesMut};
use httparse::{EMPTY_HEADER, Status};

use super::error::InvalidAnswer;
use super::head::Framing;

/// Most that is kept of an unfinished line with the size of a chunk, or of unfinished trailers, in bytes.
const LINES_LIMIT_BYTES: usize = 16 * 1024;

/// Room for what is thrown away, in bytes.
const DISCARD_BYTES: usize = 64 * 1024;

/// Trailers that may come behind a body.
const TRAILER_LIMIT: usize = 128;

const LINE_END: &[u8] = b"\r\n";

/// A body that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// It exceeded the limit and was discarded; this is its length.
    TooLong(u64),
}

/// A body that is being read into memory, whole. What is over its limit is read and thrown away.
#[derive(Debug)]
pub struct Incoming {
    state: State,
    /// What came in chunks.
    chunks: BytesMut,
    limit_bytes: usize,
    /// What was thrown away, once the body is over its limit.
    discarded_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(usize),
    /// So many bytes that are not wanted.
    Surplus(u64),
    UntilClose,
    ChunkSize,
    /// So many bytes of a chunk, and the end of its line.
    Chunk(usize),
    Trailers,
}

impl Incoming {
    /// A body of which at most `limit_bytes` are kept.
    #[must_use]
    pub fn new(framing: Framing, limit_bytes: usize) -> Self {
        let mut discarded_bytes = None;
        let state = match framing {
            Framing::Length(length) => match usize::try_from(length) {
                Ok(length) if length <= limit_bytes => State::Length(length),
                _ => {
                    discarded_bytes = Some(length);
                    State::Surplus(length)
                }
            },
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Self {
            state,
            chunks: BytesMut::new(),
            limit_bytes,
            discarded_bytes,
        }
    }

    /// Takes what belongs to the body from `input`, which has what arrived. Gives the body when it is
    /// whole; `at_end` says that nothing more arrives.
    ///
    /// # Errors
    ///
    /// When the chunks are not those of HTTP.
    pub fn take(
        &mut self,
        input: &mut BytesMut,
        at_end: bool,
    ) -> Result<Option<Body>, InvalidAnswer> {
        match self.state {
            State::Length(length) if input.len() >= length => {
                Ok(Some(Body::Whole(input.split_to(length).freeze())))
            }
            State::Length(_) => Ok(None),
            State::Surplus(left) => {
                let count = left.min(bytes(input.len()));
                input.advance(usize::try_from(count).unwrap_or(input.len()));
                self.state = State::Surplus(left - count);
                Ok((left == count).then(|| self.end(Bytes::new())))
            }
            State::UntilClose => {
                if self.discarded_bytes.is_some() || input.len() > self.limit_bytes {
                    self.discard(input.len());
                    input.clear();
                }
                Ok(at_end.then(|| self.end(input.split().freeze())))
            }
            State::ChunkSize | State::Chunk(_) | State::Trailers => {
                let is_whole = self.take_chunks(input)?;
                Ok(is_whole.then(|| {
                    let chunks = self.chunks.split().freeze();
                    self.end(chunks)
                }))
            }
        }
    }

    /// What there is of the body so far, where `input` has what arrived.
    #[must_use]
    pub fn beginning<'a>(&'a self, input: &'a [u8]) -> &'a [u8] {
        match self.state {
            State::Length(_) | State::Surplus(_) | State::UntilClose => input,
            State::ChunkSize | State::Chunk(_) | State::Trailers => &self.chunks,
        }
    }

    /// The most that is kept.
    #[must_use]
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Whether more came, or is to come, than is kept.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.discarded_bytes.is_some()
    }

    fn end(&self, whole: Bytes) -> Body {
        self.discarded_bytes
            .map_or(Body::Whole(whole), Body::TooLong)
    }

    fn discard(&mut self, count: usize) {
        let before = self.discarded_bytes.unwrap_or_default();
        self.discarded_bytes = Some(before.saturating_add(bytes(count)));
    }

    /// How many more bytes it is worth to make room for, if that is known.
    #[must_use]
    pub fn wants(&self, has: usize) -> usize {
        match self.state {
            State::Length(length) => length.saturating_sub(has),
            State::Chunk(_) if self.discarded_bytes.is_some() => DISCARD_BYTES,
            State::Chunk(left) => left.saturating_add(LINE_END.len()).saturating_sub(has),
            State::Surplus(_) => DISCARD_BYTES,
            State::UntilClose | State::ChunkSize | State::Trailers => 0,
        }
    }

    /// Says whether that was all.
    fn take_chunks(&mut self, input: &mut BytesMut) -> Result<bool, InvalidAnswer> {
        loop {
            match self.state {
                State::ChunkSize => {
                    // httparse takes a line without a digit for the last chunk.
                    if input.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
                        return Err(InvalidAnswer::Chunk);
                    }
                    let size = httparse::parse_chunk_size(input);
                    let size = size.map_err(|_| InvalidAnswer::Chunk)?;
                    let Status::Complete((line, size)) = size else {
                        return within_lines(input);
                    };
                    input.advance(line);
                    self.state = match usize::try_from(size) {
                        Ok(0) => State::Trailers,
                        Ok(size) => State::Chunk(size),
                        Err(_) => return Err(InvalidAnswer::Chunk),
                    };
                }
                State::Chunk(left) => {
                    let count = left.min(input.len());
                    self.take_data(input, left, count);
                    self.state = State::Chunk(left - count);
                    if count < left || input.len() < LINE_END.len() {
                        return Ok(false);
                    }
                    if !input.starts_with(LINE_END) {
                        return Err(InvalidAnswer::Chunk);
                    }
                    input.advance(LINE_END.len());
                    self.state = State::ChunkSize;
                }
                State::Trailers => {
                    let mut trailers = [EMPTY_HEADER; TRAILER_LIMIT];
                    let Status::Complete((length, _)) =
                        httparse::parse_headers(input, &mut trailers)?
                    else {
                        return within_lines(input);
                    };
                    input.advance(length);
                    return Ok(true);
                }
                State::Length(_) | State::Surplus(_) | State::UntilClose => return Ok(false),
            }
        }
    }

    /// Takes `count` bytes of a chunk of which `left` are to come.
    fn take_data(&mut self, input: &mut BytesMut, left: usize, count: usize) {
        let has = self.chunks.len();
        if self.discarded_bytes.is_none() && has.saturating_add(left) > self.limit_bytes {
            self.discard(has);
            self.chunks = BytesMut::new();
        }
        if self.discarded_bytes.is_some() {
            self.discard(count);
        } else {
            self.chunks
                .extend_from_slice(input.get(..count).unwrap_or_default());
        }
        input.advance(count);
    }
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Lines that are not all there yet may only be so long.
fn within_lines(input: &BytesMut) -> Result<bool, InvalidAnswer> {
    if input.len() > LINES_LIMIT_BYTES {
        return Err(InvalidAnswer::Chunk);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;

    fn whole(text: &str) -> Body {
        Body::Whole(Bytes::copy_from_slice(text.as_bytes()))
    }

    /// What is read of `text`, which arrives in pieces of `size` bytes, and what is left of it.
    fn read(
        framing: Framing,
        text: &[u8],
        size: usize,
    ) -> Result<Option<(Body, BytesMut)>, InvalidAnswer> {
        let mut body = Incoming::new(framing, LIMIT);
        let mut input = BytesMut::new();
        for piece in text.chunks(size) {
            input.extend_from_slice(piece);
            if let Some(whole) = body.take(&mut input, false)? {
                return Ok(Some((whole, input)));
            }
        }
        Ok(body.take(&mut input, true)?.map(|whole| (whole, input)))
    }

    #[test]
    fn a_body_is_whole_however_it_arrives() {
        for (framing, text, expected) in [
            (Framing::Length(0), "", ""),
            (Framing::Length(5), "hello", "hello"),
            (Framing::UntilClose, "hello", "hello"),
            (Framing::Chunked, "0\r\n\r\n", ""),
            (
                Framing::Chunked,
                "4\r\nhell\r\n001;x=y\r\no\r\n0\r\nt: u\r\n\r\n",
                "hello",
            ),
            (
                Framing::Chunked,
                "A\r\n\r\n0\r\n\r\n\r\n0\r\n0\r\n\r\n",
                "\r\n0\r\n\r\n\r\n0",
            ),
        ] {
            for size in 1..=text.len().max(1) {
                let (body, left) = read(framing, text.as_bytes(), size).unwrap().unwrap();
                assert_eq!(body, whole(expected), "{text:?} by {size}");
                assert_eq!(left, "");
            }
        }
    }

    #[test]
    fn what_is_wanted_has_no_limit_that_overflows() {
        let mut body = Incoming::new(Framing::Chunked, usize::MAX);
        let mut input = BytesMut::from("ffffffffffffffff\r\nx");
        assert_eq!(body.take(&mut input, false).unwrap(), None);
        assert!(body.wants(0) > usize::MAX / 2);
    }

    #[test]
    fn what_comes_behind_a_body_is_left() {
        for (framing, text) in [
            (Framing::Length(2), "okHTTP/1.1"),
            (Framing::Chunked, "2\r\nok\r\n0\r\n\r\nHTTP/1.1"),
        ] {
            let (body, left) = read(framing, text.as_bytes(), 100).unwrap().unwrap();
            assert_eq!((body, left), (whole("ok"), BytesMut::from("HTTP/1.1")));
        }
    }

    #[test]
    fn a_body_that_is_cut_is_none() {
        for (framing, text) in [
            (Framing::Length(5), "hell"),
            (Framing::Chunked, ""),
            (Framing::Chunked, "5\r\nhello"),
            (Framing::Chunked, "5\r\nhello\r\n"),
            (Framing::Chunked, "5\r\nhello\r\n0\r\n"),
        ] {
            assert!(
                read(framing, text.as_bytes(), 100).unwrap().is_none(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_is_counted_and_thrown_away_however_it_arrives() {
        let long = "x".repeat(LIMIT + 1);
        for (framing, text, length) in [
            (Framing::Length(101), long.clone(), 101),
            (Framing::UntilClose, long.clone(), 101),
            (Framing::Chunked, format!("65\r\n{long}\r\n0\r\n\r\n"), 101),
            (
                Framing::Chunked,
                format!(
                    "60\r\n{}\r\n5f\r\n{}\r\n1\r\nx\r\n0\r\n\r\n",
                    "x".repeat(96),
                    "x".repeat(95)
                ),
                192,
            ),
        ] {
            let behind = if framing == Framing::UntilClose {
                ""
            } else {
                "HTTP/1.1"
            };
            let text = format!("{text}{behind}");
            for size in 1..=text.len() {
                let mut body = Incoming::new(framing, LIMIT);
                let (mut input, mut end) = (BytesMut::new(), None);
                for piece in text.as_bytes().chunks(size) {
                    input.extend_from_slice(piece);
                    if end.is_none() {
                        end = body.take(&mut input, false).unwrap();
                        assert!(body.beginning(&input).len() <= LIMIT + size);
                    }
                }
                let end = end.or_else(|| body.take(&mut input, true).unwrap());
                assert_eq!(end, Some(Body::TooLong(length)), "{framing:?} by {size}");
                assert_eq!(input, behind, "{framing:?} by {size}");
            }
        }
        assert_eq!(read(Framing::Length(u64::MAX), b"x", 1).unwrap(), None);
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let long_line = format!("1;{}", "x".repeat(LINES_LIMIT_BYTES));
        for (framing, text) in [
            (Framing::Chunked, "1\r\nab\r\n"),
            (Framing::Chunked, "x\r\n"),
            // Without a digit.
            (Framing::Chunked, "5\r\nhello\r\n\r\n\r\n"),
            (Framing::Chunked, "\r\n\r\n"),
            (Framing::Chunked, ";x\r\n\r\n"),
            (Framing::Chunked, " \r\n\r\n"),
            (Framing::Chunked, "11111111111111111\r\n"),
            (Framing::Chunked, &long_line),
        ] {
            assert!(read(framing, text.as_bytes(), 1 << 20).is_err(), "{text:?}");
        }
    }
}
