//! Engines whose instances take their memories, tables and stacks from a pool.
//!
//! Mapping and unmapping those for each invocation costs more than most handlers do. A pool resets
//! what an instance has used and hands it to the next. It is made for what a handler's component
//! usually is; one that does not fit is run without a pool.

use std::sync::OnceLock;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::config::config_with_stack;

/// Instances at once for each invocation at once: the one that runs, and one to spare.
const INSTANCES_PER_WORKER: usize = 2;

/// Linear memories of a component in the pool. Toolchains make one; each takes 4 GiB of address
/// space, if not of memory.
const MEMORIES_PER_INSTANCE: usize = 2;

/// Bytes of a table that are reset by writing them rather than given back to the kernel. Tables of
/// toolchains fit.
const RESIDENT_TABLE_BYTES: usize = 16 * 1024;

/// The same of a stack: deeper than handlers and the host functions they call usually get.
const RESIDENT_STACK_BYTES: usize = 32 * 1024;

/// Bytes of the engine's own record of an instance. They are not taken from the pool.
const INSTANCE_RECORD_LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// No linear memory is larger: 4 GiB, what 32 bits address.
const MEMORY_LIMIT_BYTES: usize = 1 << 32;

/// How much there is to run in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    /// Invocations at once.
    pub(crate) workers: usize,
    /// Of a guest's stack, in bytes.
    pub(crate) stack_bytes: usize,
    /// Of one linear memory, in bytes.
    pub(crate) memory_bytes: usize,
    /// Core instances of a component.
    pub(crate) instances: usize,
    /// Tables of a component.
    pub(crate) tables: usize,
    /// Elements of one table.
    pub(crate) table_elements: usize,
}

/// The engines a component may be loaded into.
#[derive(Debug)]
pub(crate) struct Engines {
    capacity: Capacity,
    /// `None` where there is too little address space for it.
    pooled: Option<Engine>,
    on_demand: OnceLock<Engine>,
}

impl Engines {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self {
            pooled: Engine::new(&pooled(&capacity))
                .inspect_err(|error| tracing::debug!("there is no pool of instances: {error:#}"))
                .ok(),
            on_demand: OnceLock::new(),
            capacity,
        }
    }

    /// Loads a component with `load` into the engine that suits it: the one with a pool, unless the
    /// component does not fit in there.
    pub(super) fn load<T>(
        &self,
        load: impl Fn(&Engine) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        match self.pooled.as_ref().map(&load) {
            Some(Ok(loaded)) => return Ok(loaded),
            Some(Err(error)) => tracing::debug!("loaded without a pool: {error:#}"),
            None => {}
        }
        load(self.on_demand()?)
    }

    fn on_demand(&self) -> wasmtime::Result<&Engine> {
        if let Some(engine) = self.on_demand.get() {
            return Ok(engine);
        }
        let engine = Engine::new(&config_with_stack(self.capacity.stack_bytes))?;
        Ok(self.on_demand.get_or_init(|| engine))
    }
}

fn pooled(capacity: &Capacity) -> Config {
    let mut config = config_with_stack(capacity.stack_bytes);
    config.async_stack_zeroing(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(capacity)));
    config
}

fn pool(capacity: &Capacity) -> PoolingAllocationConfig {
    let each = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let instances = capacity.workers.saturating_mul(INSTANCES_PER_WORKER);
    let all = |count: usize| each(instances.saturating_mul(count));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(each(instances))
        .total_stacks(each(instances))
        .total_core_instances(all(capacity.instances))
        .total_memories(all(MEMORIES_PER_INSTANCE))
        .total_tables(all(capacity.tables))
        .max_core_instances_per_component(each(capacity.instances))
        .max_memories_per_component(each(MEMORIES_PER_INSTANCE))
        .max_memories_per_module(each(MEMORIES_PER_INSTANCE))
        .max_tables_per_component(each(capacity.tables))
        .max_tables_per_module(each(capacity.tables))
        .table_elements(capacity.table_elements)
        .max_memory_size(capacity.memory_bytes.min(MEMORY_LIMIT_BYTES))
        .max_component_instance_size(INSTANCE_RECORD_LIMIT_BYTES)
        .max_core_instance_size(INSTANCE_RECORD_LIMIT_BYTES)
        .table_keep_resident(RESIDENT_TABLE_BYTES)
        .async_stack_keep_resident(RESIDENT_STACK_BYTES);
    // Memories are given back whole. Wasmtime could reset the pages that `PAGEMAP_SCAN` names and save
    // their faults, but what the kernel is moving or has swapped out at that moment is not among them,
    // and would reach the next instance.
    pool
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn capacity(workers: usize) -> Capacity {
        Capacity {
            workers,
            stack_bytes: 512 * 1024,
            memory_bytes: 64 * 1024 * 1024,
            instances: 8,
            tables: 8,
            table_elements: 1000,
        }
    }

    /// Says of each engine in turn whether the component fits.
    fn load(engines: &Engines, fits: [bool; 2]) -> (usize, Result<(), String>) {
        let tries = Cell::new(0);
        let loaded = engines.load(|_| {
            let number = tries.replace(tries.get() + 1);
            if fits[number] {
                Ok(())
            } else {
                Err(wasmtime::Error::msg(format!("refused {number}")))
            }
        });
        (tries.get(), loaded.map_err(|error| error.to_string()))
    }

    #[test]
    fn a_component_that_does_not_fit_the_pool_is_loaded_without() {
        let engines = Engines::new(capacity(1));
        assert_eq!(load(&engines, [true, false]), (1, Ok(())));
        assert_eq!(load(&engines, [false, true]), (2, Ok(())));
        let refused = Err("refused 1".to_owned());
        assert_eq!(load(&engines, [false, false]), (2, refused));
    }

    #[test]
    fn where_no_pool_fits_there_is_an_engine_nevertheless() {
        let engines = Engines::new(capacity(1_000_000));
        assert!(engines.pooled.is_none());
        assert_eq!(load(&engines, [true, false]), (1, Ok(())));
    }

    #[test]
    fn the_pool_has_room_for_as_many_invocations_as_lambda_sends() {
        let largest = Capacity {
            memory_bytes: MEMORY_LIMIT_BYTES,
            instances: 64,
            tables: 64,
            table_elements: 1024 * 1024,
            ..capacity(1000)
        };
        assert!(Engines::new(largest).pooled.is_some());
    }
}
