//! Reading the body of a response.

use std::io::{self, BufRead, Read};

use super::{FetchError, IncomingResponse};

impl Read for IncomingResponse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let bytes = available.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..bytes), available.get(..bytes)) {
            to.copy_from_slice(from);
        }
        self.consume(bytes);
        Ok(bytes)
    }
}

impl BufRead for IncomingResponse {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read >= self.piece.len() {
            self.piece = self.take_piece()?.unwrap_or_default();
            self.read = 0;
        }
        Ok(self.piece.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(bytes).min(self.piece.len());
    }
}

/// The pieces of a body, as they arrive. See [`IncomingResponse::chunks`].
///
/// An error is the last item.
#[derive(Debug)]
pub struct Chunks<'a> {
    response: &'a mut IncomingResponse,
    has_failed: bool,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(response: &'a mut IncomingResponse) -> Self {
        Self {
            response,
            has_failed: false,
        }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Vec<u8>, FetchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let piece = self.response.take_piece();
        self.has_failed = piece.is_err();
        piece.transpose()
    }
}
