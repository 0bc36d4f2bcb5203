//! Counts of what a process executed.

/// Instructions and allocations of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Instructions of `bootstrap` and its libraries.
    pub(crate) host: u64,
    /// Instructions of the handler.
    pub(crate) handler: u64,
    /// Allocations of `bootstrap`. `None` where they are not counted.
    pub(crate) allocations: Option<u64>,
}
