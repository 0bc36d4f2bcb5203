//! The engines a component may be loaded into.

use std::sync::Arc;

use wasmtime::{Config, Engine};

use super::config::{FirstContent, config_with_stack};
use super::memory::{Memories, Stacks};

/// Instances at once for each invocation at once: the one that runs, and the one that waits for the next.
const INSTANCES_PER_WORKER: usize = 2;

/// How much there is to run in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engines {
    /// Invocations at once.
    pub(crate) workers: usize,
    /// Of a guest's stack, in bytes.
    pub(crate) stack_bytes: usize,
}

impl Engines {
    /// Loads a component with `load` into the engine that it was compiled for.
    ///
    /// # Errors
    ///
    /// When it was compiled for neither.
    pub(super) fn load<T>(
        self,
        load: impl Fn(&Engine) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        match load(&self.engine(FirstContent::Copied)?) {
            Ok(loaded) => Ok(loaded),
            Err(error) => {
                tracing::debug!("not for memories that are used again: {error:#}");
                load(&self.engine(FirstContent::Mapped)?)
            }
        }
    }

    fn engine(self, content: FirstContent) -> wasmtime::Result<Engine> {
        let mut config = config_with_stack(content, self.stack_bytes);
        self.recycle(&mut config, content);
        Engine::new(&config)
    }

    fn recycle(self, config: &mut Config, content: FirstContent) {
        let idle = self.workers.saturating_mul(INSTANCES_PER_WORKER);
        config.with_host_stack(Arc::new(Stacks::new(idle)));
        if content == FirstContent::Copied {
            config.with_host_memory(Arc::new(Memories::new(idle)));
        }
    }
}
