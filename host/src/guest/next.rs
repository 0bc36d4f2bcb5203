//! The instance for the next invocation.
//!
//! It is prepared while the worker completes the last response and polls for the next event, so that it is
//! ready when the event arrives. It knows nothing of any invocation until it is taken.

use super::handler::Handler;
use super::instance::{Instance, NotAhead};
use super::removal::Removals;
use super::run::Completed;
use crate::instance_memory::HotPages;
use crate::invocation::Invocation;

/// The source of instances for one guest task.
pub(super) struct NextInstance {
    waiting: Option<Instance>,
    /// An instance that has served, and may serve again.
    kept: Option<Instance>,
    ahead: Ahead,
    removals: Removals,
    hot_pages: HotPages,
}

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
            waiting: None,
            kept: None,
            ahead: Ahead::default(),
            removals: Removals::default(),
            hot_pages: HotPages::new(handler.has_hot_pages),
        }
    }

    /// Prepares an instance, unless the component does not allow it. May be cancelled.
    pub(super) async fn prepare(&mut self, handler: &Handler) {
        let is_possible = matches!(self.ahead, Ahead::Possible);
        if !is_possible || self.waiting.is_some() || self.kept.is_some() {
            return;
        }
        self.ahead = Ahead::Cancelled;
        // After a failure, the invocation instantiates again and reports what is wrong.
        self.ahead = match Instance::prepare(handler).await {
            Ok(instance) => {
                self.hot_pages.prefault();
                self.waiting = Some(instance);
                Ahead::Possible
            }
            Err(NotAhead) => Ahead::Impossible,
        };
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

    /// Returns the instance for an invocation: a kept one that may serve it, the prepared one, or a new
    /// one.
    pub(super) fn take(&mut self, handler: &Handler, invocation: &Invocation) -> Instance {
        let reuse = handler.config.reuse;
        match self.kept.take() {
            Some(kept) if kept.life.may_serve(invocation, reuse) => return kept,
            Some(kept) => self.end(kept),
            None => {}
        }
        let waiting = self.waiting.take();
        waiting.unwrap_or_else(|| Instance::new(handler))
    }

    /// Waits until nothing is left of the files of earlier instances, so that at most one instance at a time
    /// takes space in `/tmp`. May be cancelled and called again.
    pub(super) async fn others_removed(&mut self) {
        self.removals.finished().await;
    }

    /// Drops all instances, with their files.
    pub(super) async fn finish(mut self) {
        for instance in [self.waiting.take(), self.kept.take()]
            .into_iter()
            .flatten()
        {
            self.end(instance);
        }
        self.removals.finished().await;
    }

    fn end(&mut self, instance: Instance) {
        if let Some(tmp) = instance.end() {
            self.removals.start(tmp);
        }
    }
}
