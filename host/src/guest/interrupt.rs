//! Stops a guest from the outside, whether it computes or waits.

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

/// A request to stop one invocation.
#[derive(Debug)]
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
}
