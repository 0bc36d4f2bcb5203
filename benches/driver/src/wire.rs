//! HTTP/1.1 as Lambda's side of the connection reads it: heads, and bodies as they arrive.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

/// Most that is read at once. A larger buffer than a peer's writes, so that reading never limits.
const BUFFER_BYTES: usize = 512 * 1024;

/// How a chunked body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Clean,
    Trailers,
}

/// One connection of a runtime.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// What was read and not yet taken: `buffer[start..end]`.
    start: usize,
    end: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
        })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next request's head, or `None` when the peer has closed.
    pub(crate) fn head(&mut self) -> io::Result<Option<String>> {
        let mut head = String::new();
        loop {
            match self.line() {
                Ok(line) if line.is_empty() => return Ok(Some(head)),
                Ok(line) => {
                    head.push_str(&line);
                    head.push('\n');
                }
                Err(error) if head.is_empty() && is_gone(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads a chunked body; `seen` gets its data in the pieces it arrives in, and how many chunks
    /// have begun so far.
    pub(crate) fn chunks(&mut self, mut seen: impl FnMut(&[u8], u64)) -> io::Result<End> {
        for count in 1.. {
            let size = chunk_size(&self.line()?)?;
            if size == 0 {
                break;
            }
            self.data(size, |piece| seen(piece, count))?;
            self.line()?;
        }
        let mut end = End::Clean;
        while !self.line()?.is_empty() {
            end = End::Trailers;
        }
        Ok(end)
    }

    /// Reads a body of a known size.
    pub(crate) fn data(&mut self, size: usize, mut seen: impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = size;
        while left > 0 {
            if self.start == self.end {
                self.fill()?;
            }
            let piece = self.unread();
            let piece = piece.get(..left).unwrap_or(piece);
            seen(piece);
            left -= piece.len();
            self.start += piece.len();
        }
        Ok(())
    }

    /// A line without its end.
    fn line(&mut self) -> io::Result<String> {
        let mut looked_at = 0;
        loop {
            let unread = self.unread();
            let rest = unread.get(looked_at..).unwrap_or_default();
            if let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
                let length = looked_at + at;
                let line = unread.get(..length).unwrap_or_default();
                let line = String::from_utf8_lossy(line)
                    .trim_end_matches('\r')
                    .to_owned();
                self.start += length + 1;
                return Ok(line);
            }
            looked_at = unread.len();
            self.fill()?;
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let read = self.stream.read(room)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.end += read;
        Ok(())
    }
}

fn chunk_size(line: &str) -> io::Result<usize> {
    let digits = line.split(';').next().unwrap_or_default();
    usize::from_str_radix(digits, 16)
        .map_err(|_| io::Error::other(format!("`{line}` is no chunk size")))
}

/// Whether the peer has closed the connection, in whatever manner.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// What is read of `bytes`, which arrive one by one or at once.
    fn read<R>(bytes: &'static [u8], one_by_one: bool, read: impl FnOnce(&mut Wire) -> R) -> R {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sending = thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            for piece in bytes.chunks(if one_by_one { 1 } else { bytes.len() }) {
                stream.write_all(piece).unwrap();
            }
        });
        let mut wire = Wire::new(listener.accept().unwrap().0).unwrap();
        let result = read(&mut wire);
        sending.join().unwrap();
        result
    }

    #[test]
    fn a_chunked_body_is_read_wherever_it_is_cut() {
        let bytes = b"POST /x HTTP/1.1\r\na: b\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        for one_by_one in [true, false] {
            let (head, body, chunks, end) = read(bytes, one_by_one, |wire| {
                let head = wire.head().unwrap().unwrap();
                let (mut body, mut chunks) = (Vec::new(), 0);
                let end = wire.chunks(|piece, count| {
                    body.extend_from_slice(piece);
                    chunks = count;
                });
                (head, body, chunks, end.unwrap())
            });
            assert_eq!(head, "POST /x HTTP/1.1\na: b\n");
            assert_eq!(
                (&body[..], chunks, end),
                (&b"abc0123456789"[..], 2, End::Clean)
            );
        }
    }

    #[test]
    fn trailers_and_a_cut_are_told_from_a_clean_end() {
        let end = read(b"0\r\nx: y\r\n\r\n", false, |wire| wire.chunks(|_, _| {}));
        assert_eq!(end.unwrap(), End::Trailers);
        let end = read(b"3\r\nabc\r\n", false, |wire| wire.chunks(|_, _| {}));
        assert!(is_gone(&end.unwrap_err()));
    }
}
