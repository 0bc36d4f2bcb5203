//! Collects the lines of a capsule.

use std::sync::{Mutex, MutexGuard, PoisonError};
#[cfg(feature = "outbound-http")]
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::begin::{Beginning, Seed};
use super::line::{Field, push};
use super::mask;
use super::pack::pack;
use super::settings::Hidden;

/// Part of a capsule that writes may take whole. Of further ones, it has length, digest and beginning.
const PART_FOR_WRITES: usize = 4;
/// Length of that beginning, in bytes.
const START_BYTES: usize = 128;

/// The recorder of one invocation.
#[derive(Debug)]
pub(crate) struct Recorder {
    #[cfg(feature = "outbound-http")]
    began: Instant,
    seed: Seed,
    limit_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    text: Vec<u8>,
    /// Bytes of writes that may still be kept whole.
    room_for_writes: usize,
    /// Requests so far.
    #[cfg(feature = "outbound-http")]
    calls: u32,
    /// The capsule has reached its limit.
    is_full: bool,
    has_failed: bool,
}

impl Recorder {
    /// Begins a capsule.
    pub(crate) fn new(beginning: &Beginning<'_>) -> Self {
        let settings = beginning.settings;
        let mut text = Vec::new();
        beginning.push(&mut text);
        let recorder = Self {
            #[cfg(feature = "outbound-http")]
            began: Instant::now(),
            seed: beginning.seed,
            limit_bytes: settings.limit_bytes,
            state: Mutex::new(State {
                text,
                room_for_writes: settings.limit_bytes / PART_FOR_WRITES,
                #[cfg(feature = "outbound-http")]
                calls: 0,
                is_full: false,
                has_failed: false,
            }),
        };
        recorder.note("event", &[Field::Bytes(&beginning.invocation.event)]);
        recorder
    }

    pub(super) fn seed(&self) -> Seed {
        self.seed
    }

    /// Microseconds since the beginning.
    #[cfg(feature = "outbound-http")]
    pub(super) fn elapsed_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Appends a line, unless the capsule is full.
    pub(super) fn note(&self, name: &str, fields: &[Field<'_>]) {
        self.lock().note(self.limit_bytes, name, fields);
    }

    /// Appends a write of the response.
    pub(super) fn note_write(&self, chunk: &[u8], result: &str) {
        let result = Field::Text(result);
        if self.keeps_whole(chunk.len()) {
            return self.note("write", &[Field::Bytes(chunk), result]);
        }
        let digest = artifact::hex(&Sha256::digest(chunk));
        let start = chunk.get(..START_BYTES).unwrap_or(chunk);
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let fields = [
            Field::Number(length),
            Field::Text(&digest),
            Field::Bytes(start),
            result,
        ];
        self.note("write-digest", &fields);
    }

    /// Takes room for a write, and returns whether there was enough.
    fn keeps_whole(&self, bytes: usize) -> bool {
        let room = &mut self.lock().room_for_writes;
        let left = room.checked_sub(bytes);
        *room = left.unwrap_or(*room);
        left.is_some()
    }

    /// Returns the number of a new request.
    #[cfg(feature = "outbound-http")]
    pub(super) fn next_call(&self) -> u32 {
        let mut state = self.lock();
        state.calls += 1;
        state.calls - 1
    }

    /// Appends how the invocation has ended, also to a capsule that is full.
    pub(super) fn end(&self, name: &str, fields: &[Field<'_>]) {
        let mut state = self.lock();
        let limit_bytes = u64::try_from(self.limit_bytes).unwrap_or(u64::MAX);
        if state.is_full {
            push(&mut state.text, "truncated", &[Field::Number(limit_bytes)]);
        }
        state.has_failed |= name != "returned";
        push(&mut state.text, name, fields);
    }

    /// Returns the capsule, without what the host fills into requests.
    pub(crate) fn text(&self, hidden: &[Hidden]) -> Vec<u8> {
        let text = std::mem::take(&mut self.lock().text);
        mask::without_hidden(text, hidden)
    }

    /// Returns the capsule of a failed invocation for the log, without secrets. `None` for one that has not failed.
    pub(crate) fn packed_failure(&self, hidden: &[Hidden]) -> Option<String> {
        let mut state = self.lock();
        if !state.has_failed {
            return None;
        }
        let text = std::mem::take(&mut state.text);
        drop(state);
        Some(pack(&mask::masked(text, hidden)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, limit_bytes: usize, name: &str, fields: &[Field<'_>]) {
        if self.is_full {
            return;
        }
        let before = self.text.len();
        push(&mut self.text, name, fields);
        if self.text.len() > limit_bytes {
            self.text.truncate(before);
            self.is_full = true;
        }
    }
}
