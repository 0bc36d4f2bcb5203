//! When an instance may serve another invocation.
//!
//! By default never. An instance whose start is costly may be reused by the same tenant, up to a number of
//! invocations and an age; never after it trapped or was stopped, because its state is then unknown.

use std::time::{Duration, Instant};

use crate::invocation::Invocation;

/// The settings of reuse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reuse {
    /// Most invocations that an instance serves.
    pub(crate) invocations: u64,
    /// Age from which on an instance serves no further invocation.
    pub(crate) age: Duration,
}

impl Reuse {
    pub(super) fn is_on(self) -> bool {
        self.invocations > 1
    }
}

/// The invocations that an instance has served.
#[derive(Debug)]
pub(super) struct Life {
    born: Instant,
    served: u64,
    /// The tenant of the first invocation, and so of all.
    tenant: Option<String>,
}

impl Life {
    pub(super) fn new() -> Self {
        Self {
            born: Instant::now(),
            served: 0,
            tenant: None,
        }
    }

    /// Records that the instance serves this invocation.
    pub(super) fn serve(&mut self, invocation: &Invocation) {
        self.served += 1;
        self.tenant.clone_from(&invocation.tenant_id);
    }

    /// Whether the instance may serve this invocation.
    pub(super) fn may_serve(&self, invocation: &Invocation, reuse: Reuse) -> bool {
        self.may_serve_more(reuse) && self.tenant == invocation.tenant_id
    }

    /// Whether the instance may serve any further invocation.
    pub(super) fn may_serve_more(&self, reuse: Reuse) -> bool {
        self.served < reuse.invocations && self.born.elapsed() < reuse.age
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn of(tenant: Option<&str>) -> Invocation {
        Invocation {
            tenant_id: tenant.map(ToOwned::to_owned),
            ..Invocation::new("r", Bytes::new())
        }
    }

    fn reuse(invocations: u64) -> Reuse {
        Reuse {
            invocations,
            age: Duration::from_secs(60),
        }
    }

    #[test]
    fn an_instance_serves_one_tenant_only() {
        for (first, second, served) in [
            (None, None, true),
            (Some("a"), Some("a"), true),
            (Some("a"), Some("b"), false),
            (Some("a"), None, false),
            (None, Some("a"), false),
        ] {
            let mut life = Life::new();
            life.serve(&of(first));
            assert_eq!(life.may_serve(&of(second), reuse(9)), served);
        }
    }

    #[test]
    fn an_instance_serves_so_many_and_for_so_long() {
        let mut life = Life::new();
        life.serve(&of(None));
        assert!(!life.may_serve(&of(None), reuse(1)));
        assert!(life.may_serve(&of(None), reuse(2)));
        let expired = Reuse {
            invocations: 9,
            age: Duration::ZERO,
        };
        assert!(!life.may_serve(&of(None), expired));
    }
}
