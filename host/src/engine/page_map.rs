//! Which pages of this process have been used.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::param::page_size;

/// The kernel's record of this process's pages: 64 bits for each.
///
/// <https://docs.kernel.org/admin-guide/mm/pagemap.html>
#[derive(Debug)]
pub(super) struct PageMap {
    file: File,
}

/// Bytes of the record of one page.
pub(super) const RECORD_BYTES: usize = size_of::<u64>();

/// Bits 62 and 63: the page is swapped out, or present. One that the kernel is moving at this moment has
/// the first (`pte_to_pagemap_entry` in its `fs/proc/task_mmu.c`). A private page with neither has never
/// been touched, or was given back: it is zero.
const SWAPPED_OR_PRESENT: u64 = 0b11 << 62;

impl PageMap {
    pub(super) fn open() -> io::Result<Self> {
        let file = File::open("/proc/self/pagemap")?;
        Ok(Self { file })
    }

    /// Tells of each page from `address` on whether it may hold anything but zeros; of as many as
    /// `records` has room for, [`RECORD_BYTES`] each. `address` is that of a page.
    pub(super) fn used<'r>(
        &self,
        address: usize,
        records: &'r mut [u8],
    ) -> io::Result<impl Iterator<Item = bool> + use<'r>> {
        let offset = address / page_size() * RECORD_BYTES;
        let offset = u64::try_from(offset).map_err(io::Error::other)?;
        // In one read, and less than all is not believed: where a part of the page table changes
        // meanwhile, an older kernel leaves it out, and what follows moves up.
        if self.file.read_at(records, offset)? != records.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (records, _) = records.as_chunks();
        Ok(records
            .iter()
            .map(|record| u64::from_ne_bytes(*record) & SWAPPED_OR_PRESENT != 0))
    }
}
