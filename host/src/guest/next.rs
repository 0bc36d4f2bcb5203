//! The instance for the next invocation.
//!
//! It is prepared while the worker completes the last response and polls for the next event, so that it is
//! ready when the event arrives. It knows nothing of any invocation until it is taken.

use super::handler::Handler;
use super::instance::Instance;
use crate::invocation::Invocation;

/// The source of instances for one guest task.
#[derive(Default)]
pub(super) struct NextInstance {
    waiting: Option<Instance>,
    /// An instance that has served, and may serve again.
    kept: Option<Instance>,
    /// The component has to be instantiated with its invocation. Another attempt would double the cost
    /// of every invocation.
    not_ahead: bool,
}

impl NextInstance {
    /// Prepares an instance, unless the component does not allow it.
    pub(super) async fn prepare(&mut self, handler: &Handler) {
        if self.not_ahead || self.waiting.is_some() || self.kept.is_some() {
            return;
        }
        // Until it succeeds: the attempt is cancelled if instantiation computes for too long.
        self.not_ahead = true;
        // After a failure, the invocation instantiates again and reports what is wrong.
        if let Ok(instance) = Instance::prepare(handler).await {
            self.waiting = Some(instance);
            self.not_ahead = false;
        }
    }

    /// Keeps an instance that has served, if it may serve again.
    pub(super) fn keep(&mut self, handler: &Handler, mut instance: Instance) {
        if instance.life.may_serve_more(handler.config.reuse) {
            instance.rest();
            self.kept = Some(instance);
        }
    }

    /// Returns the instance for an invocation: a kept one that may serve it, the prepared one, or a new
    /// one.
    pub(super) fn take(&mut self, handler: &Handler, invocation: &Invocation) -> Instance {
        let reuse = handler.config.reuse;
        // A kept instance that may not serve this invocation is dropped for good.
        let kept = self.kept.take();
        kept.filter(|kept| kept.life.may_serve(invocation, reuse))
            .or_else(|| self.waiting.take())
            .unwrap_or_else(|| Instance::new(handler))
    }
}
