//! The body of what the Runtime API answers, as it arrives.

use bytes::{Buf as _, Bytes, BytesMut};
use httparse::{EMPTY_HEADER, Status};

use super::error::InvalidAnswer;
use super::head::Framing;

/// Most that is kept of an unfinished line with the size of a chunk, or of unfinished trailers, in bytes.
const LINES_LIMIT_BYTES: usize = 16 * 1024;

/// Trailers that may come behind a body.
const TRAILER_LIMIT: usize = 128;

const LINE_END: &[u8] = b"\r\n";

/// A body that is being read into memory, whole.
#[derive(Debug)]
pub struct Incoming {
    state: State,
    /// What came in chunks.
    chunks: BytesMut,
    limit_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Length(usize),
    UntilClose,
    ChunkSize,
    /// So many bytes of a chunk, and the end of its line.
    Chunk(usize),
    Trailers,
}

impl Incoming {
    /// A body of at most `limit_bytes`.
    ///
    /// # Errors
    ///
    /// When its head says that it is longer.
    pub fn new(framing: Framing, limit_bytes: usize) -> Result<Self, InvalidAnswer> {
        let state = match framing {
            Framing::Length(length) => match usize::try_from(length) {
                Ok(length) if length <= limit_bytes => State::Length(length),
                _ => return Err(InvalidAnswer::LongBody(limit_bytes)),
            },
            Framing::Chunked => State::ChunkSize,
            Framing::UntilClose => State::UntilClose,
        };
        Ok(Self {
            state,
            chunks: BytesMut::new(),
            limit_bytes,
        })
    }

    /// Takes what belongs to the body from `input`, which has what arrived. Gives the body when it is
    /// whole; `at_end` says that nothing more arrives.
    ///
    /// # Errors
    ///
    /// When the chunks are not those of HTTP, or the body is over its limit.
    pub fn take(
        &mut self,
        input: &mut BytesMut,
        at_end: bool,
    ) -> Result<Option<Bytes>, InvalidAnswer> {
        match self.state {
            State::Length(length) if input.len() >= length => {
                Ok(Some(input.split_to(length).freeze()))
            }
            State::Length(_) => Ok(None),
            State::UntilClose if at_end => Ok(Some(input.split().freeze())),
            State::UntilClose => self.within_limit(input.len()).map(|()| None),
            State::ChunkSize | State::Chunk(_) | State::Trailers => {
                let is_whole = self.take_chunks(input)?;
                Ok(is_whole.then(|| self.chunks.split().freeze()))
            }
        }
    }

    /// How many more bytes it is worth to make room for, if that is known.
    #[must_use]
    pub fn wants(&self, has: usize) -> usize {
        match self.state {
            State::Length(length) => length.saturating_sub(has),
            State::Chunk(left) => left.saturating_add(LINE_END.len()).saturating_sub(has),
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
                        Err(_) => return Err(InvalidAnswer::LongBody(self.limit_bytes)),
                    };
                }
                State::Chunk(left) => {
                    let data = input.split_to(left.min(input.len()));
                    self.within_limit(self.chunks.len().saturating_add(left))?;
                    self.chunks.extend_from_slice(&data);
                    self.state = State::Chunk(left - data.len());
                    if data.len() < left || input.len() < LINE_END.len() {
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
                State::Length(_) | State::UntilClose => return Ok(false),
            }
        }
    }

    fn within_limit(&self, bytes: usize) -> Result<(), InvalidAnswer> {
        if bytes > self.limit_bytes {
            return Err(InvalidAnswer::LongBody(self.limit_bytes));
        }
        Ok(())
    }
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

    /// What is read of `text`, which arrives in pieces of `size` bytes, and what is left of it.
    fn read(
        framing: Framing,
        text: &[u8],
        size: usize,
    ) -> Result<Option<(Bytes, BytesMut)>, InvalidAnswer> {
        let mut body = Incoming::new(framing, LIMIT)?;
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
                assert_eq!(body, expected, "{text:?} by {size}");
                assert_eq!(left, "");
            }
        }
    }

    #[test]
    fn what_is_wanted_has_no_limit_that_overflows() {
        let mut body = Incoming::new(Framing::Chunked, usize::MAX).unwrap();
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
            assert_eq!(
                (body, left),
                (Bytes::from_static(b"ok"), BytesMut::from("HTTP/1.1"))
            );
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
    fn what_is_too_long_or_no_chunk_is_refused() {
        let long_line = format!("1;{}", "x".repeat(LINES_LIMIT_BYTES));
        for (framing, text) in [
            (Framing::Length(101), ""),
            (Framing::Length(u64::MAX), ""),
            (Framing::Chunked, "ffffffffffffffff\r\n"),
            (Framing::Chunked, "65\r\n"),
            (Framing::Chunked, "10\r\n0123456789abcdef\r\n5f\r\n"),
            (Framing::Chunked, "1\r\nab\r\n"),
            (Framing::Chunked, "x\r\n"),
            // Without a digit.
            (Framing::Chunked, "5\r\nhello\r\n\r\n\r\n"),
            (Framing::Chunked, "\r\n\r\n"),
            (Framing::Chunked, ";x\r\n\r\n"),
            (Framing::Chunked, " \r\n\r\n"),
            (Framing::Chunked, "11111111111111111\r\n"),
            (Framing::Chunked, &long_line),
            (Framing::UntilClose, &"x".repeat(101)),
        ] {
            assert!(read(framing, text.as_bytes(), 1 << 20).is_err(), "{text:?}");
        }
    }
}
