//! Address space for a linear memory or a stack of an instance.
//!
//! Instances reuse a region one after another, so that it is mapped, and its pages faulted in, only once.
//! Each instance gets nothing but zeros: see [`Region::reset`].

#![expect(
    unsafe_code,
    reason = "maps memory that has no other owner, and writes to it"
)]

use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::{NonNull, null_mut};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect};
use rustix::param::page_size;

use super::page_map::{PageMap, RECORD_BYTES, Record, is_used};

/// Pages that a reset checks one by one. It returns later pages to the kernel.
const LOOKED_AT_PAGES: usize = 1024;

/// Most used pages that a reset zeroes and keeps. It returns further used pages to the kernel.
const KEPT_PAGES: usize = 256;

/// Pages of a stack that a reset checks at a time. Hardly any handler uses more.
const STACK_PAGES: usize = 16;

/// A range of addresses with a guard on each side. Its beginning is accessible; the rest and the guards
/// fault.
#[derive(Debug)]
pub(crate) struct Region {
    /// Start of the whole mapping, which begins with a guard.
    mapping: NonNull<u8>,
    guard_bytes: usize,
    reserved_bytes: usize,
    accessible_bytes: usize,
}

// SAFETY: the region owns its mapping, and any thread may use it.
unsafe impl Send for Region {}
// SAFETY: nothing writes through a shared reference.
unsafe impl Sync for Region {}

impl Region {
    /// Reserves addresses. None of them is accessible yet. Both sizes are rounded up to whole pages.
    ///
    /// # Errors
    ///
    /// When the kernel has no free range of this size.
    pub(crate) fn reserve(reserved_bytes: usize, guard_bytes: usize) -> io::Result<Self> {
        let whole = |bytes: usize| bytes.checked_next_multiple_of(page_size());
        let sizes = (whole(reserved_bytes), whole(guard_bytes));
        let (Some(reserved_bytes), Some(guard_bytes)) = sizes else {
            return Err(io::ErrorKind::OutOfMemory.into());
        };
        let mapped_bytes = mapped_bytes(reserved_bytes, guard_bytes)
            .ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: the kernel chooses unused addresses.
        let mapping =
            unsafe { mmap_anonymous(null_mut(), mapped_bytes, ProtFlags::empty(), flags) }?;
        let region = Self {
            mapping: NonNull::new(mapping.cast()).expect("the kernel maps nothing at address 0"),
            guard_bytes,
            reserved_bytes,
            accessible_bytes: 0,
        };
        // The first touch of a huge page would clear all of it. A kernel without huge pages refuses the
        // advice, and does not need it.
        // SAFETY: the advice changes no content.
        let _ = unsafe { madvise(mapping, mapped_bytes, Advice::LinuxNoHugepage) };
        Ok(region)
    }

    /// Address of the first byte.
    pub(crate) fn start(&self) -> NonNull<u8> {
        // SAFETY: the address is within the mapping.
        unsafe { self.mapping.add(self.guard_bytes) }
    }

    /// Address of the first byte of the guard below.
    pub(crate) fn guard(&self) -> NonNull<u8> {
        self.mapping
    }

    pub(crate) fn reserved_bytes(&self) -> usize {
        self.reserved_bytes
    }

    pub(crate) fn guard_bytes(&self) -> usize {
        self.guard_bytes
    }

    /// Makes exactly the first `bytes` accessible, rounded up to whole pages.
    ///
    /// # Errors
    ///
    /// When `bytes` exceed the reservation, or the kernel has no memory for its records.
    pub(crate) fn set_accessible(&mut self, bytes: usize) -> io::Result<()> {
        let bytes = bytes
            .checked_next_multiple_of(page_size())
            .filter(|bytes| *bytes <= self.reserved_bytes)
            .ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let now = self.accessible_bytes;
        if bytes > now {
            self.protect(now, bytes - now, MprotectFlags::READ | MprotectFlags::WRITE)?;
        } else if bytes < now {
            self.protect(bytes, now - bytes, MprotectFlags::empty())?;
        }
        self.accessible_bytes = bytes;
        Ok(())
    }

    fn protect(&mut self, from: usize, bytes: usize, flags: MprotectFlags) -> io::Result<()> {
        // SAFETY: `from` is within the region.
        let start = unsafe { self.start().add(from) };
        // SAFETY: the region is borrowed mutably, so there are no references into it.
        unsafe { mprotect(start.as_ptr().cast(), bytes, flags) }?;
        Ok(())
    }

    /// Zeroes everything accessible.
    ///
    /// Overwrites and keeps used pages, up to a limit: a fault for each at its next use would cost more
    /// than most handlers. Returns the rest to the kernel; without a page map, everything.
    ///
    /// # Errors
    ///
    /// When the kernel refuses. The content is then unknown.
    pub(crate) fn reset(&mut self, page_map: Option<&PageMap>) -> io::Result<()> {
        let pages = (self.accessible_bytes / page_size()).min(LOOKED_AT_PAGES);
        let mut records = [MaybeUninit::uninit(); LOOKED_AT_PAGES * RECORD_BYTES];
        let records = records
            .get_mut(..pages * RECORD_BYTES)
            .expect("no more than all");
        let records = page_map.and_then(|page_map| self.read(page_map, 0, records).ok());
        let clean = records.map_or(0, |records| self.clear(records));
        self.give_back(clean..self.accessible_bytes)
    }

    /// Zeroes a stack, which is used from its end downwards, without a gap: Cranelift and Rust probe every
    /// page of a frame, so that no frame skips the guard. Below a frame of C without probes, pages would
    /// keep their content; but WebAssembly code never reads stack that it has not written.
    ///
    /// # Errors
    ///
    /// As for [`reset`](Self::reset).
    pub(crate) fn reset_stack(&mut self, page_map: Option<&PageMap>) -> io::Result<()> {
        let mut dirty = self.accessible_bytes;
        let Some(page_map) = page_map else {
            return self.give_back(0..dirty);
        };
        let lowest_kept = dirty.saturating_sub(KEPT_PAGES * page_size());
        while dirty > lowest_kept {
            let from = dirty.saturating_sub(STACK_PAGES * page_size());
            let mut records = [MaybeUninit::uninit(); STACK_PAGES * RECORD_BYTES];
            let records = records
                .get_mut(..(dirty - from) / page_size() * RECORD_BYTES)
                .expect("no more than all");
            let Ok(records) = self.read(page_map, from, records) else {
                break;
            };
            for record in records.iter().rev() {
                if !is_used(*record) {
                    return Ok(());
                }
                dirty -= page_size();
                self.clear_page(dirty);
            }
        }
        self.give_back(0..dirty)
    }

    /// Whether `page_map` distinguishes a written page from an untouched one. Emulations of Linux may have
    /// one that does not.
    ///
    /// # Errors
    ///
    /// When the test region cannot be mapped, or the page map cannot be read.
    pub(crate) fn is_seen_by(page_map: &PageMap) -> io::Result<bool> {
        let mut region = Self::reserve(2 * page_size(), 0)?;
        region.set_accessible(2 * page_size())?;
        // SAFETY: the byte is accessible, and there is no reference to it.
        unsafe { region.start().write(1) };
        let mut records = [MaybeUninit::uninit(); 2 * RECORD_BYTES];
        let records = region.read(page_map, 0, &mut records)?;
        Ok(records
            .iter()
            .map(|record| is_used(*record))
            .eq([true, false]))
    }

    /// Reads the records of the pages from offset `from` on, until `records` is full.
    fn read<'r>(
        &self,
        page_map: &PageMap,
        from: usize,
        records: &'r mut [MaybeUninit<u8>],
    ) -> io::Result<&'r [Record]> {
        page_map.read(self.start().addr().get() + from, records)
    }

    /// Zeroes used pages in order, up to [`KEPT_PAGES`]. Returns the length of the prefix that is zero then.
    fn clear(&mut self, records: &[Record]) -> usize {
        let used = (0..).zip(records).filter(|(_, record)| is_used(**record));
        let mut used = used.map(|(page, _)| page * page_size());
        for at in used.by_ref().take(KEPT_PAGES) {
            self.clear_page(at);
        }
        used.next().unwrap_or(records.len() * page_size())
    }

    /// Zeroes the page at offset `at`, which is accessible.
    fn clear_page(&mut self, at: usize) {
        debug_assert!(at + page_size() <= self.accessible_bytes);
        // SAFETY: the address is within the accessible part.
        let page = unsafe { self.start().add(at) };
        // SAFETY: the region is borrowed mutably, so there are no references into it.
        unsafe { page.write_bytes(0, page_size()) };
    }

    /// Returns accessible bytes to the kernel. They are zero at the next touch.
    fn give_back(&mut self, range: Range<usize>) -> io::Result<()> {
        if !range.is_empty() {
            // SAFETY: the address is within the region.
            let start = unsafe { self.start().add(range.start) };
            // SAFETY: the region is borrowed mutably, so there are no references into it.
            unsafe { madvise(start.as_ptr().cast(), range.len(), Advice::LinuxDontNeed) }?;
        }
        Ok(())
    }
}

/// Size of a mapping: the reservation and a guard on each side.
fn mapped_bytes(reserved_bytes: usize, guard_bytes: usize) -> Option<usize> {
    guard_bytes.checked_mul(2)?.checked_add(reserved_bytes)
}

impl Drop for Region {
    fn drop(&mut self) {
        let bytes = mapped_bytes(self.reserved_bytes, self.guard_bytes).expect("it was mapped");
        // SAFETY: the region owns the mapping, and nothing uses it any more.
        let unmapped = unsafe { rustix::mm::munmap(self.mapping.as_ptr().cast(), bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Returns a region of which every page was written.
    fn full(pages: usize) -> Region {
        let mut region = Region::reserve(pages * page_size(), page_size()).unwrap();
        region.set_accessible(pages * page_size()).unwrap();
        // SAFETY: the whole range is accessible.
        unsafe { region.start().write_bytes(0xaa, pages * page_size()) };
        region
    }

    fn bytes(region: &Region) -> &[u8] {
        // SAFETY: the range is accessible, and nothing writes to it meanwhile.
        unsafe { std::slice::from_raw_parts(region.start().as_ptr(), region.accessible_bytes) }
    }

    fn is_zero(region: &Region) -> bool {
        let zeros = vec![0; page_size()];
        bytes(region).chunks(page_size()).all(|page| page == zeros)
    }

    #[test]
    fn a_page_map_finds_used_pages() {
        let page_map = PageMap::open().unwrap();
        assert!(Region::is_seen_by(&page_map).unwrap());
        let region = full(3);
        let mut records = [MaybeUninit::uninit(); 3 * RECORD_BYTES];
        let records = region.read(&page_map, 0, &mut records).unwrap();
        assert!(records.iter().all(|record| is_used(*record)));
    }

    #[test]
    fn a_short_read_of_a_page_map_is_an_error() {
        let page_map = PageMap::open().unwrap();
        let behind_all_addresses = usize::MAX / page_size() * page_size();
        assert!(
            page_map
                .read(
                    behind_all_addresses,
                    &mut [MaybeUninit::uninit(); RECORD_BYTES]
                )
                .is_err()
        );
    }

    #[test]
    fn reset_regions_are_zero_whatever_their_size() {
        let page_map = PageMap::open().unwrap();
        for pages in [
            0,
            1,
            KEPT_PAGES,
            KEPT_PAGES + 1,
            LOOKED_AT_PAGES + 1,
            3 * LOOKED_AT_PAGES,
        ] {
            for page_map in [Some(&page_map), None] {
                let mut region = full(pages);
                region.reset(page_map).unwrap();
                assert!(is_zero(&region), "{pages} pages, {page_map:?}");
            }
        }
    }

    /// Writes to pages in runs of a gap and of written pages. Returns how many of the pages that a reset
    /// checks were written.
    fn dirty(region: &mut Region, runs: &[(usize, usize)]) -> usize {
        let pages = region.accessible_bytes / page_size();
        let (mut page, mut looked_at) = (0, 0);
        for (gap, written) in runs {
            let from = (page + gap).min(pages);
            page = (from + written).min(pages);
            looked_at += page.min(LOOKED_AT_PAGES) - from.min(LOOKED_AT_PAGES);
            // SAFETY: the address is within the region.
            let start = unsafe { region.start().add(from * page_size()) };
            // SAFETY: the whole range is accessible.
            unsafe { start.write_bytes(0xaa, (page - from) * page_size()) };
        }
        looked_at
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        /// Sizes and runs exceed both limits; the second round meets the pages that the first kept.
        #[test]
        fn a_reset_clears_dirty_pages_wherever_the_holes_are(
            pages in 0..=LOOKED_AT_PAGES + 2 * KEPT_PAGES,
            rounds in vec(vec((0..KEPT_PAGES, 1..KEPT_PAGES), 0..12), 2),
            has_page_map: bool,
        ) {
            let page_map = has_page_map.then(|| PageMap::open().unwrap());
            let mut region = Region::reserve(pages * page_size(), page_size()).unwrap();
            region.set_accessible(pages * page_size()).unwrap();
            for (number, runs) in rounds.iter().enumerate() {
                let used = dirty(&mut region, runs);
                region.reset(page_map.as_ref()).unwrap();
                let kept = resident(&region);
                prop_assert!(kept <= KEPT_PAGES);
                if number == 0 {
                    prop_assert_eq!(kept, if has_page_map { used.min(KEPT_PAGES) } else { 0 });
                }
                prop_assert!(is_zero(&region));
            }
        }
    }

    #[test]
    fn used_pages_are_kept_up_to_a_limit() {
        let page_map = PageMap::open().unwrap();
        let mut region = full(KEPT_PAGES + 10);
        region.reset(Some(&page_map)).unwrap();
        assert_eq!(resident(&region), KEPT_PAGES);
    }

    #[test]
    fn reset_stacks_are_zero_and_keep_pages_up_to_a_limit() {
        let page_map = PageMap::open().unwrap();
        const PAGES: usize = KEPT_PAGES + STACK_PAGES + 3;
        for used in [
            0,
            1,
            STACK_PAGES - 1,
            STACK_PAGES,
            STACK_PAGES + 1,
            KEPT_PAGES,
            KEPT_PAGES + 1,
            PAGES,
        ] {
            for page_map in [Some(&page_map), None] {
                let mut region = Region::reserve(PAGES * page_size(), page_size()).unwrap();
                region.set_accessible(PAGES * page_size()).unwrap();
                let unused = (PAGES - used) * page_size();
                // SAFETY: the address is within the region.
                let from = unsafe { region.start().add(unused) };
                // SAFETY: everything from there to the end is accessible.
                unsafe { from.write_bytes(0xaa, used * page_size()) };
                region.reset_stack(page_map).unwrap();
                let kept = resident(&region);
                assert_eq!(kept, page_map.map_or(0, |_| used.min(KEPT_PAGES)), "{used}");
                assert!(is_zero(&region), "{used} pages, {page_map:?}");
            }
        }
    }

    /// Returns the number of resident pages.
    fn resident(region: &Region) -> usize {
        let mut records =
            vec![MaybeUninit::uninit(); region.accessible_bytes / page_size() * RECORD_BYTES];
        let page_map = PageMap::open().unwrap();
        let records = region.read(&page_map, 0, &mut records).unwrap();
        records.iter().filter(|record| is_used(**record)).count()
    }

    #[test]
    fn what_was_accessible_once_is_zero_when_it_is_so_again() {
        let page_map = PageMap::open().unwrap();
        let mut region = full(8);
        region.reset(Some(&page_map)).unwrap();
        region.set_accessible(page_size()).unwrap();
        region.set_accessible(8 * page_size()).unwrap();
        assert!(is_zero(&region));
    }

    #[test]
    fn no_more_is_accessible_than_was_reserved() {
        let mut region = Region::reserve(2 * page_size(), page_size()).unwrap();
        assert!(region.set_accessible(2 * page_size() + 1).is_err());
        assert!(region.set_accessible(usize::MAX).is_err());
        assert!(Region::reserve(usize::MAX, 0).is_err());
        assert!(Region::reserve(usize::MAX - page_size(), page_size()).is_err());
    }
}
