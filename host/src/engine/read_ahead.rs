//! Reads the machine code and the data of a large handler before its first call.
//!
//! A start reads the tables of a handler only. The first call would then wait for storage at each page that it is the
//! first to touch, and a large handler touches most of its file. Asking for all of it at once takes a third of the
//! time. `docs/design/cold-start.md` has the figures.

use std::fs::File;
use std::io::IoSliceMut;
use std::iter;
use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use artifact::Called;
use rustix::fs::{Advice, fadvise};
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::time::{Instant, sleep};

/// Up to this size, the kernel's own read-ahead brings in everything with a few faults.
const SMALL_BYTES: u64 = 2 * 1024 * 1024;

/// Most bytes that are read ahead: a function of 128 MB has to hold them beside its memory.
const LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of one request. The kernel shortens larger ones to what the storage takes at a time.
const STEP_BYTES: u64 = 128 * 1024;

/// Number of places that are looked at to find out whether the file has to be read.
const SAMPLES: u64 = 16;

/// Pause between two looks at whether the file has been read.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The part of a handler's file that its calls use.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    file: File,
    /// Byte ranges, machine code first.
    ranges: Vec<Range<u64>>,
}

impl ReadAhead {
    /// Returns `None` if the part is small.
    pub(super) fn of(file: &File, called: Called) -> Option<Self> {
        let ranges = limited([called.code, called.data].into_iter(), LIMIT_BYTES);
        if length(&ranges) <= SMALL_BYTES {
            return None;
        }
        let file = file.try_clone().ok()?;
        Some(Self { file, ranges })
    }

    /// Starts reading, unless the file is in memory. Returns at once: requests may have to wait for storage, so a
    /// thread makes them. If the system refuses the thread, calls read what they use.
    pub(crate) fn start(self: &Arc<Self>) {
        if self.is_in_memory() {
            return;
        }
        let this = Arc::clone(self);
        // Detached: it ends after the last request.
        drop(
            thread::Builder::new().spawn(move || request(&this.file, this.ranges.iter().cloned())),
        );
    }

    /// Reads, and waits until everything is in memory, for at most `timeout`.
    pub(crate) async fn finish(self: &Arc<Self>, timeout: Duration) {
        self.start();
        let until = Instant::now() + timeout;
        while !self.is_in_memory() && Instant::now() < until {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Returns whether the file seems to be in memory: looks at places that are spread evenly.
    fn is_in_memory(&self) -> bool {
        let step = (length(&self.ranges) / SAMPLES).max(1);
        let spread = |range: &Range<u64>| {
            let range = range.clone();
            let last = range.end.checked_sub(1);
            iter::successors(Some(range.start), move |at| at.checked_add(step))
                .take_while(move |at| *at < range.end)
                .chain(last)
        };
        self.ranges.iter().flat_map(spread).all(|at| {
            let mut byte = [0];
            let buffers = &mut [IoSliceMut::new(&mut byte)];
            preadv2(&self.file, buffers, at, ReadWriteFlags::NOWAIT).is_ok()
        })
    }
}

/// Asks the kernel to read these ranges of a file, and does not wait for them. Errors do not matter: what is not read
/// now is read when it is used.
pub(super) fn request(file: &File, ranges: impl IntoIterator<Item = Range<u64>>) {
    for range in ranges {
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at.saturating_add(STEP_BYTES));
            let length = std::num::NonZero::new(end - at);
            let _ = fadvise(file, at, length, Advice::WillNeed);
            at = end;
        }
    }
}

fn length(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

/// Cuts ranges off after `bytes` bytes in all.
fn limited(ranges: impl Iterator<Item = Range<u64>>, bytes: u64) -> Vec<Range<u64>> {
    let mut left = bytes;
    let ranges = ranges.map(|range| {
        let length = left.min(range.end.saturating_sub(range.start));
        left -= length;
        range.start..range.start + length
    });
    ranges.filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: u64) -> (tempfile::NamedTempFile, Arc<ReadAhead>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(bytes).unwrap();
        let ahead = ReadAhead {
            file: file.reopen().unwrap(),
            ranges: vec![1..bytes / 3, bytes / 2..bytes],
        };
        (file, Arc::new(ahead))
    }

    #[test]
    fn ranges_are_cut_off_at_the_limit() {
        for (limit, expected) in [
            (100, vec![5..15, 20..40]),
            (30, vec![5..15, 20..40]),
            (29, vec![5..15, 20..39]),
            (10, vec![5..15]),
            (3, vec![5..8]),
            (0, vec![]),
        ] {
            assert_eq!(limited([5..15, 20..40].into_iter(), limit), expected);
        }
    }

    #[test]
    fn small_code_is_not_read_ahead() {
        let file = tempfile::tempfile().unwrap();
        for (code, data, ahead) in [
            (0..0, 0..0, false),
            (0..SMALL_BYTES, 0..0, false),
            (1..SMALL_BYTES, 0..2, true),
            (0..u64::MAX, 0..u64::MAX, true),
        ] {
            let called = Called { code, data };
            assert_eq!(ReadAhead::of(&file, called).is_some(), ahead);
        }
    }

    #[tokio::test]
    async fn what_was_read_is_in_memory() {
        let (file, ahead) = of(4 * STEP_BYTES + 1);

        ahead.finish(Duration::from_secs(10)).await;

        assert!(ahead.is_in_memory());
        let beyond_the_end = STEP_BYTES..STEP_BYTES * 9;
        request(file.as_file(), [beyond_the_end]);
    }
}
