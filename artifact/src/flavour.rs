//! The kind of engine that a component needs.

use crate::concurrency::Concurrency;
use crate::memory_init::MemoryInit;

/// The settings of an engine that differ between components. Both follow from the component alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flavour {
    /// How the memories of its instances are initialized.
    pub memory_init: MemoryInit,
    /// Whether its tasks run concurrently.
    pub concurrency: Concurrency,
}
