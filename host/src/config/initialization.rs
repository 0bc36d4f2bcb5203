//! Why Lambda starts a process, which decides what a start should do ahead.

use super::vars::{INITIALIZATION_TYPE, Vars};

/// Why Lambda starts a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Initialization {
    /// For an invocation that waits for it. Also for values that this release does not know.
    OnDemand,
    /// Ahead of invocations: provisioned concurrency, or Managed Instances.
    Ahead,
    /// For a snapshot, from which other processes are restored.
    SnapStart,
}

impl Initialization {
    pub(super) fn read(vars: &dyn Vars) -> Self {
        match vars.get(INITIALIZATION_TYPE).as_deref() {
            Some("snap-start") => Self::SnapStart,
            Some("provisioned-concurrency" | "lambda-managed-instances") => Self::Ahead,
            _ => Self::OnDemand,
        }
    }
}
