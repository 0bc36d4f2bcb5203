//! The allocator of programs that are linked with musl.
//!
//! musl's own takes several times as long, and touches more pages at the start. dlmalloc takes a lock for
//! each call, and even an uncontended lock costs as much as the allocation itself. So a thread that lives
//! as long as the process caches the blocks it frees, up to a limit, in lists by size class, and allocates
//! from these lists first.
//!
//! dlmalloc never returns the memory of a large block to the system. So large blocks are mapped one by
//! one, and unmapped when freed: an event of many megabytes must not occupy memory for the life of the
//! process.
//!
//! `docs/design/musl.md` has the measurements, and the condition for removing this.

#![expect(
    unsafe_code,
    reason = "an allocator: its callers keep the contract of `GlobalAlloc`"
)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dlmalloc::Dlmalloc;
use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap_anonymous, mremap, munmap};

/// Most bytes that a thread caches in one list.
const LIST_BYTES: usize = 8 * 1024;

/// Largest block of the classes that differ by [`SMALL_STEP`], in bytes.
const SMALL_BYTES: usize = 512;
const SMALL_STEP: usize = 16;

/// Largest block of the classes that differ by [`LARGE_STEP`], in bytes. Larger blocks are not cached.
const LARGE_BYTES: usize = 8 * 1024;
const LARGE_STEP: usize = 512;

const SMALL_CLASSES: usize = SMALL_BYTES / SMALL_STEP;
const CLASSES: usize = SMALL_CLASSES + (LARGE_BYTES - SMALL_BYTES) / LARGE_STEP;

/// The alignment of every block of dlmalloc.
const ALIGNMENT: usize = 16;

/// Bytes that dlmalloc takes from the system at a time, or more for a larger block.
const REGION_BYTES: usize = 64 * 1024;

/// Blocks of at least this size are mapped individually. No event within Lambda's own limit needs one while
/// it is read: the next event then finds its pages mapped, which is a seventh faster.
const MAPPED_BYTES: usize = 16 * 1024 * 1024;

/// The alignment of every mapping.
const PAGE_BYTES: usize = 4096;

/// The allocator.
#[derive(Debug)]
pub(crate) struct Allocator;

/// Allocates everything that no thread has cached.
static SHARED: Mutex<Dlmalloc<Regions>> = Mutex::new(Dlmalloc::new_with_allocator(Regions));

fn shared() -> MutexGuard<'static, Dlmalloc<Regions>> {
    // Nothing panics while it holds the lock.
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The source of dlmalloc's memory: anonymous mappings.
struct Regions;

// SAFETY: the system never maps two regions at the same address.
unsafe impl dlmalloc::Allocator for Regions {
    /// A region for small blocks is soon in full use, so its pages are populated at once: a fault for
    /// each would slow down the start.
    fn alloc(&self, bytes: usize) -> (*mut u8, usize, u32) {
        let flags = if bytes <= REGION_BYTES {
            MapFlags::POPULATE
        } else {
            MapFlags::empty()
        };
        let start = map(bytes, flags);
        (start, if start.is_null() { 0 } else { bytes }, 0)
    }

    fn remap(&self, start: *mut u8, before: usize, bytes: usize, can_move: bool) -> *mut u8 {
        let flags = if can_move {
            MremapFlags::MAYMOVE
        } else {
            MremapFlags::empty()
        };
        // SAFETY: dlmalloc passes one of its regions.
        let moved = unsafe { mremap(start.cast(), before, bytes, flags) };
        moved.map_or(ptr::null_mut(), <*mut _>::cast)
    }

    fn free_part(&self, start: *mut u8, before: usize, bytes: usize) -> bool {
        // SAFETY: the address is inside a region.
        let end = unsafe { start.add(bytes) };
        // SAFETY: dlmalloc passes one of its regions, whose end is unused.
        unsafe { munmap(end.cast(), before - bytes) }.is_ok()
    }

    fn free(&self, start: *mut u8, bytes: usize) -> bool {
        // SAFETY: dlmalloc passes one of its regions, which is unused.
        unsafe { munmap(start.cast(), bytes) }.is_ok()
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

/// Maps zeroed memory. Returns null on failure.
fn map(bytes: usize, flags: MapFlags) -> *mut u8 {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: the system chooses the address.
    let region =
        unsafe { mmap_anonymous(ptr::null_mut(), bytes, access, MapFlags::PRIVATE | flags) };
    region.map_or(ptr::null_mut(), <*mut _>::cast)
}

/// Whether a block is mapped individually.
#[inline]
fn is_mapped(layout: Layout) -> bool {
    layout.size() >= MAPPED_BYTES && layout.align() <= PAGE_BYTES
}

/// Allocates a block from dlmalloc or from the system.
fn alloc_large(layout: Layout) -> *mut u8 {
    if is_mapped(layout) {
        return map(layout.size(), MapFlags::empty());
    }
    // SAFETY: dlmalloc accepts or refuses any size and alignment.
    unsafe { shared().malloc(layout.size(), layout.align()) }
}

/// The blocks that a thread caches.
struct Kept {
    lists: [List; CLASSES],
    keeps: Cell<bool>,
}

/// Blocks of one class. Each begins with the address of the next.
struct List {
    first: Cell<*mut u8>,
    bytes: Cell<usize>,
}

thread_local! {
    static KEPT: Kept = const {
        Kept {
            lists: [const {
                List {
                    first: Cell::new(ptr::null_mut()),
                    bytes: Cell::new(0),
                }
            }; CLASSES],
            keeps: Cell::new(false),
        }
    };
}

/// Lets this thread cache the blocks it frees from now on. The cache leaks when the thread ends.
pub(crate) fn keep_blocks() {
    KEPT.with(|kept| kept.keeps.set(true));
}

/// A size class: the index of its list, and the size of its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    number: usize,
    bytes: usize,
}

impl Class {
    /// Returns the smallest class that fits `layout`.
    #[inline]
    fn of(layout: Layout) -> Option<Self> {
        let bytes = layout.size();
        if layout.align() > ALIGNMENT || bytes == 0 {
            return None;
        }
        let steps = |bytes: usize, step| (bytes - 1) / step;
        if bytes <= SMALL_BYTES {
            let number = steps(bytes, SMALL_STEP);
            let bytes = (number + 1) * SMALL_STEP;
            Some(Self { number, bytes })
        } else if bytes <= LARGE_BYTES {
            let larger = steps(bytes - SMALL_BYTES, LARGE_STEP);
            Some(Self {
                number: SMALL_CLASSES + larger,
                bytes: SMALL_BYTES + (larger + 1) * LARGE_STEP,
            })
        } else {
            None
        }
    }

    /// The layout to request from dlmalloc.
    fn layout(self) -> Layout {
        // SAFETY: the alignment is a power of two, and the size is a multiple of it and at most `LARGE_BYTES`.
        unsafe { Layout::from_size_align_unchecked(self.bytes, ALIGNMENT) }
    }

    /// Removes the first block of the list. Returns null if the list is empty.
    #[inline]
    fn pop(self) -> *mut u8 {
        KEPT.with(|kept| {
            let Some(list) = kept.lists.get(self.number) else {
                return ptr::null_mut();
            };
            let block = list.first.get();
            if !block.is_null() {
                // SAFETY: a block in a list begins with the address of the next.
                list.first.set(unsafe { block.cast::<*mut u8>().read() });
                list.bytes.set(list.bytes.get() - self.bytes);
            }
            block
        })
    }

    /// Adds a block to the list. Returns `false` if the list is full or the thread does not cache.
    #[inline]
    fn push(self, block: *mut u8) -> bool {
        KEPT.with(|kept| {
            let Some(list) = kept.lists.get(self.number) else {
                return false;
            };
            let bytes = list.bytes.get() + self.bytes;
            if bytes > LIST_BYTES || !kept.keeps.get() {
                return false;
            }
            // SAFETY: the block is unused, and large enough for an address.
            unsafe { block.cast::<*mut u8>().write(list.first.get()) };
            list.first.set(block);
            list.bytes.set(bytes);
            true
        })
    }
}

// SAFETY: a block comes from dlmalloc with the size of its class, is either in one list or owned by one
// caller, and returns to dlmalloc with the same size.
unsafe impl GlobalAlloc for Allocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = Class::of(layout) else {
            return alloc_large(layout);
        };
        let block = class.pop();
        if block.is_null() {
            // SAFETY: the size is not 0.
            return unsafe { shared().malloc(class.bytes, ALIGNMENT) };
        }
        block
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let layout = match Class::of(layout) {
            Some(class) if class.push(block) => return,
            Some(class) => class.layout(),
            None if is_mapped(layout) => {
                // SAFETY: the block was mapped with this size, and is unused. A failure would only leak it.
                let _ = unsafe { munmap(block.cast(), layout.size()) };
                return;
            }
            None => layout,
        };
        // SAFETY: the block was allocated with this layout.
        unsafe { shared().free(block, layout.size(), layout.align()) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_mapped(layout) {
            return map(layout.size(), MapFlags::empty());
        }
        if Class::of(layout).is_none() {
            // SAFETY: the caller upholds the contract.
            return unsafe { shared().calloc(layout.size(), layout.align()) };
        }
        // SAFETY: the caller upholds the contract.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: the block has at least this size.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the caller upholds the contract.
        let wanted = unsafe { Layout::from_size_align_unchecked(bytes, layout.align()) };
        match (Class::of(layout), Class::of(wanted)) {
            (None, None) if is_mapped(layout) && is_mapped(wanted) => {
                // SAFETY: the block was mapped with this size.
                let moved =
                    unsafe { mremap(block.cast(), layout.size(), bytes, MremapFlags::MAYMOVE) };
                return moved.map_or(ptr::null_mut(), <*mut _>::cast);
            }
            (None, None) if is_mapped(layout) == is_mapped(wanted) => {
                let mut shared = shared();
                // SAFETY: the caller upholds the contract, and the block is dlmalloc's.
                return unsafe { shared.realloc(block, layout.size(), layout.align(), bytes) };
            }
            (Some(now), Some(then)) if now == then => return block,
            _ => {}
        }
        // SAFETY: the caller upholds the contract.
        let other = unsafe { self.alloc(wanted) };
        if !other.is_null() {
            // SAFETY: both blocks have at least this many bytes.
            unsafe { other.copy_from_nonoverlapping(block, bytes.min(layout.size())) };
            // SAFETY: the content has been copied, and the block is unused.
            unsafe { self.dealloc(block, layout) };
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::thread;

    use super::*;

    fn layout(bytes: usize) -> Layout {
        Layout::from_size_align(bytes, 8).unwrap()
    }

    #[test]
    fn a_class_has_room_and_none_is_much_larger_than_its_blocks() {
        let mut last = Class {
            number: 0,
            bytes: 0,
        };
        for bytes in 1..=LARGE_BYTES {
            let class = Class::of(layout(bytes)).unwrap();
            assert!(class.bytes >= bytes, "{bytes}");
            assert!(class.bytes < bytes + LARGE_STEP, "{bytes}");
            assert!(class.number < CLASSES, "{bytes}");
            assert!(class.number == last.number || class.number == last.number + 1 || bytes == 1);
            assert_eq!(
                class.number == last.number,
                class.bytes == last.bytes || bytes == 1
            );
            last = class;
        }
        assert_eq!(last.number, CLASSES - 1);
    }

    #[test]
    fn what_is_empty_large_or_of_a_wide_alignment_is_dlmallocs() {
        assert_eq!(Class::of(layout(0)), None);
        assert_eq!(Class::of(layout(LARGE_BYTES + 1)), None);
        assert_eq!(Class::of(Layout::from_size_align(64, 32).unwrap()), None);
    }

    fn kept() -> usize {
        KEPT.with(|kept| kept.lists.iter().map(|list| list.bytes.get()).sum())
    }

    /// Allocates blocks and frees them.
    fn use_blocks(count: usize, bytes: usize) {
        // SAFETY: the layout is not empty.
        let blocks: Vec<_> = (0..count)
            .map(|_| unsafe { Allocator.alloc(layout(bytes)) })
            .collect();
        for block in blocks {
            assert!(!block.is_null());
            // SAFETY: the block was allocated with the same layout.
            unsafe { Allocator.dealloc(block, layout(bytes)) };
        }
    }

    #[test]
    fn a_thread_keeps_what_it_gives_back_up_to_a_limit_if_it_was_asked_to() {
        thread::spawn(|| {
            use_blocks(1, 100);
            assert_eq!(kept(), 0);
            keep_blocks();
            use_blocks(1, 100);
            assert_eq!(kept(), 112);
            use_blocks(1, 112);
            assert_eq!(kept(), 112);
            use_blocks(1000, 200);
            assert_eq!(kept(), 112 + LIST_BYTES / 208 * 208);
        })
        .join()
        .unwrap();
    }

    /// A block, and the byte it is filled with.
    struct Filled {
        start: *mut u8,
        bytes: usize,
        with: u8,
    }

    // SAFETY: blocks may move between threads.
    unsafe impl Send for Filled {}

    impl Filled {
        fn new(bytes: usize, with: u8) -> Self {
            // SAFETY: the layout is not empty.
            let start = unsafe { Allocator.alloc_zeroed(layout(bytes)) };
            assert_eq!(start.addr() % ALIGNMENT, 0);
            let mut block = Self {
                start,
                bytes,
                with: 0,
            };
            block.check(bytes);
            block.fill(with);
            block
        }

        fn fill(&mut self, with: u8) {
            self.with = with;
            // SAFETY: the block has this many bytes.
            unsafe { self.start.write_bytes(with, self.bytes) };
        }

        fn check(&self, bytes: usize) {
            // SAFETY: the block has this many bytes.
            let content = unsafe { std::slice::from_raw_parts(self.start, bytes) };
            assert!(content.iter().all(|byte| *byte == self.with));
        }

        fn resize(&mut self, bytes: usize) {
            // SAFETY: the block was allocated with this layout.
            self.start = unsafe { Allocator.realloc(self.start, layout(self.bytes), bytes) };
            self.check(bytes.min(self.bytes));
            self.bytes = bytes;
            self.fill(self.with);
        }

        fn free(self) {
            self.check(self.bytes);
            // SAFETY: the block was allocated with this layout, and is unused.
            unsafe { Allocator.dealloc(self.start, layout(self.bytes)) };
        }
    }

    #[test]
    fn what_is_large_is_the_systems_and_keeps_its_content_on_its_way_there_and_back() {
        let mapped = |start: *mut u8| {
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            maps.lines().any(|line| {
                let range = line.split(' ').next().unwrap();
                let (from, to) = range.split_once('-').unwrap();
                let at = |text| usize::from_str_radix(text, 16).unwrap();
                (at(from)..at(to)).contains(&start.addr())
            })
        };
        let mut block = Filled::new(MAPPED_BYTES / 2, 7);
        for bytes in [
            MAPPED_BYTES - 1,
            MAPPED_BYTES,
            2 * MAPPED_BYTES + 1,
            MAPPED_BYTES + 5,
            MAPPED_BYTES - 1,
            100,
            2 * MAPPED_BYTES,
        ] {
            block.resize(bytes);
        }
        // SAFETY: the address is inside the block. Nothing small is mapped there later.
        let middle = unsafe { block.start.add(MAPPED_BYTES) };
        assert!(mapped(middle));
        block.free();
        assert!(!mapped(middle));
    }

    /// Threads allocate blocks of all sizes, and resize and free each other's.
    #[test]
    fn no_block_is_given_out_twice() {
        fn shuffle(mut blocks: VecDeque<Filled>) -> VecDeque<Filled> {
            keep_blocks();
            for step in 0..20_000_usize {
                let bytes = 1 + (step * 7919) % 600 * if step % 7 == 0 { 31 } else { 1 };
                blocks.push_back(Filled::new(bytes, step.to_le_bytes()[0] | 1));
                if step % 3 == 0
                    && let Some(block) = blocks.front_mut()
                {
                    block.resize(1 + (step * 104_729) % 12_000);
                }
                if blocks.len() > 50
                    && let Some(block) = blocks.pop_front()
                {
                    block.free();
                }
            }
            blocks
        }
        let threads = [(); 3].map(|()| thread::spawn(|| shuffle(VecDeque::new())));
        let left = threads.map(|thread| thread.join().unwrap());
        let threads = left.map(|blocks| thread::spawn(|| shuffle(blocks)));
        for blocks in threads.map(|thread| thread.join().unwrap()) {
            blocks.into_iter().for_each(Filled::free);
        }
    }
}
