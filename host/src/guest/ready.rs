//! Instances that wait for invocations, shared by all workers of a process.
//!
//! One for each of hundreds of workers would have left the processor's cache long before its event comes, and would
//! hold memory for a worker that is idle.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::instance::Instance;

/// Most instances that wait. More events at once than that are rare, and cost no more than the others: their
/// instances are made when they come.
const LIMIT: usize = 8;

/// The instances of one handler that wait.
pub(super) struct ReadyInstances {
    waiting: Mutex<Vec<Instance>>,
    limit: usize,
}

impl ReadyInstances {
    /// Has no instance yet, and at most one for each of `workers`.
    pub(super) fn new(workers: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            limit: workers.min(LIMIT),
        }
    }

    /// Whether no more instances should wait.
    pub(super) fn are_enough(&self) -> bool {
        self.waiting().len() >= self.limit
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    pub(super) fn put(&self, instance: Instance) {
        self.waiting().push(instance);
    }

    /// Takes the one that was made last: most of it is still in the processor's cache.
    pub(super) fn take(&self) -> Option<Instance> {
        self.waiting().pop()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Instance>> {
        // Nothing panics while it holds the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
