//! Reading the events of another server.

use std::io::{self, BufRead};
use std::time::Duration;

use super::Message;
use super::parser::Parser;

/// Largest data of an event unless another limit is set, in bytes.
const DEFAULT_LIMIT_BYTES: usize = 1024 * 1024;

/// The events of a stream, each as it arrives.
///
/// It reads what a browser's `EventSource` reads: comments and events without data are skipped, and an event
/// that the stream did not end with a blank line is not one.
///
/// ```
/// use bootstream::sse::{Events, Message};
///
/// let stream: &[u8] = b": hello\n\nevent: token\ndata: {\"text\":\"Hi\"}\n\ndata: [DONE]\n\n";
/// for message in Events::new(stream) {
///     let message = message?;
///     match message.get_data() {
///         "[DONE]" => break,
///         data => assert_eq!(message, Message::data(data).event("token")),
///     }
/// }
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// The item is an error, and the last one, when the reader fails or an event has more than 1 MiB of data.
/// A response of [`fetch`](crate::fetch) that breaks off is such an error.
#[derive(Debug)]
pub struct Events<R> {
    reader: R,
    parser: Parser,
    has_ended: bool,
}

impl<R: BufRead> Events<R> {
    /// Reads events from a reader.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            parser: Parser::new(DEFAULT_LIMIT_BYTES),
            has_ended: false,
        }
    }

    /// Sets the largest data of an event, in bytes. The default is 1 MiB.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.parser.limit = bytes;
        self
    }

    /// Returns the id of the last event that had one, which a client that reconnects sends as
    /// `last-event-id`. Empty without one.
    pub fn last_event_id(&self) -> &str {
        &self.parser.last_id
    }

    /// Returns how long the stream wants its client to wait before it reconnects.
    pub fn retry(&self) -> Option<Duration> {
        self.parser.retry
    }

    /// Returns the reader.
    pub fn into_inner(self) -> R {
        self.reader
    }

    fn read_next(&mut self) -> io::Result<Option<Message>> {
        loop {
            let piece = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                piece => piece?,
            };
            if piece.is_empty() {
                return Ok(None);
            }
            let (read, message) = self.parser.read(piece).map_err(|_| {
                let limit = self.parser.limit;
                let reason =
                    format!("a server-sent event is larger than {limit} bytes: raise `limit`");
                io::Error::new(io::ErrorKind::InvalidData, reason)
            })?;
            self.reader.consume(read);
            if message.is_some() {
                return Ok(message);
            }
        }
    }
}

impl<R: BufRead> Iterator for Events<R> {
    type Item = io::Result<Message>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.read_next().transpose();
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }
}
