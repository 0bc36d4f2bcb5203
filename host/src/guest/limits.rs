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
const TABLE_ELEMENT_LIMIT: usize = 1_000_000;
/// Linear memories in one component instance.
const MEMORY_LIMIT: usize = 64;

/// Keeps an instance within its memory, and remembers what it was refused: a guest out of memory
/// ends in an ordinary trap, which says nothing of the cause.
#[derive(Debug)]
pub(crate) struct Limits {
    memory_bytes: usize,
    /// Bytes in all memories of the instance.
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

    pub(crate) fn refused(&self) -> Option<RefusedGrowth> {
        self.refused
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self
            .used_bytes
            .saturating_add(desired.saturating_sub(current));
        let allowed = wanted <= self.memory_bytes;
        if allowed {
            self.used_bytes = wanted;
        } else {
            self.refused = Some(RefusedGrowth {
                wanted_bytes: wanted,
                limit_bytes: self.memory_bytes,
            });
        }
        Ok(allowed)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENT_LIMIT)
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
