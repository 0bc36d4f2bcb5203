//! The guests of a worker without Lambda, for benchmarks.

use std::sync::Arc;

use super::handler::Handler;
use super::instance::Instance;
use super::interrupt::Interrupt;
use super::next::NextInstance;
use super::run::{Invoke, run};
use crate::invocation::Invocation;
use crate::response::ResponseWriter;

/// A handler, and the instance that waits for its next invocation.
pub struct Guest {
    handler: Arc<Handler>,
    next: NextInstance,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest")
            .field("handler", &self.handler)
            .finish_non_exhaustive()
    }
}

impl Guest {
    /// A guest without an instance.
    pub(crate) fn new(handler: Handler) -> Self {
        let next = NextInstance::new(&handler);
        Self {
            handler: Arc::new(handler),
            next,
        }
    }

    /// Prepares an instance for an invocation, and drops it.
    ///
    /// # Errors
    ///
    /// When the handler cannot be instantiated ahead of its invocation.
    pub async fn instantiate(&self) -> anyhow::Result<()> {
        let instance = Instance::prepare(&self.handler).await;
        let instance = instance.map_err(|_| anyhow::anyhow!("not ahead of an invocation"))?;
        drop(instance);
        Ok(())
    }

    /// Prepares an instance, runs the handler in it, and drops it. Read the response concurrently.
    ///
    /// # Errors
    ///
    /// When the handler has failed.
    pub async fn invoke(
        &mut self,
        invocation: Arc<Invocation>,
        response: ResponseWriter,
    ) -> anyhow::Result<()> {
        self.next.prepare(&self.handler).await;
        let instance = self.next.take(&self.handler, &invocation);
        let invoke = Invoke {
            invocation,
            response,
            interrupt: Interrupt::new(),
        };
        let ended = run(&self.handler, instance, invoke).await;
        let report = ended.report;
        anyhow::ensure!(
            report.is_none() && ended.completed.returned,
            "the handler has failed: {report:?}"
        );
        Ok(())
    }
}
