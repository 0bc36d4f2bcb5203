//! The limits on idle connections.

use std::time::Duration;

/// Longest life of a connection, in seconds. A change in DNS takes effect within it.
pub(crate) const LIFE_SECONDS: u64 = 300;

/// Most idle connections to one destination, for one invocation at a time.
const LEAST_PER_DESTINATION: usize = 2;
/// Most idle connections of the process, for one invocation at a time.
const LEAST_IN_ALL: usize = 16;

/// Most connections that are opened ahead: what every process keeps.
pub(crate) const MOST_WARM: usize = LEAST_IN_ALL;

/// What a setting that opens connections ahead may have without keep-alive.
pub(crate) const NO_KEEP_ALIVE: &str =
    "nothing while `outbound.keep-alive-s` is 0: no connection is kept for a request";

/// Most idle connections of the process. An environment has 1,024 file descriptors, and each concurrent
/// invocation needs one for the Runtime API and one for each request.
const MOST_IN_ALL: usize = 256;

/// The limits on idle connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepAlive {
    /// How long a connection may be idle. Zero keeps none.
    pub(super) idle: Duration,
    pub(super) per_destination: usize,
    pub(super) in_all: usize,
}

impl KeepAlive {
    /// Returns the limits for a process that serves `concurrency` invocations at once.
    pub(crate) fn new(idle: Duration, concurrency: usize) -> Self {
        Self {
            idle,
            per_destination: concurrency.clamp(LEAST_PER_DESTINATION, MOST_IN_ALL),
            in_all: concurrency.clamp(LEAST_IN_ALL, MOST_IN_ALL),
        }
    }

    pub(crate) fn is_on(self) -> bool {
        !self.idle.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_invocations_keep_more() {
        for (concurrency, per_destination, in_all) in
            [(1, 2, 16), (8, 8, 16), (100, 100, 100), (1000, 256, 256)]
        {
            let limits = KeepAlive::new(Duration::from_secs(1), concurrency);
            assert_eq!(limits.per_destination, per_destination, "{concurrency}");
            assert_eq!(limits.in_all, in_all, "{concurrency}");
        }
    }
}
