//! Where the bytes of a body go, and how many of them may.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use http::{HeaderMap, StatusCode};

use super::super::http::{Length, Sink, head};
use super::broken::Broken;
use crate::event::Reply;
use crate::guest::limits::ResponseTooLarge;
use crate::guest::state::ActiveInvocation;
use crate::response::Refused;

/// The way of one body out of the guest.
pub(super) struct Outlet {
    pub(super) current: Arc<ActiveInvocation>,
    /// The status of a failure, if the answer is one.
    failure: Option<StatusCode>,
    inner: Mutex<Inner>,
}

struct Inner {
    length: Length,
    sink: Sink,
    /// Bytes of the present write that are counted and not yet taken.
    counted: usize,
}

impl Outlet {
    /// Starts the response with this head.
    ///
    /// # Errors
    ///
    /// Returns why Lambda does not take such a head.
    pub(super) fn open(
        current: &Arc<ActiveInvocation>,
        reply: Reply,
        is_head: bool,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Self, String> {
        let announced = head::content_length(headers).map_err(|invalid| invalid.to_string())?;
        let sink = Sink::new(current, reply, status);
        sink.start(reply, status, headers)?;
        let failure = matches!(sink, Sink::Report(_)).then_some(status);
        Ok(Self {
            current: Arc::clone(current),
            failure,
            inner: Mutex::new(Inner {
                length: Length::new(announced, is_head, status),
                sink,
                counted: 0,
            }),
        })
    }

    /// Accepts a write of this number of bytes. Counts them once, even if they are offered again.
    ///
    /// # Errors
    ///
    /// There are more than the response may have: by its own head, or by a limit.
    pub(super) fn accept(&self, bytes: usize) -> Result<Result<(), Broken>, ResponseTooLarge> {
        let mut inner = self.lock();
        if let Err(wrong) = inner.length.check(bytes) {
            return Ok(Err(wrong.into()));
        }
        if bytes > inner.counted {
            if self.failure.is_none() {
                self.current.count_write(bytes - inner.counted)?;
            }
            inner.counted = bytes;
        }
        Ok(Ok(()))
    }

    /// Takes the beginning of an accepted write, as far as there is room, and returns its length.
    pub(super) fn push(&self, bytes: &[u8]) -> Result<usize, Refused> {
        let mut inner = self.lock();
        let taken = inner.sink.push(bytes)?;
        inner.counted = inner.counted.saturating_sub(taken);
        inner.length.add(taken);
        Ok(taken)
    }

    /// Ready once there is room, or a write would be refused.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        self.lock().sink.poll_room(cx)
    }

    /// The end of the bytes.
    pub(super) fn bytes_ended(&self) -> Result<(), Broken> {
        Ok(self.lock().length.end()?)
    }

    /// Ends the answer, whose parts have ended well.
    pub(super) fn finish(&self) -> Result<(), Broken> {
        let mut inner = self.lock();
        if let Some(status) = self.failure {
            return Err(Broken::Status(status, inner.sink.take_report()));
        }
        let finished = inner.sink.finish();
        finished.map_err(|document| Broken::TooLarge(document.to_string()))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
