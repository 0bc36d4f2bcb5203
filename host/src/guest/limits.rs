//! What one instance may take.

use wasmtime::ResourceLimiter;

/// Bytes a guest may pass to the host in one call. It bounds what a call of WASI copies, and stops a
/// list that names the same text a million times. The engine counts the chunk of a `write` as well,
/// although that is not copied as a whole; so it is also the limit of a chunk, as `wit/` says.
pub(super) const HOSTCALL_LIMIT_BYTES: usize = 32 * 1024 * 1024;

/// Core instances in one component instance. Tools make two to four.
const INSTANCE_LIMIT: usize = 64;
/// Tables in one component instance. Tools make two to six.
const TABLE_LIMIT: usize = 64;
/// Elements of one table: a function pointer each.
const TABLE_ELEMENT_LIMIT: usize = 1024 * 1024;
/// What an element takes in the host's memory.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();
/// Linear memories in one component instance.
const MEMORY_LIMIT: usize = 64;

/// Keeps an instance within its memory, tables included, and remembers what it was refused: a guest
/// out of memory ends in an ordinary trap, which says nothing of the cause.
#[derive(Debug)]
pub(crate) struct Limits {
    memory_bytes: usize,
    /// Bytes in all memories and tables of the instance.
    used_bytes: usize,
    refused: Option<RefusedGrowth>,
}

/// A growth of memory that was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedGrowth {
    pub(crate) wanted_bytes: usize,
    pub(crate) limit_bytes: usize,
}

impl Limits {
    pub(crate) fn new(memory_bytes: usize) -> Self {
        Self {
            memory_bytes,
            used_bytes: 0,
            refused: None,
        }
    }

    /// Counts `bytes` more, unless that would be too many.
    fn take(&mut self, bytes: usize) -> bool {
        let wanted_bytes = self.used_bytes.saturating_add(bytes);
        let limit_bytes = self.memory_bytes;
        if wanted_bytes > limit_bytes {
            self.refused = Some(RefusedGrowth {
                wanted_bytes,
                limit_bytes,
            });
            return false;
        }
        self.used_bytes = wanted_bytes;
        true
    }

    pub(crate) fn refused(&self) -> Option<RefusedGrowth> {
        self.refused
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The engine asks before it looks at the memory's own maximum, and what was counted once
        // cannot be given back: the engine also reports failures of growth it never asked about.
        let possible = maximum.is_none_or(|maximum| desired <= maximum);
        Ok(possible && self.take(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let possible = desired <= maximum.unwrap_or(usize::MAX).min(TABLE_ELEMENT_LIMIT);
        let grown = desired.saturating_sub(current);
        Ok(possible && self.take(grown.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn instances(&self) -> usize {
        INSTANCE_LIMIT
    }

    fn tables(&self) -> usize {
        TABLE_LIMIT
    }

    fn memories(&self) -> usize {
        MEMORY_LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn what_a_memory_cannot_have_by_its_own_type_is_not_counted() {
        let mut limits = Limits::new(10 * MIB);
        assert!(!limits.memory_growing(0, 8 * MIB, Some(4 * MIB)).unwrap());
        assert!(limits.refused().is_none());
        assert!(limits.memory_growing(0, 9 * MIB, None).unwrap());
    }

    #[test]
    fn tables_count_as_memory() {
        let mut limits = Limits::new(10 * MIB);
        assert!(limits.table_growing(0, MIB, None).unwrap());
        assert!(!limits.memory_growing(0, 3 * MIB, None).unwrap());
        assert_eq!(limits.refused().unwrap().wanted_bytes, 11 * MIB);
        assert!(
            !limits
                .table_growing(0, 2 * TABLE_ELEMENT_LIMIT, None)
                .unwrap()
        );
    }
}
