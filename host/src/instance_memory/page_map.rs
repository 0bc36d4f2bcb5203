//! Finds the pages of this process that have been used.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;

use rustix::param::page_size;

/// The kernel's record of this process's pages: 64 bits for each.
///
/// <https://docs.kernel.org/admin-guide/mm/pagemap.html>
#[derive(Debug)]
pub(crate) struct PageMap {
    file: File,
}

/// Size of a page's record, in bytes.
pub(crate) const RECORD_BYTES: usize = size_of::<u64>();

/// The record of one page.
pub(crate) type Record = [u8; RECORD_BYTES];

/// Whether the page may hold anything but zeros.
pub(crate) fn is_used(record: Record) -> bool {
    u64::from_ne_bytes(record) & SWAPPED_OR_PRESENT != 0
}

/// Bits 62 and 63: the page is swapped out, or present. A page that the kernel is migrating has bit 62
/// (`pte_to_pagemap_entry` in its `fs/proc/task_mmu.c`). A private page with neither bit was never touched,
/// or was freed: it is zero.
const SWAPPED_OR_PRESENT: u64 = 0b11 << 62;

/// Whether the page is a copy of its own, and not one of a file.
pub(crate) fn is_private(record: Record) -> bool {
    const OF_FILE: u64 = 1 << 61;
    is_used(record) && u64::from_ne_bytes(record) & OF_FILE == 0
}

impl PageMap {
    pub(crate) fn open() -> io::Result<Self> {
        let file = File::open("/proc/self/pagemap")?;
        Ok(Self { file })
    }

    /// Reads the records of the pages from `address` on, [`RECORD_BYTES`] each, until `records` is full.
    /// `address` must be page-aligned.
    pub(crate) fn read<'r>(
        &self,
        address: usize,
        records: &'r mut [MaybeUninit<u8>],
    ) -> io::Result<&'r [Record]> {
        let offset = address / page_size() * RECORD_BYTES;
        let offset = u64::try_from(offset).map_err(io::Error::other)?;
        // A single read, and a short one is an error: if a part of the page table changes during the read,
        // an older kernel skips it, and later records move up.
        let (records, rest) = rustix::io::pread(&self.file, records, offset)?;
        if !rest.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(records.as_chunks().0)
    }
}
