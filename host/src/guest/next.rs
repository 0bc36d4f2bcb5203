//! The instance for the next invocation.
//!
//! It is prepared while the worker polls for the next event, so that it is ready when the event arrives. It knows
//! nothing of any invocation until it is taken.

use std::pin::Pin;
use std::sync::Arc;

use super::handler::Handler;
use super::instance::{Instance, NotAhead};
use super::removal::Removals;
use super::run::Completed;
use crate::instance_memory::HotPages;
use crate::invocation::Invocation;

/// The source of instances for one worker.
pub(super) struct NextInstance {
    preparing: Option<Preparing>,
    /// An instance that has served, and may serve again.
    kept: Option<Instance>,
    ahead: Ahead,
    removals: Removals,
    hot_pages: HotPages,
}

type Preparing = Pin<Box<dyn Future<Output = Result<Instance, NotAhead>> + Send>>;

/// Whether the component can be instantiated ahead of its invocation.
#[derive(Default)]
enum Ahead {
    #[default]
    Possible,
    /// The last attempt was cancelled. It may have computed forever, so the next one waits until an invocation
    /// has shown that it does not.
    Cancelled,
    /// The component has to be instantiated with its invocation. Another attempt would double the cost of
    /// every invocation.
    Impossible,
}

impl NextInstance {
    pub(super) fn new(handler: &Handler) -> Self {
        Self {
            preparing: None,
            kept: None,
            ahead: Ahead::default(),
            removals: Removals::default(),
            hot_pages: HotPages::new(handler.has_hot_pages),
        }
    }

    /// Prepares an instance, unless enough wait or the component does not allow it. May be cancelled, and called again
    /// to go on.
    pub(super) async fn prepare(&mut self, handler: &Arc<Handler>) {
        if self.preparing.is_none() && self.is_wanted(handler) {
            let handler = Arc::clone(handler);
            let preparing = async move { Instance::prepare(&handler).await };
            self.preparing = Some(Box::pin(preparing));
        }
        let Some(preparing) = &mut self.preparing else {
            return;
        };
        // After a failure, the invocation instantiates again and reports what is wrong.
        match preparing.await {
            Ok(instance) => {
                self.hot_pages.prefault();
                handler.ready.put(instance);
            }
            Err(NotAhead) => self.ahead = Ahead::Impossible,
        }
        self.preparing = None;
    }

    fn is_wanted(&self, handler: &Handler) -> bool {
        matches!(self.ahead, Ahead::Possible) && self.kept.is_none() && !handler.ready.are_enough()
    }

    /// Ends an attempt that takes too long.
    pub(super) fn give_up(&mut self) {
        if self.preparing.take().is_some() {
            self.ahead = Ahead::Cancelled;
        }
    }

    /// Keeps an instance whose invocation has ended, if it may serve again, and drops it otherwise.
    pub(super) fn keep(&mut self, handler: &Handler, completed: Completed) {
        let Completed {
            mut instance,
            returned,
        } = completed;
        self.hot_pages.record();
        if returned && matches!(self.ahead, Ahead::Cancelled) {
            self.ahead = Ahead::Possible;
        }
        if returned && instance.life.may_serve_more(handler.config.reuse) {
            instance.rest();
            self.kept = Some(instance);
        } else {
            self.end(instance);
        }
    }

    /// Returns the instance for an invocation: a kept one that may serve it, a prepared one, or a new
    /// one.
    pub(super) fn take(&mut self, handler: &Handler, invocation: &Invocation) -> Instance {
        let reuse = handler.config.reuse;
        match self.kept.take() {
            Some(kept) if kept.life.may_serve(invocation, reuse) => return kept,
            Some(kept) => self.end(kept),
            None => {}
        }
        let ready = handler.ready.take();
        ready.unwrap_or_else(|| Instance::new(handler))
    }

    /// Waits until nothing is left of the files of earlier instances, so that at most one instance at a time
    /// takes space in `/tmp`. May be cancelled and called again.
    pub(super) async fn others_removed(&mut self) {
        self.removals.finished().await;
    }

    /// Drops the instance that has served, with its files.
    pub(super) async fn finish(mut self) {
        if let Some(kept) = self.kept.take() {
            self.end(kept);
        }
        self.removals.finished().await;
    }

    fn end(&mut self, instance: Instance) {
        if let Some(tmp) = instance.end() {
            self.removals.start(tmp);
        }
    }
}
