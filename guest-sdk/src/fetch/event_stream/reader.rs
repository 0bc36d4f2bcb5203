//! Reading the messages of a stream.

use std::io::{self, BufRead};

use super::{Message, frame};

/// Largest message unless another limit is set, in bytes: what AWS's own SDKs accept.
const DEFAULT_LIMIT_BYTES: usize = 24 * 1024 * 1024;

/// The messages of a stream, each as it arrives.
///
/// The item is an error, and the last one, when the reader fails, the stream ends within a message, a checksum
/// is wrong, a message is larger than 24 MiB, or the service sends an exception
/// ([`Exception::find_in`](super::Exception::find_in)).
#[derive(Debug)]
pub struct Messages<R> {
    reader: R,
    /// What has arrived of the next message.
    bytes: Vec<u8>,
    limit: usize,
    has_ended: bool,
}

impl<R: BufRead> Messages<R> {
    /// Reads messages from a reader.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            limit: DEFAULT_LIMIT_BYTES,
            has_ended: false,
        }
    }

    /// Sets the size of the largest message, in bytes. The default is 24 MiB.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    fn read_next(&mut self) -> io::Result<Option<Message>> {
        let invalid = |reason: frame::Invalid| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("event stream: {reason}"),
            )
        };
        loop {
            if let Some((message, length)) =
                frame::decode(&self.bytes, self.limit).map_err(invalid)?
            {
                self.bytes.drain(..length);
                return Ok(Some(message));
            }
            let piece = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                piece => piece?,
            };
            if piece.is_empty() {
                break;
            }
            self.bytes.extend_from_slice(piece);
            let read = piece.len();
            self.reader.consume(read);
        }
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let reason = "event stream: it ended within a message";
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason))
    }
}

impl<R: BufRead> Iterator for Messages<R> {
    type Item = io::Result<Message>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.read_next().and_then(|message| {
            let exception = message.as_ref().and_then(Message::as_exception);
            exception.map_or(Ok(message), |exception| Err(io::Error::other(exception)))
        });
        let next = next.transpose();
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }
}
