//! The queue of log lines for standard output, and its limits when the log is not read.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Queued bytes from which on a handler that prints has to wait. A longer queue would not speed up the log.
const HIGH_WATER_BYTES: usize = 256 * 1024;

/// Queued bytes from which on lines are dropped: those of the host, which never waits, and those of
/// handlers once the log is stalled.
const LIMIT_BYTES: usize = 1024 * 1024;

/// Time without progress after which the log counts as stalled, and is not waited for.
const STANDSTILL: Duration = Duration::from_millis(500);

/// The queued lines, and their waiters.
#[derive(Debug)]
pub(super) struct Backlog {
    inner: Mutex<Inner>,
    /// A line was queued.
    filled: Condvar,
    /// Some of the queue was written.
    written: Condvar,
    written_async: Notify,
}

#[derive(Debug)]
struct Inner {
    lines: Vec<u8>,
    /// Bytes taken by the writer thread and not yet written.
    in_flight: usize,
    /// Bytes accepted and bytes written since the start.
    accepted_total: u64,
    written_total: u64,
    lost_lines: u64,
    /// When the log last made progress, or the queue was last empty.
    progress: Option<Instant>,
}

/// A position in the log: everything up to it has been accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(u64);

/// Work for the writer thread.
#[derive(Debug)]
pub(super) enum Work {
    /// Write these lines, and report it with [`Backlog::wrote`].
    Write(Vec<u8>),
    /// Report that this many lines were dropped.
    ReportLoss(u64),
}

impl Backlog {
    pub(super) const fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                lines: Vec::new(),
                in_flight: 0,
                accepted_total: 0,
                written_total: 0,
                lost_lines: 0,
                progress: None,
            }),
            filled: Condvar::new(),
            written: Condvar::new(),
            written_async: Notify::const_new(),
        }
    }

    /// Queues a line, or counts it as lost. Never waits.
    pub(super) fn push(&self, line: &[u8]) {
        let mut inner = self.lock();
        if inner.waiting() >= LIMIT_BYTES {
            inner.lost_lines += 1;
            return;
        }
        if inner.waiting() == 0 {
            inner.progress = Some(Instant::now());
        }
        inner.lines.extend_from_slice(line);
        inner.accepted_total += bytes(line.len());
        drop(inner);
        self.filled.notify_one();
    }

    /// Waits for work. Called by the writer thread.
    pub(super) fn work(&self) -> Work {
        let mut inner = self.lock();
        loop {
            if !inner.lines.is_empty() {
                inner.in_flight = inner.lines.len();
                return Work::Write(std::mem::take(&mut inner.lines));
            }
            if inner.lost_lines > 0 {
                return Work::ReportLoss(std::mem::take(&mut inner.lost_lines));
            }
            let waited = self.filled.wait(inner);
            inner = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Records that `count` bytes of the lines in flight were written.
    pub(super) fn wrote(&self, count: usize) {
        let mut inner = self.lock();
        inner.in_flight = inner.in_flight.saturating_sub(count);
        inner.written_total += bytes(count);
        inner.progress = Some(Instant::now());
        drop(inner);
        self.written.notify_all();
        self.written_async.notify_waiters();
    }

    /// Waits until there is room for more, or the log is stalled.
    pub(super) async fn room(&self) {
        self.until(Inner::has_room).await;
    }

    /// Whether [`room`](Self::room) would return at once.
    pub(super) fn has_room(&self) -> bool {
        let inner = self.lock();
        inner.has_room() || inner.stands_still()
    }

    /// The position after everything accepted so far.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.lock().accepted_total)
    }

    /// Waits until everything up to `mark` was written, or the log is stalled.
    pub(super) async fn settled(&self, mark: Mark) {
        self.until(|inner| inner.written_total >= mark.0).await;
    }

    async fn until(&self, done: impl Fn(&Inner) -> bool) {
        loop {
            // Created before the check, so that no notification in between is missed.
            let written = self.written_async.notified();
            let left = {
                let inner = self.lock();
                if done(&inner) || inner.stands_still() {
                    return;
                }
                inner.patience_left()
            };
            // Checks again after progress and after a timeout alike.
            let _ = tokio::time::timeout(left, written).await;
        }
    }

    /// Blocks until everything accepted so far was written, and the loss of lines reported, or the log is
    /// stalled. Other threads may log meanwhile.
    pub(super) fn flush(&self) {
        let mut inner = self.lock();
        let accepted = inner.accepted_total;
        let is_done = |inner: &Inner| {
            let has_more = inner.accepted_total > accepted;
            inner.written_total >= accepted && (inner.lost_lines == 0 || has_more)
        };
        while !is_done(&inner) && !inner.stands_still() {
            let left = inner.patience_left();
            let waited = self.written.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn waiting(&self) -> usize {
        self.lines.len() + self.in_flight
    }

    fn has_room(&self) -> bool {
        self.waiting() < HIGH_WATER_BYTES
    }

    fn stands_still(&self) -> bool {
        self.patience_left().is_zero()
    }

    fn patience_left(&self) -> Duration {
        let waited = self.progress.map_or(Duration::ZERO, |at| at.elapsed());
        STANDSTILL.saturating_sub(waited)
    }
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LINE: &[u8] = &[b'x'; 1024];

    fn full() -> Backlog {
        let backlog = Backlog::new();
        for _ in 0..LIMIT_BYTES / LINE.len() {
            backlog.push(LINE);
        }
        backlog
    }

    #[test]
    fn what_is_over_the_limit_is_counted_and_reported_after_the_rest() {
        let backlog = full();
        backlog.push(LINE);
        backlog.push(LINE);

        let Work::Write(lines) = backlog.work() else {
            panic!("lines come first");
        };
        assert_eq!(lines.len(), LIMIT_BYTES);
        backlog.push(LINE);
        backlog.wrote(lines.len());

        assert!(matches!(backlog.work(), Work::ReportLoss(3)));
        backlog.push(LINE);
        assert!(matches!(backlog.work(), Work::Write(lines) if lines == LINE));
    }

    #[test]
    fn a_line_of_any_size_is_taken_while_there_is_room() {
        let backlog = Backlog::new();
        backlog.push(&vec![b'x'; 3 * LIMIT_BYTES]);
        let Work::Write(lines) = backlog.work() else {
            panic!("one line");
        };
        assert_eq!(lines.len(), 3 * LIMIT_BYTES);
    }

    #[tokio::test]
    async fn a_handler_waits_while_the_log_moves() {
        let backlog = Arc::new(full());
        let writing = Arc::clone(&backlog);
        let thread = std::thread::spawn(move || {
            let Work::Write(lines) = writing.work() else {
                panic!("lines");
            };
            lines.len()
        });
        assert!(!backlog.has_room());
        let taken = thread.join().unwrap();
        backlog.wrote(taken - HIGH_WATER_BYTES);
        assert!(!backlog.has_room());
        backlog.wrote(1);
        backlog.room().await;
        let mark = backlog.mark();
        backlog.wrote(HIGH_WATER_BYTES - 1);
        backlog.settled(mark).await;
    }

    #[test]
    fn a_flush_does_not_wait_for_what_comes_after_it() {
        let backlog = Arc::new(full());
        let writing = Arc::clone(&backlog);
        let (flushed, is_flushed) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            while is_flushed.try_recv().is_err() {
                writing.push(LINE);
                if let Work::Write(lines) = writing.work() {
                    writing.push(LINE);
                    writing.wrote(lines.len());
                }
            }
        });
        backlog.flush();
        flushed.send(()).unwrap();
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_log_that_stands_still_is_not_waited_for() {
        let began = Instant::now();
        let backlog = full();
        backlog.room().await;
        backlog.settled(backlog.mark()).await;
        backlog.flush();
        assert!(began.elapsed() >= STANDSTILL);
        assert!(backlog.has_room());
    }
}
