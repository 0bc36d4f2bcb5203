//! The instance that waits for the next invocation.
//!
//! It is made while Lambda is told of the last answer and asked for the next event, so that the
//! event finds it ready. It knows nothing of any invocation until it is taken.

use super::handler::Handler;
use super::instance::Instance;
use crate::invocation::Invocation;

/// Where the next invocation of one guest task gets its instance from.
#[derive(Default)]
pub(super) struct NextInstance {
    waiting: Option<Instance>,
    /// It has served, and may serve again.
    kept: Option<Instance>,
    /// The component has to be instantiated with its invocation; trying again would cost every
    /// invocation twice.
    not_ahead: bool,
}

impl NextInstance {
    /// Makes an instance ready, unless the component does not allow it.
    pub(super) async fn prepare(&mut self, handler: &Handler) {
        if self.not_ahead || self.waiting.is_some() || self.kept.is_some() {
            return;
        }
        // Until it has succeeded: one that computes for too long is given up.
        self.not_ahead = true;
        // After a failure the invocation sees for itself what is wrong, and reports it.
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

    /// The instance for an invocation: the one that was kept if it may serve it, the one that waits,
    /// or a new one.
    pub(super) fn take(&mut self, handler: &Handler, invocation: &Invocation) -> Instance {
        let reuse = handler.config.reuse;
        // One that may not serve this invocation is dropped, and serves no other.
        let kept = self.kept.take();
        kept.filter(|kept| kept.life.may_serve(invocation, reuse))
            .or_else(|| self.waiting.take())
            .unwrap_or_else(|| Instance::new(handler))
    }
}
