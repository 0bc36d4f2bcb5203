//! The guests of one worker, one after another.
//!
//! They run in the worker's own task. A task of their own would be woken, and could move to another thread, for each
//! invocation.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::handler::Handler;
use super::next::NextInstance;
use super::run::{Completed, Ended, Invoke, run};
use crate::executor::GuestRun;

/// The handler, and the instance for the next invocation.
pub(crate) struct Guests {
    handler: Arc<Handler>,
    next: NextInstance,
}

/// What ran a guest has panicked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

impl std::fmt::Debug for Guests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guests")
            .field("handler", &self.handler)
            .finish_non_exhaustive()
    }
}

impl Guests {
    pub(crate) fn new(handler: Arc<Handler>) -> Self {
        let next = NextInstance::new(&handler);
        Self { handler, next }
    }

    /// Prepares the next instance. May be cancelled, and called again to go on.
    pub(crate) async fn prepare(&mut self) {
        self.next.prepare(&self.handler).await;
    }

    /// Prepares the next instance, unless that computes for long or waits; then [`prepare`](Self::prepare) goes on.
    pub(crate) async fn prepare_if_quick(&mut self) {
        tokio::select! {
            biased;
            () = self.prepare() => {}
            () = std::future::ready(()) => {}
        }
    }

    /// Returns the run of the handler for `invoke`, once it can start.
    pub(crate) async fn start(&mut self, invoke: Invoke) -> GuestRun<Result<Ended, Panicked>> {
        tokio::select! {
            biased;
            () = self.until_ready() => {}
            _ = invoke.interrupt.raised() => self.next.give_up(),
        }
        let handler = Arc::clone(&self.handler);
        let instance = self.next.take(&handler, &invoke.invocation);
        // Allocated now, because a worker that waits for an event needs no room for it.
        GuestRun::new(caught(async move { run(&handler, instance, invoke).await }))
    }

    /// Waits until an instance is prepared, and nothing is left of the files of earlier ones.
    async fn until_ready(&mut self) {
        if self.handler.ready.is_empty() {
            self.next.prepare(&self.handler).await;
        }
        self.next.others_removed().await;
    }

    /// Keeps the instance of a guest that has ended, or clears its memory.
    pub(crate) fn keep(&mut self, completed: Completed) {
        self.next.keep(&self.handler, completed);
    }

    /// Drops all instances, and waits until their files are removed.
    pub(crate) async fn finish(self) {
        self.next.finish().await;
    }
}

/// Runs a guest up to its end, or to a panic of the host on its behalf: the response then tells that it failed, where a
/// panic unwinds.
async fn caught<T>(guest: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut guest = pin!(guest);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| guest.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(Err(Panicked)), |polled| polled.map(Ok))
    })
    .await
}
