//! The body that a caller got: its beginning, its end, and a digest of all of it.

use std::ops::Range;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// Bytes kept from the beginning.
const FIRST_BYTES: usize = 1024 * 1024;

/// Bytes kept from the end of what follows.
const LAST_BYTES: usize = 256 * 1024;

/// A body, of which a long one is kept in part.
#[derive(Debug, Default)]
pub(crate) struct StoredBody {
    first: Vec<u8>,
    /// The end of what follows `first`. Up to twice [`LAST_BYTES`] long while the body grows.
    last: Vec<u8>,
    total: usize,
    digest: Sha256,
}

impl StoredBody {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.total += bytes.len();
        let space = FIRST_BYTES.saturating_sub(self.first.len());
        let (first, rest) = bytes.split_at_checked(space).unwrap_or((bytes, &[]));
        self.first.extend_from_slice(first);
        let rest = rest.get(rest.len().saturating_sub(LAST_BYTES)..);
        self.last.extend_from_slice(rest.unwrap_or_default());
        // Not at every chunk: moving the end costs as much as appending to it.
        if self.last.len() > 2 * LAST_BYTES {
            self.keep_last();
        }
    }

    /// Gives back memory that only a growing body needs.
    pub(super) fn finish(&mut self) {
        self.keep_last();
        self.first.shrink_to_fit();
        self.last.shrink_to_fit();
    }

    fn keep_last(&mut self) {
        let surplus = self.last.len().saturating_sub(LAST_BYTES);
        self.last.drain(..surplus);
    }

    /// Size of the whole body, in bytes.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Memory in use, in bytes.
    pub(super) fn size(&self) -> usize {
        self.first.capacity() + self.last.capacity()
    }

    /// Returns the ranges of the body that are kept, in order. The second is empty if there is no gap.
    pub(crate) fn kept(&self) -> [Range<usize>; 2] {
        let end = self.total - self.last.len();
        if end == self.first.len() {
            [0..self.total, self.total..self.total]
        } else {
            [0..self.first.len(), end..self.total]
        }
    }

    /// Returns the SHA-256 of the whole body in hexadecimal digits.
    pub(super) fn sha256(&self) -> String {
        use std::fmt::Write as _;
        let digest = self.digest.clone().finalize();
        digest.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Copies kept bytes. `None` if some of the range is not kept.
    pub(crate) fn slice(&self, range: Range<usize>) -> Option<Bytes> {
        let is_kept = |kept: &Range<usize>| kept.start <= range.start && range.end <= kept.end;
        if range.start > range.end || !self.kept().iter().any(is_kept) {
            return None;
        }
        let last_start = self.total - self.last.len();
        let of_first = self.first.get(range.start.min(self.first.len())..);
        let of_first = of_first?.get(..range.end.min(self.first.len()).saturating_sub(range.start));
        let from = range.start.max(last_start) - last_start;
        let to = range.end.max(last_start) - last_start;
        let of_last = self.last.get(from..to)?;
        Some([of_first.unwrap_or_default(), of_last].concat().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(total: usize, piece: usize) -> StoredBody {
        let mut body = StoredBody::default();
        let bytes: Vec<u8> = (0..total)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        for piece in bytes.chunks(piece) {
            body.push(piece);
        }
        body
    }

    #[test]
    fn a_short_body_is_kept_whole() {
        for total in [0, 1, FIRST_BYTES, FIRST_BYTES + LAST_BYTES] {
            let mut body = filled(total, 65_521);
            body.finish();
            assert_eq!(body.kept()[0], 0..total);
            let bytes = body.slice(0..total).unwrap();
            assert_eq!(bytes.len(), total);
            assert!(
                bytes
                    .iter()
                    .enumerate()
                    .all(|(at, byte)| usize::from(*byte) == at % 251)
            );
        }
    }

    #[test]
    fn of_a_long_body_both_ends_are_kept() {
        let total = 5 * FIRST_BYTES + 3;
        for piece in [1000, 3 * FIRST_BYTES] {
            let mut body = filled(total, piece);
            body.finish();

            assert_eq!(body.kept(), [0..FIRST_BYTES, total - LAST_BYTES..total]);
            assert!(body.size() <= FIRST_BYTES + LAST_BYTES);
            let end = body.slice(total - 10..total).unwrap();
            assert_eq!(usize::from(end[0]), (total - 10) % 251);
            for missing in [0..FIRST_BYTES + 1, FIRST_BYTES..FIRST_BYTES + 1, 0..total] {
                assert_eq!(body.slice(missing), None);
            }
        }
    }

    #[test]
    fn the_digest_is_that_of_the_whole_body() {
        let mut body = StoredBody::default();
        body.push(b"ab");
        body.push(b"c");
        assert_eq!(
            body.sha256(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
