//! Creates the engine that a component is loaded into.

use std::sync::Arc;

use artifact::{Flavour, MemoryInit};
use wasmtime::{Config, Engine};

use super::config::config_with_stack;
use crate::instance_memory::{Memories, Stacks};

/// Instances per worker: the running one, and the one prepared for the next invocation.
const INSTANCES_PER_WORKER: usize = 2;

/// The parameters of an engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engines {
    /// Concurrent invocations.
    pub(crate) workers: usize,
    /// Size of a guest's stack, in bytes.
    pub(crate) stack_bytes: usize,
}

impl Engines {
    /// Creates the engine for machine code of this flavour.
    ///
    /// # Errors
    ///
    /// When Wasmtime refuses the settings.
    pub(super) fn engine(self, flavour: Flavour) -> wasmtime::Result<Engine> {
        let mut config = config_with_stack(flavour, self.stack_bytes);
        self.recycle(&mut config, flavour.memory_init);
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
