//! The body of a request on its way out.

use std::io::{ErrorKind, Read};

use wasip2::http::types::{self as wasi, OutgoingBody};
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{OutputStream, StreamError};

use super::wasi::no_response;
use super::{Content, PIECE_BYTES};
use crate::fetch::error::Reason;

/// A body that is sent: `piece`, and then what is read from `reader`. Dropped before its end, it ends the request
/// as incomplete. The fields are dropped in this order, children before their parents.
pub(super) struct Upload {
    /// Ready when the host takes more. Created when the host first takes nothing, as a small body never waits.
    room: Option<Pollable>,
    stream: OutputStream,
    body: OutgoingBody,
    reader: Option<Box<dyn Read>>,
    /// What is there to be sent.
    piece: Vec<u8>,
    /// How much of it was sent.
    sent: usize,
}

/// What one step did.
pub(super) enum Step {
    Sent,
    /// The host takes nothing now.
    Blocked,
    /// The body was sent, or the host does not want the rest of it.
    Ended,
}

impl Upload {
    pub(super) fn new(body: OutgoingBody, content: Content) -> Result<Self, ()> {
        let (piece, reader) = match content {
            Content::Bytes(bytes) => (bytes, None),
            Content::Reader(reader) => (Vec::new(), Some(reader)),
        };
        Ok(Self {
            room: None,
            stream: body.write()?,
            body,
            reader,
            piece,
            sent: 0,
        })
    }

    /// Returns what is ready when the host takes more.
    pub(super) fn room(&mut self) -> &Pollable {
        let stream = &self.stream;
        self.room.get_or_insert_with(|| stream.subscribe())
    }

    /// Sends as much as the host takes at once, and empties `slot` at the end of the body.
    pub(super) fn step(slot: &mut Option<Self>) -> Result<Step, Reason> {
        let Some(upload) = slot else {
            return Ok(Step::Ended);
        };
        let step = upload.send_some()?;
        if !matches!(step, Step::Ended) {
            return Ok(step);
        }
        let is_complete = upload.is_at_end();
        if let Some(upload) = slot.take().filter(|_| is_complete) {
            upload.finish()?;
        }
        Ok(Step::Ended)
    }

    fn send_some(&mut self) -> Result<Step, Reason> {
        if self.is_at_end() && !self.read_piece()? {
            return Ok(Step::Ended);
        }
        let room = match self.stream.check_write() {
            Ok(0) => return Ok(Step::Blocked),
            Ok(room) => usize::try_from(room).unwrap_or(usize::MAX),
            Err(error) => return self.refused(error),
        };
        let rest = self.piece.get(self.sent..).unwrap_or_default();
        let part = rest.get(..room).unwrap_or(rest);
        if let Err(error) = self.stream.write(part) {
            return self.refused(error);
        }
        self.sent += part.len();
        let is_all = self.is_at_end() && self.reader.is_none();
        Ok(if is_all { Step::Ended } else { Step::Sent })
    }

    fn is_at_end(&self) -> bool {
        self.sent == self.piece.len()
    }

    /// Reads the next piece. Returns whether there is one.
    fn read_piece(&mut self) -> Result<bool, Reason> {
        let Some(reader) = &mut self.reader else {
            return Ok(false);
        };
        self.piece.resize(PIECE_BYTES, 0);
        self.sent = 0;
        let read = loop {
            match reader.read(&mut self.piece) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.piece.truncate(*read.as_ref().unwrap_or(&0));
        match read {
            Ok(bytes) => Ok(bytes > 0),
            Err(error) => Err(Reason::Upload(error)),
        }
    }

    /// Ends a body that the host refuses. The response, or the reason that there is none, comes by
    /// itself, unless the body does not fit its own `content-length`.
    fn refused(&mut self, error: StreamError) -> Result<Step, Reason> {
        let StreamError::LastOperationFailed(error) = error else {
            return Ok(Step::Ended);
        };
        match wasi::http_error_code(&error) {
            Some(code @ wasi::ErrorCode::HttpRequestBodySize(_)) => Err(no_response(&code)),
            _ => Ok(Step::Ended),
        }
    }

    fn finish(self) -> Result<(), Reason> {
        let Self {
            room, stream, body, ..
        } = self;
        drop(room);
        drop(stream);
        OutgoingBody::finish(body, None).map_err(|code| no_response(&code))
    }
}
