//! HTTP/1.1 on the wire: heads, chunk boundaries, trailers, and bodies as they arrive.
//!
//! An HTTP library would hide these. Incorrect framing is an error.

use std::io::{self, ErrorKind, Read};

/// Default size of the read buffer, in bytes: larger than a peer's writes.
const BUFFER_BYTES: usize = 512 * 1024;

/// One line of a head or of a trailer block: name in lower case, value.
pub type Field = (String, String);

/// The reading side of a connection.
#[derive(Debug)]
pub struct Wire<R> {
    source: R,
    buffer: Vec<u8>,
    /// The bytes read and not yet taken are `buffer[start..end]`.
    start: usize,
    end: usize,
}

impl<R: Read> Wire<R> {
    pub fn new(source: R) -> Self {
        Self::with_buffer(source, BUFFER_BYTES)
    }

    /// Uses a buffer of `bytes` bytes, the most that one read returns.
    pub fn with_buffer(source: R, bytes: usize) -> Self {
        Self {
            source,
            buffer: vec![0; bytes],
            start: 0,
            end: 0,
        }
    }

    pub fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// Number of bytes read and not yet taken.
    pub fn unread_bytes(&self) -> usize {
        self.end - self.start
    }

    /// Reads the next head, including its empty line.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        loop {
            let line = self.raw_line()?;
            let is_last = line == b"\r\n";
            head.extend(line);
            if is_last {
                return Ok(head);
            }
        }
    }

    /// Reads a line without its end.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn line(&mut self) -> io::Result<String> {
        let line = self.raw_line()?;
        let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
        String::from_utf8(line.to_vec()).map_err(|_| malformed("a line is not text"))
    }

    /// Reads a chunked body and passes each block to `seen` as it arrives, with the number of chunks begun so
    /// far. Returns the trailers.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn chunks(&mut self, mut seen: impl FnMut(&[u8], u64)) -> io::Result<Vec<Field>> {
        for count in 1.. {
            let size = chunk_size(&self.line()?)?;
            if size == 0 {
                break;
            }
            self.blocks(size, |block| seen(block, count))?;
            self.chunk_end()?;
        }
        self.trailers(|_| {})
    }

    /// Reads the next chunk whole. The last one is empty, and trailers may follow it.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let size = chunk_size(&self.line()?)?;
        let data = self.exactly(size)?;
        if size > 0 {
            self.chunk_end()?;
        }
        Ok(data)
    }

    /// Reads what follows the size line of the last chunk. Passes each line to `seen` without its end.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn trailers(&mut self, mut seen: impl FnMut(&str)) -> io::Result<Vec<Field>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(fields);
            }
            seen(&line);
            fields.push(field(&line)?);
        }
    }

    /// Reads the next `size` bytes.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn exactly(&mut self, size: usize) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        self.blocks(size, |block| data.extend_from_slice(block))?;
        Ok(data)
    }

    /// Reads a body of a known size and passes each block to `seen` as it arrives.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the connection ends first.
    pub fn blocks(&mut self, size: usize, mut seen: impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = size;
        while left > 0 {
            if self.start == self.end {
                self.fill()?;
            }
            let block = &self.buffer[self.start..self.end];
            let block = block.get(..left).unwrap_or(block);
            seen(block);
            left -= block.len();
            self.start += block.len();
        }
        Ok(())
    }

    fn chunk_end(&mut self) -> io::Result<()> {
        match self.line()?.as_str() {
            "" => Ok(()),
            more => Err(malformed(&format!("`{more}` follows a chunk"))),
        }
    }

    fn raw_line(&mut self) -> io::Result<Vec<u8>> {
        let mut looked_at = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            let rest = &unread[looked_at..];
            if let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
                let line = unread[..=looked_at + at].to_vec();
                self.start += line.len();
                return if line.ends_with(b"\r\n") {
                    Ok(line)
                } else {
                    Err(malformed("a line feed without a carriage return"))
                };
            }
            looked_at = unread.len();
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.end == self.buffer.len() {
                self.buffer.resize(2 * self.end, 0);
            }
        }
        match self.source.read(&mut self.buffer[self.end..])? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.end += read;
                Ok(())
            }
        }
    }
}

/// Returns whether the error means that the peer closed or reset the connection.
pub fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
    )
}

/// Splits a header or trailer line.
///
/// # Errors
///
/// When there is no colon.
pub fn field(line: &str) -> io::Result<Field> {
    let (name, value) = line
        .split_once(':')
        .ok_or_else(|| malformed(&format!("`{line}` is not a header line")))?;
    Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// Parses a chunk's size line, which must be hexadecimal digits only.
fn chunk_size(line: &str) -> io::Result<usize> {
    let is_plain = line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = usize::from_str_radix(line, 16).ok().filter(|_| is_plain);
    size.ok_or_else(|| malformed(&format!("`{line}` is not a plain chunk size")))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `bytes` one by one or at once.
    fn wire(bytes: &'static [u8], one_by_one: bool) -> Wire<&'static [u8]> {
        Wire::with_buffer(bytes, if one_by_one { 1 } else { bytes.len() })
    }

    #[test]
    fn a_chunked_body_is_read_wherever_it_is_cut() {
        let bytes = b"POST /x HTTP/1.1\r\na: b\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        for one_by_one in [true, false] {
            let mut wire = wire(bytes, one_by_one);
            assert_eq!(wire.head().unwrap(), b"POST /x HTTP/1.1\r\na: b\r\n\r\n");
            let (mut body, mut chunks) = (Vec::new(), 0);
            let trailers = wire.chunks(|block, count| {
                body.extend_from_slice(block);
                chunks = count;
            });
            assert_eq!(trailers.unwrap(), []);
            assert_eq!((&body[..], chunks), (&b"abc0123456789"[..], 2));
        }
    }

    #[test]
    fn trailers_and_a_cut_are_distinguished_from_a_clean_end() {
        let trailers = wire(b"0\r\nX: y\r\n\r\n", false).chunks(|_, _| {});
        assert_eq!(trailers.unwrap(), [("x".to_owned(), "y".to_owned())]);
        for cut in [&b"3\r\nabc\r\n"[..], b"3\r\nab", b"0\r\n", b"0\r\nx: y\r\n"] {
            let end = wire(cut, false).chunks(|_, _| {});
            assert!(is_gone(&end.unwrap_err()));
        }
    }

    #[test]
    fn incorrect_framing_is_an_error() {
        for bytes in [
            &b"3;a=b\r\nabc\r\n0\r\n\r\n"[..],
            b"3\r\nabcd\r\n",
            b"\r\n",
            b"3\n",
        ] {
            let read = wire(bytes, false).chunks(|_, _| {});
            assert_eq!(read.unwrap_err().kind(), ErrorKind::InvalidData);
        }
    }
}
