//! Copies pages that invocations write to ahead of the next one, in memories that are mapped copy-on-write.
//!
//! The first write to each such page is a fault that copies it. An engine such as QuickJS or CPython writes to
//! hundreds of pages in each invocation, mostly the same ones, because its heap lies in them. So the worker records
//! them, and has the kernel copy them for the next instance while it waits for the next event.
//!
//! A page that was found in error costs time and memory, but its content stays as it is.

#![expect(
    unsafe_code,
    reason = "advises the kernel about memory, which changes no content"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::ptr;

use rustix::io::Errno;
use rustix::mm::{Advice, madvise};
use rustix::param::page_size;

use super::mappings::{Image, Memory, memories};
use super::page_map::{PageMap, RECORD_BYTES, Record, is_private};

/// Invocations whose pages are recorded.
const RECORDED: usize = 8;

/// Invocations that must have written to a page before it is hot. One alone may have been unusual.
const WRITES: usize = 2;

/// Most hot pages of a memory: 4 MiB.
const MOST_PAGES: usize = 1024;

/// Pages of a memory that are recorded: 64 MiB. A heap grows at its end.
const RECORDED_PAGES: usize = 16 * 1024;

/// What the invocations of a worker write to. It must be the only worker of the process, because the memories of all
/// instances are looked at.
#[derive(Debug)]
pub(crate) struct HotPages {
    /// How many invocations are still to be recorded.
    left: usize,
    /// How many invocations wrote to a page, by its offset from the start of the memory.
    writes: BTreeMap<Image, BTreeMap<usize, usize>>,
    /// Runs of hot pages, as offsets from the start of the memory.
    hot: BTreeMap<Image, Vec<Range<usize>>>,
}

impl HotPages {
    /// Records nothing, and so does nothing, unless `is_enabled`.
    pub(crate) fn new(is_enabled: bool) -> Self {
        Self {
            left: if is_enabled { RECORDED } else { 0 },
            writes: BTreeMap::new(),
            hot: BTreeMap::new(),
        }
    }

    /// Records what an invocation has written to, while its instance still exists. Does nothing after enough
    /// invocations.
    pub(crate) fn record(&mut self) {
        if self.left > 0 {
            self.left -= 1;
            // Without the kernel's lists, the guest's own writes copy the pages.
            let _ = self.try_to_record();
        }
    }

    fn try_to_record(&mut self) -> io::Result<()> {
        let page_map = PageMap::open()?;
        for memory in memories()? {
            let writes = self.writes.entry(memory.image).or_default();
            for page in memory.written(&page_map)? {
                *writes.entry(page).or_default() += 1;
            }
        }
        let hot = self.writes.iter().map(|(image, writes)| {
            let hot = writes.iter().filter(|(_, times)| **times >= WRITES);
            let hot: Vec<_> = hot.map(|(page, _)| *page).take(MOST_PAGES).collect();
            (*image, runs(&hot))
        });
        self.hot = hot.collect();
        if self.left == 0 {
            self.writes.clear();
        }
        Ok(())
    }

    /// Copies the hot pages of an instance that waits for its invocation.
    pub(crate) fn prefault(&self) {
        if self.hot.is_empty() {
            return;
        }
        for memory in memories().unwrap_or_default() {
            for run in self.hot.get(&memory.image).into_iter().flatten() {
                memory.copy(run);
            }
        }
    }
}

impl Memory {
    /// The offsets of the pages that were written to.
    fn written(&self, page_map: &PageMap) -> io::Result<Vec<usize>> {
        let pages = (self.range.len() / page_size()).min(RECORDED_PAGES);
        let mut records = vec![MaybeUninit::uninit(); pages * RECORD_BYTES];
        let records = page_map.read(self.range.start, &mut records)?;
        let is_written = |(_, record): &(usize, &Record)| is_private(**record);
        let written = records.iter().enumerate().filter(is_written);
        Ok(written.map(|(page, _)| page * page_size()).collect())
    }

    /// Copies pages, as the first write to each would. No guest runs meanwhile.
    fn copy(&self, run: &Range<usize>) {
        if run.end > self.range.len() {
            return;
        }
        let start = ptr::without_provenance_mut(self.range.start + run.start);
        // SAFETY: the kernel changes no content, whatever is mapped there.
        let populated = unsafe { madvise(start, run.len(), Advice::LinuxPopulateWrite) };
        if populated == Err(Errno::INVAL) {
            // A page that cannot be written to is copied when the guest writes to it.
            let _ = self.rewrite(run);
        }
    }

    /// The same for kernels before 5.14: writes a byte of each page that is in it already.
    fn rewrite(&self, run: &Range<usize>) -> io::Result<()> {
        let memory = File::options()
            .read(true)
            .write(true)
            .open("/proc/self/mem")?;
        let mut byte = [0];
        for offset in run.clone().step_by(page_size()) {
            let at = u64::try_from(self.range.start + offset).map_err(io::Error::other)?;
            memory.read_exact_at(&mut byte, at)?;
            memory.write_all_at(&byte, at)?;
        }
        Ok(())
    }
}

/// Joins the offsets of adjacent pages.
fn runs(pages: &[usize]) -> Vec<Range<usize>> {
    let chunks = pages.chunk_by(|page, next| page + page_size() == *next);
    let run = |chunk: &[usize]| Some(*chunk.first()?..chunk.last()? + page_size());
    chunks.filter_map(run).collect()
}

#[cfg(test)]
mod tests {
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

    use super::*;

    #[test]
    fn adjacent_pages_are_one_run() {
        let page = page_size();
        assert_eq!(runs(&[]), []);
        let pages = [0, page, 3 * page, 5 * page, 6 * page];
        let wanted = [0..2 * page, 3 * page..4 * page, 5 * page..7 * page];
        assert_eq!(runs(&pages), wanted);
    }

    /// A file in memory as Wasmtime maps it.
    struct Mapped {
        start: *mut u8,
        bytes: usize,
    }

    impl Mapped {
        fn new(file: &File, bytes: usize) -> Self {
            let protection = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: the kernel chooses unused addresses.
            let start = unsafe {
                mmap(
                    ptr::null_mut(),
                    bytes,
                    protection,
                    MapFlags::PRIVATE,
                    file,
                    0,
                )
            };
            let start = start.unwrap().cast();
            Self { start, bytes }
        }

        fn write(&self, page: usize) {
            // SAFETY: the page is mapped, and there is no reference to it.
            unsafe { self.start.wrapping_add(page * page_size()).write(9) };
        }

        fn memory(&self) -> Memory {
            let start = self.start.addr();
            Memory {
                image: (0, self.bytes),
                range: start..start + self.bytes,
            }
        }

        fn assert_unchanged(&self) {
            // SAFETY: the pages are mapped, and nothing writes to them.
            let content = unsafe { std::slice::from_raw_parts(self.start, self.bytes) };
            assert!(content.iter().all(|byte| *byte == 7));
        }

        fn private(&self) -> Vec<usize> {
            let written = self.memory().written(&PageMap::open().unwrap()).unwrap();
            written.iter().map(|offset| offset / page_size()).collect()
        }
    }

    impl Drop for Mapped {
        fn drop(&mut self) {
            // SAFETY: nothing refers to the mapping.
            unsafe { munmap(self.start.cast(), self.bytes) }.unwrap();
        }
    }

    #[test]
    fn pages_that_two_invocations_wrote_to_are_copied_for_the_next() {
        const PAGES: usize = 77;
        let file = tempfile::tempfile().unwrap();
        let bytes = PAGES * page_size();
        file.write_all_at(&vec![7; bytes], 0).unwrap();
        let mut hot = HotPages::new(true);
        for written in [[3, 4, 60], [4, 3, 61]] {
            let used = Mapped::new(&file, bytes);
            hot.prefault();
            assert!(used.private().is_empty());
            written.into_iter().for_each(|page| used.write(page));
            hot.record();
        }

        let next = Mapped::new(&file, bytes);
        hot.prefault();

        assert_eq!(next.private(), [3, 4]);
        next.assert_unchanged();
    }

    #[test]
    fn older_kernels_copy_pages_as_well() {
        let file = tempfile::tempfile().unwrap();
        let bytes = 8 * page_size();
        file.write_all_at(&vec![7; bytes], 0).unwrap();
        let mapped = Mapped::new(&file, bytes);

        mapped
            .memory()
            .rewrite(&(2 * page_size()..4 * page_size()))
            .unwrap();

        assert_eq!(mapped.private(), [2, 3]);
        mapped.assert_unchanged();
        mapped
            .memory()
            .rewrite(&(7 * page_size()..usize::MAX / 2))
            .unwrap_err();
    }

    #[test]
    fn nothing_is_recorded_unless_enabled_nor_forever() {
        let mut hot = HotPages::new(false);
        hot.record();
        assert!(hot.writes.is_empty());
        let mut hot = HotPages::new(true);
        for _ in 0..=RECORDED {
            hot.record();
        }
        assert_eq!((hot.left, hot.writes.len()), (0, 0));
    }
}
