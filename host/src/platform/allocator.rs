//! The allocator of programs that are linked with musl.
//!
//! musl's own takes several times as long, and touches more pages at the start. dlmalloc takes a lock
//! each time, and to take and release it costs as much as the allocation itself, even if nobody else
//! wants it. So a thread that lasts as long as the process keeps what it gives back, up to a limit, in
//! lists of blocks of about the same size, and takes from them first.
//!
//! dlmalloc does not give back what it has once taken from the system for a large block. Those come from
//! the system one by one, and go back to it: an event of many megabytes must not be paid for as long as the
//! process lasts.
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

/// Most that a thread keeps in one list, in bytes.
const LIST_BYTES: usize = 8 * 1024;

/// Blocks of up to so many bytes are in classes that differ by [`SMALL_STEP`].
const SMALL_BYTES: usize = 512;
const SMALL_STEP: usize = 16;

/// Larger ones, up to so many bytes, are in classes that differ by [`LARGE_STEP`]. Still larger ones are
/// not kept.
const LARGE_BYTES: usize = 8 * 1024;
const LARGE_STEP: usize = 512;

const SMALL_CLASSES: usize = SMALL_BYTES / SMALL_STEP;
const CLASSES: usize = SMALL_CLASSES + (LARGE_BYTES - SMALL_BYTES) / LARGE_STEP;

/// What dlmalloc aligns everything to.
const ALIGNMENT: usize = 16;

/// dlmalloc takes so many bytes at a time from the system, or more for a block that is larger.
const REGION_BYTES: usize = 64 * 1024;

/// Blocks of at least this size are mapped individually. None of Lambda's own events takes as much while it is
/// read: for those the next finds its pages there, which is a seventh faster.
const MAPPED_BYTES: usize = 16 * 1024 * 1024;

/// What the system aligns everything to.
const PAGE_BYTES: usize = 4096;

/// The allocator.
#[derive(Debug)]
pub(crate) struct Allocator;

/// What threads do not keep.
static SHARED: Mutex<Dlmalloc<Regions>> = Mutex::new(Dlmalloc::new_with_allocator(Regions));

fn shared() -> MutexGuard<'static, Dlmalloc<Regions>> {
    // Nothing panics while it holds the lock.
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where dlmalloc takes memory from.
struct Regions;

// SAFETY: regions are the system's, which gives out none twice.
unsafe impl dlmalloc::Allocator for Regions {
    /// A region for small blocks is soon used wholly, so its pages are there at once: a fault for each
    /// would be felt at the start.
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
        // SAFETY: a region of dlmalloc's.
        let moved = unsafe { mremap(start.cast(), before, bytes, flags) };
        moved.map_or(ptr::null_mut(), <*mut _>::cast)
    }

    fn free_part(&self, start: *mut u8, before: usize, bytes: usize) -> bool {
        // SAFETY: inside a region.
        let end = unsafe { start.add(bytes) };
        // SAFETY: the end of a region of dlmalloc's, which nobody uses.
        unsafe { munmap(end.cast(), before - bytes) }.is_ok()
    }

    fn free(&self, start: *mut u8, bytes: usize) -> bool {
        // SAFETY: a region of dlmalloc's, which nobody uses.
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

/// Memory of zeros, or null.
fn map(bytes: usize, flags: MapFlags) -> *mut u8 {
    let access = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: at an address of the system's choice.
    let region =
        unsafe { mmap_anonymous(ptr::null_mut(), bytes, access, MapFlags::PRIVATE | flags) };
    region.map_or(ptr::null_mut(), <*mut _>::cast)
}

/// Whether a block is mapped for itself.
#[inline]
fn is_mapped(layout: Layout) -> bool {
    layout.size() >= MAPPED_BYTES && layout.align() <= PAGE_BYTES
}

/// A block of dlmalloc's, or of the system's.
fn alloc_large(layout: Layout) -> *mut u8 {
    if is_mapped(layout) {
        return map(layout.size(), MapFlags::empty());
    }
    // SAFETY: sizes and alignments are dlmalloc's to refuse.
    unsafe { shared().malloc(layout.size(), layout.align()) }
}

/// The blocks that a thread keeps.
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

/// From now on this thread keeps what it gives back. What it keeps at its end is lost.
pub(crate) fn keep_blocks() {
    KEPT.with(|kept| kept.keeps.set(true));
}

/// The number of a list, and the size of the blocks in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    number: usize,
    bytes: usize,
}

impl Class {
    /// The smallest that has room.
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

    /// What dlmalloc is asked for.
    fn layout(self) -> Layout {
        // SAFETY: a power of two, and a multiple of it far from the end of all numbers.
        unsafe { Layout::from_size_align_unchecked(self.bytes, ALIGNMENT) }
    }

    /// The first block of the list, or null.
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

    /// Puts a block into the list. `false` if the thread keeps enough.
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
            // SAFETY: nobody uses the block, and it is large enough for an address.
            unsafe { block.cast::<*mut u8>().write(list.first.get()) };
            list.first.set(block);
            list.bytes.set(bytes);
            true
        })
    }
}

// SAFETY: blocks come from dlmalloc with the size of their class, are in one list or with one user, and
// go back to dlmalloc with the same size.
unsafe impl GlobalAlloc for Allocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = Class::of(layout) else {
            return alloc_large(layout);
        };
        let block = class.pop();
        if block.is_null() {
            // SAFETY: it is not of size 0.
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
                // SAFETY: it was mapped with this size, and nobody uses it. The system has no reason to
                // refuse.
                let _ = unsafe { munmap(block.cast(), layout.size()) };
                return;
            }
            None => layout,
        };
        // SAFETY: this is what dlmalloc was asked for.
        unsafe { shared().free(block, layout.size(), layout.align()) };
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_mapped(layout) {
            return map(layout.size(), MapFlags::empty());
        }
        if Class::of(layout).is_none() {
            // SAFETY: the caller's.
            return unsafe { shared().calloc(layout.size(), layout.align()) };
        }
        // SAFETY: the caller's.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: it is at least as large.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the caller's.
        let wanted = unsafe { Layout::from_size_align_unchecked(bytes, layout.align()) };
        match (Class::of(layout), Class::of(wanted)) {
            (None, None) if is_mapped(layout) && is_mapped(wanted) => {
                // SAFETY: it was mapped with this size.
                let moved =
                    unsafe { mremap(block.cast(), layout.size(), bytes, MremapFlags::MAYMOVE) };
                return moved.map_or(ptr::null_mut(), <*mut _>::cast);
            }
            (None, None) if is_mapped(layout) == is_mapped(wanted) => {
                let mut shared = shared();
                // SAFETY: the caller's, as it is dlmalloc's block.
                return unsafe { shared.realloc(block, layout.size(), layout.align(), bytes) };
            }
            (Some(now), Some(then)) if now == then => return block,
            _ => {}
        }
        // SAFETY: the caller's.
        let other = unsafe { self.alloc(wanted) };
        if !other.is_null() {
            // SAFETY: both have as many bytes.
            unsafe { other.copy_from_nonoverlapping(block, bytes.min(layout.size())) };
            // SAFETY: nobody uses it any more.
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

    /// Takes blocks and gives them back.
    fn use_blocks(count: usize, bytes: usize) {
        // SAFETY: not empty.
        let blocks: Vec<_> = (0..count)
            .map(|_| unsafe { Allocator.alloc(layout(bytes)) })
            .collect();
        for block in blocks {
            assert!(!block.is_null());
            // SAFETY: it came with the same layout.
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

    /// A block, and what was written to it.
    struct Filled {
        start: *mut u8,
        bytes: usize,
        with: u8,
    }

    // SAFETY: a block may go to another thread.
    unsafe impl Send for Filled {}

    impl Filled {
        fn new(bytes: usize, with: u8) -> Self {
            // SAFETY: not empty.
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
            // SAFETY: it has as many bytes.
            unsafe { self.start.write_bytes(with, self.bytes) };
        }

        fn check(&self, bytes: usize) {
            // SAFETY: it has as many bytes.
            let content = unsafe { std::slice::from_raw_parts(self.start, bytes) };
            assert!(content.iter().all(|byte| *byte == self.with));
        }

        fn resize(&mut self, bytes: usize) {
            // SAFETY: it came with this layout.
            self.start = unsafe { Allocator.realloc(self.start, layout(self.bytes), bytes) };
            self.check(bytes.min(self.bytes));
            self.bytes = bytes;
            self.fill(self.with);
        }

        fn free(self) {
            self.check(self.bytes);
            // SAFETY: it came with this layout, and nobody has it any more.
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
        // SAFETY: in the middle of it, where nothing small comes to lie afterwards.
        let middle = unsafe { block.start.add(MAPPED_BYTES) };
        assert!(mapped(middle));
        block.free();
        assert!(!mapped(middle));
    }

    /// Blocks of all sizes, changed and given back by whichever thread.
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
