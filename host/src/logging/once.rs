//! Warnings that would come again and again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keeps a warning that would come with every event from filling the log.
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

    /// Whether the last time is a minute ago. If so, the next minute begins now.
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
