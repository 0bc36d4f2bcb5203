//! Memory for what waits in the buffer. A response goes through the same few pieces of it, however
//! long it is: new memory for each would cost a page fault every 4 KiB.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes a piece has room for.
pub(super) const PIECE_BYTES: usize = 64 * 1024;

/// Pieces that wait to be used again. More are needed only for a moment.
const FREE_LIMIT: usize = 8;

/// The pieces of one response.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A piece of memory, which goes back to where it came from.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Vec<u8>,
    home: Pieces,
}

impl Pieces {
    /// An empty piece.
    pub(super) fn take(&self) -> Piece {
        let used = self.with_free(Vec::pop);
        Piece {
            bytes: used.unwrap_or_else(|| Vec::with_capacity(PIECE_BYTES)),
            home: self.clone(),
        }
    }

    fn with_free<T>(&self, use_free: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
        // Nothing panics while it holds the lock.
        use_free(&mut self.free.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Piece {
    /// Bytes that can still be added.
    pub(super) fn room(&self) -> usize {
        PIECE_BYTES.saturating_sub(self.bytes.len())
    }

    /// Adds `bytes`, for which there should be room.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What was added.
    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        self.home.with_free(|free| {
            if free.len() < FREE_LIMIT {
                free.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(bytes: &[u8]) -> usize {
        bytes.as_ptr().addr()
    }

    #[test]
    fn a_piece_is_used_again_once_nobody_reads_it() {
        let pieces = Pieces::default();
        let mut piece = pieces.take();
        piece.push(b"one");
        let first = piece.freeze();
        let reader = first.clone();
        let used = address(&first);
        drop(first);
        let mut other = pieces.take();
        other.push(b"two");
        assert_ne!(address(other.as_ref()), used);
        assert_eq!(reader, &b"one"[..]);
        drop(reader);
        let mut again = pieces.take();
        assert_eq!(again.room(), PIECE_BYTES);
        again.push(b"three");
        assert_eq!(address(again.as_ref()), used);
        assert_eq!(again.freeze(), &b"three"[..]);
    }

    #[test]
    fn no_more_pieces_wait_than_the_limit() {
        let pieces = Pieces::default();
        let taken: Vec<_> = (0..FREE_LIMIT * 2).map(|_| pieces.take()).collect();
        drop(taken);
        assert_eq!(pieces.with_free(|free| free.len()), FREE_LIMIT);
    }
}
