//! Memory blocks for buffered chunks. A response of any length reuses the same few blocks: fresh memory
//! would cost a page fault every 4 KiB.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Most bytes in a block.
pub(super) const BLOCK_BYTES: usize = 64 * 1024;

/// Initial capacity of a block, in bytes. A block grows with its content, because most concurrent responses buffer little.
const FIRST_BYTES: usize = 4 * 1024;

/// Most free blocks that a pool keeps. A response needs more only for a moment.
const FREE_LIMIT: usize = 8;

/// The blocks of one response.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockPool {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A block of memory. Returns to its pool when dropped.
#[derive(Debug)]
pub(super) struct Block {
    bytes: Vec<u8>,
    home: BlockPool,
}

impl BlockPool {
    /// Returns an empty block.
    pub(super) fn take(&self) -> Block {
        Block {
            bytes: self.with_free(Vec::pop).unwrap_or_default(),
            home: self.clone(),
        }
    }

    fn with_free<T>(&self, use_free: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
        // Nothing panics while it holds the lock.
        use_free(&mut self.free.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Block {
    /// Bytes that still fit in the block.
    pub(super) fn room(&self) -> usize {
        BLOCK_BYTES.saturating_sub(self.bytes.len())
    }

    /// Appends `bytes`, which should fit in [`room`](Self::room).
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(bytes.len().max(FIRST_BYTES));
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the content, which keeps the block in use until the last reference is dropped.
    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Block {
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
    fn a_block_is_reused_once_it_has_no_reader() {
        let pool = BlockPool::default();
        let mut block = pool.take();
        block.push(b"one");
        let first = block.freeze();
        let reader = first.clone();
        let used = address(&first);
        drop(first);
        let mut other = pool.take();
        other.push(b"two");
        assert_ne!(address(other.as_ref()), used);
        assert_eq!(reader, &b"one"[..]);
        drop(reader);
        let mut again = pool.take();
        assert_eq!(again.room(), BLOCK_BYTES);
        again.push(b"three");
        assert_eq!(address(again.as_ref()), used);
        assert_eq!(again.freeze(), &b"three"[..]);
    }

    #[test]
    fn a_block_takes_memory_for_what_it_holds() {
        let mut block = BlockPool::default().take();
        block.push(b"few");
        assert_eq!(block.bytes.capacity(), FIRST_BYTES);
        let rest = vec![1; block.room()];
        block.push(&rest);
        assert_eq!((block.room(), block.bytes.len()), (0, BLOCK_BYTES));
    }

    #[test]
    fn no_more_blocks_wait_than_the_limit() {
        let pool = BlockPool::default();
        let taken: Vec<_> = (0..FREE_LIMIT * 2).map(|_| pool.take()).collect();
        drop(taken);
        assert_eq!(pool.with_free(|free| free.len()), FREE_LIMIT);
    }
}
