//! Keeps the last invocations for the console: what the caller sent, what the function wrote, and when each
//! chunk went on.

mod body;
mod chunks;
mod har;
mod json;
mod logs;
mod mask;
mod record;
mod trace;

pub(crate) use chunks::Chunk;
pub(crate) use har::har;
pub(crate) use json::{Delta, details, summary};
pub(crate) use mask::Secrets;
pub(crate) use record::{Beginning, Record, RequestLine};
pub(crate) use trace::{GuestTimes, GuestWrite};

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::observer::{Report, TraceSpan};

/// Largest number of invocations kept.
const RING_LENGTH: usize = 200;

/// Largest size of all records, in bytes. Running invocations are kept beyond it.
const RING_BYTES: usize = 64 * 1024 * 1024;

/// Keeps the last invocations. Clones share them.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Distinguishes this recorder from that of an earlier process on the same port.
    run: String,
    ring: Mutex<VecDeque<Arc<Entry>>>,
    bytes: AtomicUsize,
    numbers: AtomicU64,
    versions: watch::Sender<u64>,
}

#[derive(Debug)]
struct Entry {
    record: Mutex<Record>,
}

/// The record of an invocation, while it is written.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    recorder: Recorder,
    entry: Arc<Entry>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self(Arc::new(Shared {
            run: format!("{:08x}", fastrand::u32(..)),
            ring: Mutex::default(),
            bytes: AtomicUsize::new(0),
            numbers: AtomicU64::new(0),
            versions: watch::Sender::new(0),
        }))
    }
}

impl Recorder {
    /// Returns the name of this recorder, which differs from those of earlier processes.
    pub(crate) fn run(&self) -> &str {
        &self.0.run
    }

    /// Begins the record of an invocation.
    pub(crate) fn begin(&self, beginning: &Beginning<'_>) -> Recording {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let record = Record::new(number, beginning);
        let size = record.size();
        let entry = Arc::new(Entry {
            record: Mutex::new(record),
        });
        self.ring().push_back(Arc::clone(&entry));
        self.0.bytes.fetch_add(size, Ordering::Relaxed);
        let recording = Recording {
            recorder: self.clone(),
            entry,
        };
        // Makes the new record visible, and the oldest one leave.
        recording.update(|_| {});
        self.evict();
        recording
    }

    /// Adds what a report says about a recorded invocation.
    pub(crate) fn observe(&self, report: &Report<'_>) {
        let Some(id) = report.request_id() else {
            return;
        };
        if let Some(recording) = self.recording(id) {
            recording.update(|record| record.observe(report));
        }
    }

    /// Adds spans of a recorded invocation.
    pub(crate) fn traced(&self, id: &str, spans: Vec<TraceSpan>, guest: Option<GuestTimes>) {
        if let Some(recording) = self.recording(id) {
            recording.update(|record| record.trace.add(spans, guest));
        }
    }

    /// Finds the latest record of an invocation.
    fn recording(&self, id: &str) -> Option<Recording> {
        let ring = self.ring();
        let entry = ring.iter().rev().find(|entry| entry.lock().id == id)?;
        Some(Recording {
            recorder: self.clone(),
            entry: Arc::clone(entry),
        })
    }

    /// Reads a record. `None` if it is not kept.
    pub(crate) fn read<T>(&self, id: &str, read: impl FnOnce(&Record) -> T) -> Option<T> {
        let recording = self.recording(id)?;
        let record = recording.entry.lock();
        Some(read(&record))
    }

    /// Reads the records that have changed after a version, oldest first.
    pub(crate) fn changed_since<T>(
        &self,
        version: u64,
        mut read: impl FnMut(&Record) -> T,
    ) -> Vec<T> {
        let ring = self.ring();
        let records = ring.iter().map(|entry| entry.lock());
        let changed = records.filter(|record| record.version > version);
        changed.map(|record| read(&record)).collect()
    }

    /// Forgets all invocations that have ended.
    pub(crate) fn clear(&self) {
        self.remove_while(|_, _| true);
        self.changed();
    }

    /// Returns the number of the latest change, and follows it.
    pub(crate) fn versions(&self) -> watch::Receiver<u64> {
        self.0.versions.subscribe()
    }

    fn changed(&self) -> u64 {
        let mut version = 0;
        self.0.versions.send_modify(|latest| {
            *latest += 1;
            version = *latest;
        });
        version
    }

    /// Removes the oldest records while there are too many or they are too large.
    fn evict(&self) {
        self.remove_while(|length, bytes| length > RING_LENGTH || bytes > RING_BYTES);
    }

    /// Removes records that have ended, oldest first, while `is_over` holds for their number and size.
    fn remove_while(&self, is_over: impl Fn(usize, usize) -> bool) {
        let mut ring = self.ring();
        let mut length = ring.len();
        ring.retain(|entry| {
            let bytes = self.0.bytes.load(Ordering::Relaxed);
            if !is_over(length, bytes) {
                return true;
            }
            let record = entry.lock();
            if record.is_running() {
                return true;
            }
            length -= 1;
            self.0.bytes.fetch_sub(record.size(), Ordering::Relaxed);
            false
        });
    }

    fn ring(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        // Records are whole whenever this lock is released.
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, Record> {
        // No invariant spans two fields of a record.
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    /// Changes the record.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Record)) {
        let (before, after) = {
            let mut record = self.entry.lock();
            let before = record.size();
            change(&mut record);
            record.version = self.recorder.changed();
            (before, record.size())
        };
        let bytes = &self.recorder.0.bytes;
        if after >= before {
            let grown = after - before;
            if bytes.fetch_add(grown, Ordering::Relaxed) + grown > RING_BYTES {
                self.recorder.evict();
            }
        } else {
            bytes.fetch_sub(before - after, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
