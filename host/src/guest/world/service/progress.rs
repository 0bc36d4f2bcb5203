//! How far the parts of a body have come: its bytes, and its trailers. The response ends with the second of them,
//! whatever the guest does after that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::broken::Broken;
use super::outlet::Outlet;

type End = Result<(), Broken>;

/// How far the parts of a body have come.
#[derive(Clone)]
pub(super) struct Progress {
    outlet: Arc<Outlet>,
    parts: Arc<Mutex<Parts>>,
}

#[derive(Default)]
struct Parts {
    bytes: Part,
    trailers: Part,
    /// Both parts together.
    whole: Part,
    waiting: Option<Waker>,
}

#[derive(Default)]
enum Part {
    #[default]
    Open,
    Ended(End),
}

impl Progress {
    pub(super) fn new(outlet: Arc<Outlet>) -> Self {
        Self {
            outlet,
            parts: Arc::default(),
        }
    }

    pub(super) fn bytes_ended(&self, end: End) {
        self.change(|parts| parts.bytes.end(end));
    }

    pub(super) fn trailers_ended(&self, end: End) {
        self.change(|parts| parts.trailers.end(end));
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.lock();
        change(&mut parts);
        if let Some(end) = parts.end() {
            parts.whole.end(end.and_then(|()| self.outlet.finish()));
        }
        let waiting = parts.waiting.take();
        drop(parts);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Ready when the response has ended.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<End> {
        let mut parts = self.lock();
        match parts.whole.take() {
            Some(end) => Poll::Ready(end),
            None => {
                parts.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        // Nothing panics while it holds the lock.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    /// The end of the whole, once: when both parts have ended, or the bytes have ended badly. Bytes before bad
    /// trailers count.
    fn end(&mut self) -> Option<End> {
        match (&self.whole, &self.bytes, &self.trailers) {
            (Part::Ended(_), _, _) => None,
            (_, Part::Ended(Err(_)), _) => self.bytes.take(),
            (_, Part::Ended(Ok(())), Part::Ended(_)) => self.trailers.take(),
            (_, Part::Open, _) | (_, _, Part::Open) => None,
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

    /// Takes the end. What is left is a good one.
    fn take(&mut self) -> Option<End> {
        match self {
            Self::Open => None,
            Self::Ended(end) => Some(std::mem::replace(end, Ok(()))),
        }
    }
}
