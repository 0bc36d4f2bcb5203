//! Rate limiting of repeated warnings.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Limits a warning that every event would repeat.
#[derive(Debug)]
pub(crate) struct OncePerMinute {
    last: Mutex<Option<Instant>>,
}

impl OncePerMinute {
    pub(crate) const fn new() -> Self {
        Self {
            last: Mutex::new(None),
        }
    }

    /// Returns whether the last warning was a minute ago. If so, a new minute begins.
    pub(crate) fn is_due(&self) -> bool {
        const MINUTE: Duration = Duration::from_secs(60);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= MINUTE);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}
