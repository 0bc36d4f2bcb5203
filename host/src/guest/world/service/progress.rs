//! How far the parts of a body have come: its bytes, and its trailers.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::broken::Broken;

type End = Result<(), Broken>;

/// How far the parts of a body have come.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Parts>>);

#[derive(Default)]
struct Parts {
    bytes: Part,
    trailers: Part,
    waiting: Option<Waker>,
}

#[derive(Default)]
enum Part {
    #[default]
    Open,
    Ended(End),
}

impl Progress {
    pub(super) fn bytes_ended(&self, end: End) {
        self.change(|parts| parts.bytes.end(end));
    }

    pub(super) fn trailers_ended(&self, end: End) {
        self.change(|parts| parts.trailers.end(end));
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        let waiting = parts.waiting.take();
        drop(parts);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Ready when both parts have ended, or the bytes have ended badly. Bytes before bad trailers count.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<End> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = match (&parts.bytes, &parts.trailers) {
            (Part::Ended(Err(_)), _) => parts.bytes.take(),
            (Part::Ended(Ok(())), Part::Ended(_)) => parts.trailers.take(),
            (Part::Open, _) | (_, Part::Open) => None,
        };
        match end {
            Some(end) => Poll::Ready(end),
            None => {
                parts.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Part {
    /// The first end counts.
    fn end(&mut self, end: End) {
        if let Self::Open = self {
            *self = Self::Ended(end);
        }
    }

    fn take(&mut self) -> Option<End> {
        match std::mem::replace(self, Self::Ended(Ok(()))) {
            Self::Open => None,
            Self::Ended(end) => Some(end),
        }
    }
}
