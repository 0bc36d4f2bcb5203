//! Reads the machine code and the data of a large handler before its first call.
//!
//! A start reads the tables of a handler only. The first call would then wait for storage at each page that it is the
//! first to touch, one after the other. `docs/design/cold-start.md` has the figures.

use std::fs::File;
use std::io::IoSliceMut;
use std::iter;
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use artifact::Called;
use rustix::fs::{Advice, fadvise};
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Up to this size, the kernel's own read-ahead brings in everything with a few faults.
const SMALL_BYTES: u64 = 2 * 1024 * 1024;

/// Most bytes that are read ahead: a function of 128 MB has to hold them beside its memory.
const LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of one request. The kernel shortens larger ones to what the storage takes at a time.
const STEP_BYTES: u64 = 128 * 1024;

/// Bytes that are asked for at a time. A page that the first call needs at once waits behind no more than these.
const WINDOW_BYTES: u64 = 2 * 1024 * 1024;

/// Number of places that are looked at to find out whether the file has to be read.
const SAMPLES: u64 = 16;

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

    /// Starts reading, unless the file is in memory. Returns at once: a thread waits for storage. If the system
    /// refuses the thread, calls read what they use. The receiver resolves at the end, whether or not anything was
    /// read.
    pub(crate) fn start(self: &Arc<Self>) -> oneshot::Receiver<()> {
        let (at_end, end) = oneshot::channel();
        if self.is_in_memory() {
            return end;
        }
        let this = Arc::clone(self);
        // Detached: it ends with the last byte.
        drop(thread::Builder::new().spawn(move || {
            this.read();
            drop(at_end);
        }));
        end
    }

    /// Reads, and waits until everything is in memory, for at most `limit`.
    pub(crate) async fn finish(self: &Arc<Self>, limit: Duration) {
        // After the limit, calls read the rest.
        drop(timeout(limit, self.start()).await);
    }

    /// Reads, and waits for storage.
    fn read(&self) {
        for window in self.ranges.iter().flat_map(|it| pieces(it, WINDOW_BYTES)) {
            request(&self.file, [window.clone()]);
            // Its last byte is there when the rest is, as a rule.
            let last = window.end.saturating_sub(1);
            if self.file.read_at(&mut [0], last).is_err() {
                return;
            }
        }
    }

    /// Returns whether the file seems to be in memory: looks at places that are spread evenly. Returns `false` on a
    /// file system that does not tell.
    fn is_in_memory(&self) -> bool {
        let step = (length(&self.ranges) / SAMPLES).max(1);
        let pieces = self.ranges.iter().flat_map(|range| pieces(range, step));
        let mut places = pieces.map(|piece| piece.end.saturating_sub(1));
        places.all(|at| {
            let mut byte = [0];
            let buffers = &mut [IoSliceMut::new(&mut byte)];
            preadv2(&self.file, buffers, at, ReadWriteFlags::NOWAIT).is_ok()
        })
    }
}

/// Asks the kernel to read these ranges of a file, and does not wait for them. Errors do not matter: what is not read
/// now is read when it is used.
pub(super) fn request(file: &File, ranges: impl IntoIterator<Item = Range<u64>>) {
    let ranges = ranges.into_iter();
    for step in ranges.flat_map(|range| pieces(&range, STEP_BYTES)) {
        let length = NonZero::new(step.end - step.start);
        let _ = fadvise(file, step.start, length, Advice::WillNeed);
    }
}

/// Cuts a range into pieces of at most `bytes` bytes.
fn pieces(range: &Range<u64>, bytes: u64) -> impl Iterator<Item = Range<u64>> + use<> {
    let end = range.end;
    iter::successors(Some(range.start), move |at| at.checked_add(bytes))
        .take_while(move |at| *at < end)
        .map(move |at| at..end.min(at.saturating_add(bytes)))
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
            (100, &[(5, 15), (20, 40)][..]),
            (30, &[(5, 15), (20, 40)]),
            (29, &[(5, 15), (20, 39)]),
            (10, &[(5, 15)]),
            (3, &[(5, 8)]),
            (0, &[]),
        ] {
            let limited = limited([5..15, 20..40].into_iter(), limit);
            assert_eq!(pairs(limited), expected);
        }
    }

    fn pairs(ranges: impl IntoIterator<Item = Range<u64>>) -> Vec<(u64, u64)> {
        let ranges = ranges.into_iter();
        ranges.map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn pieces_make_up_the_range() {
        let near_the_end = u64::MAX - 6;
        for (range, expected) in [
            (3..3, &[][..]),
            (3..4, &[(3, 4)]),
            (3..8, &[(3, 8)]),
            (3..9, &[(3, 8), (8, 9)]),
            (
                near_the_end..u64::MAX,
                &[(near_the_end, u64::MAX - 1), (u64::MAX - 1, u64::MAX)],
            ),
        ] {
            assert_eq!(pairs(pieces(&range, 5)), expected);
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
