//! Reads a prelude from a stream with arbitrary chunk boundaries.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::DELIMITER;
use crate::limits::PRELUDE_SCAN_LIMIT_BYTES;

/// Collects bytes until the delimiter is complete.
#[derive(Debug, Default)]
pub struct PreludeDecoder {
    buffer: BytesMut,
    /// Length of the prefix in which no delimiter starts.
    searched: usize,
}

/// A prelude, and the bytes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The bytes before the delimiter. Not checked to be a JSON object.
    pub json: Bytes,
    /// The start of the body.
    pub body: Bytes,
}

/// There is no delimiter within the bytes that front ends search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDelimiter;

impl fmt::Display for NoDelimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no prelude delimiter in the first {PRELUDE_SCAN_LIMIT_BYTES} bytes of the response"
        )
    }
}

impl std::error::Error for NoDelimiter {}

impl PreludeDecoder {
    /// Takes the next bytes. Returns the prelude once its delimiter is complete.
    ///
    /// # Errors
    ///
    /// [`NoDelimiter`] when the delimiter does not end within [`PRELUDE_SCAN_LIMIT_BYTES`].
    pub fn push(&mut self, chunk: &[u8]) -> Result<Option<Decoded>, NoDelimiter> {
        self.buffer.extend_from_slice(chunk);
        let Some(end) = self.find_delimiter() else {
            self.searched = self.buffer.len().saturating_sub(DELIMITER.len() - 1);
            return if self.buffer.len() >= PRELUDE_SCAN_LIMIT_BYTES {
                Err(NoDelimiter)
            } else {
                Ok(None)
            };
        };
        if end + DELIMITER.len() > PRELUDE_SCAN_LIMIT_BYTES {
            return Err(NoDelimiter);
        }
        let json = self.buffer.split_to(end).freeze();
        let body = std::mem::take(&mut self.buffer).freeze();
        Ok(Some(Decoded {
            json,
            body: body.slice(DELIMITER.len()..),
        }))
    }

    fn find_delimiter(&self) -> Option<usize> {
        let rest = self.buffer.get(self.searched..)?;
        let mut windows = rest.windows(DELIMITER.len());
        let found = windows.position(|window| window == DELIMITER)?;
        Some(self.searched + found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::Prelude;

    #[test]
    fn what_was_written_is_found_wherever_it_is_cut() {
        let wire = Prelude::implied().into_chunks().concat();
        let wire = [wire.as_slice(), b"he\0\0\0\0\0\0\0\0llo"].concat();
        for cut in 0..=wire.len() {
            let (first, second) = wire.split_at(cut);
            let mut decoder = PreludeDecoder::default();
            let (decoded, rest) = match decoder.push(first).unwrap() {
                Some(decoded) => (decoded, second),
                None => (decoder.push(second).unwrap().unwrap(), &[][..]),
            };
            let [json, _] = Prelude::implied().into_chunks();
            assert_eq!(decoded.json, json, "cut at {cut}");
            let body = [&decoded.body, rest].concat();
            assert_eq!(body, b"he\0\0\0\0\0\0\0\0llo", "cut at {cut}");
        }
    }

    #[test]
    fn the_delimiter_must_end_within_16_kib() {
        let wire = |length: usize| [vec![b' '; length], DELIMITER.to_vec()].concat();
        let push = |bytes: &[u8]| PreludeDecoder::default().push(bytes);

        assert!(push(&wire(PRELUDE_SCAN_LIMIT_BYTES - 8)).unwrap().is_some());
        assert_eq!(push(&wire(PRELUDE_SCAN_LIMIT_BYTES - 7)), Err(NoDelimiter));
        assert_eq!(push(&[b' '; PRELUDE_SCAN_LIMIT_BYTES]), Err(NoDelimiter));
        assert_eq!(push(&[b' '; PRELUDE_SCAN_LIMIT_BYTES - 1]), Ok(None));
    }
}
