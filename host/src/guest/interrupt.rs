//! Stops a guest from the outside, whether it computes or waits.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use tokio::sync::watch;

/// Why a guest is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InterruptReason {
    /// The function's deadline is close.
    Deadline,
    /// The receiver of the response has been gone for a while.
    PeerGone,
    /// The execution environment is about to end.
    Shutdown,
}

/// A request to stop one invocation. Clones are the same request.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    reason: watch::Sender<Option<InterruptReason>>,
}

impl Interrupt {
    pub(crate) fn new() -> Self {
        Self {
            reason: watch::Sender::new(None),
        }
    }

    /// Asks the guest to stop; the first reason stays. A guest that computes checks for it at the
    /// next epoch, so increment the engine's epoch afterwards.
    pub(crate) fn raise(&self, reason: InterruptReason) {
        self.reason.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(reason);
            first
        });
    }

    pub(crate) fn reason(&self) -> Option<InterruptReason> {
        *self.reason.borrow()
    }

    /// Waits until the guest is asked to stop.
    pub(crate) async fn raised(&self) -> InterruptReason {
        let mut receiver = self.reason.subscribe();
        let raised = receiver.wait_for(Option::is_some).await;
        raised
            .ok()
            .and_then(|reason| *reason)
            .expect("the sender lives in `self`")
    }

    /// Waits until the guest is asked to stop while it waits. `yields` tells whether it has only yielded in its
    /// last poll: then it computes, and ends at its next check instead, with a stack trace.
    pub(crate) async fn raised_unless(&self, yields: &AtomicBool) -> InterruptReason {
        let reason = self.raised().await;
        poll_fn(|_| {
            if yields.load(Ordering::Relaxed) {
                // The yield wakes the task.
                Poll::Pending
            } else {
                Poll::Ready(reason)
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};

    use super::*;

    /// Whether a future is ready now.
    async fn is_ready<T>(mut future: impl Future<Output = T> + Unpin) -> bool {
        poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx).is_ready())).await
    }

    #[tokio::test]
    async fn a_guest_is_dropped_only_where_it_waits() {
        let interrupt = Interrupt::new();
        let yields = AtomicBool::new(false);
        let mut raised = pin!(interrupt.raised_unless(&yields));
        assert!(!is_ready(&mut raised).await);
        interrupt.raise(InterruptReason::Deadline);
        yields.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            assert!(!is_ready(&mut raised).await);
        }
        yields.store(false, Ordering::Relaxed);
        assert_eq!(raised.await, InterruptReason::Deadline);
    }
}
