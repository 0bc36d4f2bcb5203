//! A receiver of the response that reads slowly, by the fake clock.
//!
//! It takes what the guest has written piece by piece, and the next piece when it has read the last. Meanwhile the
//! buffer of the response fills, and writes of the guest wait.

use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::clock::Running;
use super::report;

/// Bytes that the receiver reads in a second, if it reads slowly.
static RATE: OnceLock<u32> = OnceLock::new();

/// Length of the prelude, which the receiver does not read.
static PRELUDE_BYTES: AtomicU64 = AtomicU64::new(0);

/// Limits the receiver to this rate, in bytes per second.
pub(super) fn set_rate(bytes_per_second: u32) {
    // A process has one receiver.
    let _ = RATE.set(bytes_per_second.max(1));
}

/// Whether the receiver reads slowly.
pub(super) fn is_slow() -> bool {
    RATE.get().is_some()
}

/// The response begins with a prelude of this length, in bytes.
pub(crate) fn set_prelude(bytes: usize) {
    PRELUDE_BYTES.store(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// A slow receiver of one response.
#[derive(Debug)]
pub(crate) struct SlowReader {
    rate: u32,
    /// Of the prelude, what was not taken.
    prelude: u64,
    /// Of the body.
    taken: u64,
    reading: Option<Reading>,
}

/// Until the last piece is read.
#[derive(Debug)]
struct Reading {
    time: Pin<Box<Sleep>>,
    _running: Option<Running>,
}

impl SlowReader {
    /// Begins with a response. `None`: its receiver takes all at once.
    pub(crate) fn begin() -> Option<Self> {
        Some(Self {
            rate: *RATE.get()?,
            prelude: PRELUDE_BYTES.load(Ordering::Relaxed),
            taken: 0,
            reading: None,
        })
    }

    /// Whether it still reads the last piece. Then it wakes the task when it has.
    pub(crate) fn is_reading(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(reading) = &mut self.reading else {
            return false;
        };
        if reading.time.as_mut().poll(cx).is_pending() {
            return true;
        }
        self.reading = None;
        false
    }

    /// It gets a piece.
    pub(crate) fn take(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let of_prelude = bytes.min(self.prelude);
        self.prelude -= of_prelude;
        let bytes = bytes - of_prelude;
        if bytes == 0 {
            return;
        }
        self.taken += bytes;
        report::took(self.taken);
        self.reading = Some(Reading {
            time: Box::pin(sleep(time_for(bytes, self.rate))),
            _running: Running::begin(),
        });
    }
}

/// How long it takes to read `bytes` at `rate` bytes per second.
fn time_for(bytes: u64, rate: u32) -> Duration {
    let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_piece_is_that_of_its_bytes() {
        assert_eq!(time_for(30_000, 30_000), Duration::from_secs(1));
        assert_eq!(time_for(1, 3), Duration::from_nanos(333_333_333));
        assert_eq!(time_for(u64::MAX, 1), Duration::from_nanos(u64::MAX));
    }
}
