//! The engine's linear memories and stacks, from recycled regions.

#![expect(
    unsafe_code,
    reason = "the engine relies on the sizes and guards that these report"
)]

use std::ops::Range;
use std::sync::Arc;

use rustix::param::page_size;
use wasmtime::{LinearMemory, MemoryCreator, MemoryType, StackCreator, StackMemory};

use super::recycle::{Recycled, Recycler};
use super::region::Region;

/// Creates linear memories from recycled regions.
pub(crate) struct Memories(Arc<Recycler>);

/// Creates stacks from recycled regions.
pub(crate) struct Stacks(Arc<Recycler>);

impl Memories {
    /// Keeps up to `idle_limit` of them for reuse.
    pub(crate) fn new(idle_limit: usize) -> Self {
        Self(Recycler::new(idle_limit, Region::reset))
    }
}

impl Stacks {
    /// Keeps up to `idle_limit` of them for reuse.
    pub(crate) fn new(idle_limit: usize) -> Self {
        Self(Recycler::new(idle_limit, Region::reset_stack))
    }
}

struct Memory {
    region: Recycled,
    /// Always a multiple of the WebAssembly page size.
    bytes: usize,
}

// SAFETY: a memory owns its region, which is zeroed and does not move. Everything after the first `minimum`
// bytes is inaccessible, up to the end of the reservation and of the guard after it.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved_bytes: Option<usize>,
        guard_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let reserved_bytes = reserved_bytes.unwrap_or(minimum).max(minimum);
        let region = self.0.take(minimum, reserved_bytes, guard_bytes);
        let region = region.map_err(|error| format!("cannot map a memory: {error}"))?;
        Ok(Box::new(Memory {
            region,
            bytes: minimum,
        }))
    }
}

// SAFETY: as for its creator. A memory never shrinks.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.bytes
    }

    fn byte_capacity(&self) -> usize {
        self.region.reserved_bytes()
    }

    fn grow_to(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.region.set_accessible(bytes)?;
        self.bytes = bytes;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.region.start().as_ptr()
    }
}

struct Stack(Recycled);

// SAFETY: a stack owns its region, which is zeroed and accessible as a whole. The page below it is
// inaccessible.
unsafe impl StackCreator for Stacks {
    fn new_stack(&self, bytes: usize, _zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let region = self.0.take(bytes, bytes, page_size())?;
        // All stacks of an engine have one size, so a recycled region is accessible as a whole.
        debug_assert_eq!(region.reserved_bytes(), bytes.next_multiple_of(page_size()));
        Ok(Box::new(Stack(region)))
    }
}

// SAFETY: as for its creator.
unsafe impl StackMemory for Stack {
    fn top(&self) -> *mut u8 {
        let bytes = self.0.reserved_bytes();
        // SAFETY: the address is the end of the region.
        unsafe { self.0.start().add(bytes) }.as_ptr()
    }

    fn range(&self) -> Range<usize> {
        let start = self.0.start().addr().get();
        start..start + self.0.reserved_bytes()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        self.0.guard().as_ptr()..self.0.start().as_ptr()
    }
}
