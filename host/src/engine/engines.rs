//! Makes the engine that a component is loaded into.

use std::sync::Arc;

use artifact::MemoryInit;
use wasmtime::{Config, Engine};

use super::config::config_with_stack;
use crate::instance_memory::{Memories, Stacks};

/// Instances at once for each invocation at once: the one that runs, and the one that waits for the next.
const INSTANCES_PER_WORKER: usize = 2;

/// The sizes that engines are made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engines {
    /// Invocations at once.
    pub(crate) workers: usize,
    /// Of a guest's stack, in bytes.
    pub(crate) stack_bytes: usize,
}

impl Engines {
    /// Makes the engine for machine code whose memories get their first content like this.
    ///
    /// # Errors
    ///
    /// When Wasmtime does not take the settings.
    pub(super) fn engine(self, memory_init: MemoryInit) -> wasmtime::Result<Engine> {
        let mut config = config_with_stack(memory_init, self.stack_bytes);
        self.recycle(&mut config, memory_init);
        Engine::new(&config)
    }

    fn recycle(self, config: &mut Config, memory_init: MemoryInit) {
        let idle = self.workers.saturating_mul(INSTANCES_PER_WORKER);
        config.with_host_stack(Arc::new(Stacks::new(idle)));
        if memory_init == MemoryInit::Copy {
            config.with_host_memory(Arc::new(Memories::new(idle)));
        }
    }
}
