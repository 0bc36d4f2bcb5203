//! The limits of Lambda and of each service on streams.

use std::time::Duration;

use lambda_protocol::limits::LOAD_BALANCER_LIMIT_BYTES;
use tokio::time::Instant;

use super::FrontEnd;
use crate::clock::Clock;
use crate::response::{NetworkConditions, Rate};

const MIB: usize = 1024 * 1024;

/// Lambda sends the first 6 MB of a stream at once, then 2 MB a second. Its emulator counts in MiB.
pub(super) const LAMBDA_RATE: Rate = Rate {
    burst: 6 * MIB,
    per_second: 2 * MIB,
};

/// API Gateway sends the first 10 MB at once.
pub(super) const REST_RATE: Rate = Rate {
    burst: 10 * MIB,
    per_second: 2 * MIB,
};

/// Largest stream of one invocation, in bytes.
pub(super) const TOTAL_BYTES: usize = 200 * MIB;

/// Idle limit of a stream through a regional REST API.
pub(super) const REST_IDLE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// Idle limit of a stream through an edge-optimized REST API.
const EDGE_IDLE_LIMIT: Duration = Duration::from_secs(30);

/// Longest stream through a REST API.
pub(super) const REST_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How long an HTTP API waits for its integration.
pub(super) const HTTP_API_LIMIT: Duration = Duration::from_secs(30);

/// Which limits apply.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Limits {
    /// The limits of AWS.
    Aws,
    /// The limits of AWS, with an edge-optimized REST API: streams have an idle limit of 30 seconds.
    AwsEdge,
    /// No limits on streams. Events and buffered responses are still limited to Lambda's 6 MiB.
    #[default]
    Off,
}

impl Limits {
    /// Returns whether the limits of AWS apply.
    #[must_use]
    pub fn apply(self) -> bool {
        match self {
            Self::Aws | Self::AwsEdge => true,
            Self::Off => false,
        }
    }

    /// Returns the idle limit of a stream through a REST API.
    fn rest_idle(self) -> Option<Duration> {
        match self {
            Self::Aws => Some(REST_IDLE_LIMIT),
            Self::AwsEdge => Some(EDGE_IDLE_LIMIT),
            Self::Off => None,
        }
    }
}

/// Limits on every response, and faults to inject.
#[derive(Clone, Copy, Debug, Default)]
pub struct NetworkSettings {
    /// Which limits apply.
    pub limits: Limits,
    /// The clock for limits in seconds and for rates.
    pub clock: Clock,
    /// Throttles every stream to this rate, instead of that of `limits`.
    pub slow: Option<Rate>,
    /// Cuts every caller off after this many bytes.
    pub cut_after: Option<usize>,
}

impl NetworkSettings {
    /// Returns the network conditions between the function and a caller behind `front_end` or of the
    /// Invoke API.
    pub(super) fn conditions(
        self,
        front_end: Option<FrontEnd>,
        began: Instant,
    ) -> NetworkConditions {
        let limited = self.limits.apply();
        let rest = front_end == Some(FrontEnd::Rest);
        let lambda = if rest { REST_RATE } else { LAMBDA_RATE };
        let lambda = limited.then_some((lambda, self.clock));
        let slow = self.slow.map(|slow| (slow, Clock::default()));
        NetworkConditions {
            rate: slow.or(lambda),
            total: limited.then_some(TOTAL_BYTES),
            idle: self.limits.rest_idle().filter(|_| rest),
            end: (limited && rest).then(|| began + self.clock.real(REST_LIFETIME)),
            cut_after: self.cut_after,
            clock: self.clock,
        }
    }

    /// Returns how long `front_end` waits for a response to begin, or for all of it if it buffers.
    pub(super) fn wait_limit(self, front_end: FrontEnd) -> Option<Duration> {
        match front_end {
            FrontEnd::Http => self.limits.apply().then_some(HTTP_API_LIMIT),
            FrontEnd::Rest => self.limits.rest_idle(),
            FrontEnd::Url | FrontEnd::Alb | FrontEnd::AlbMulti | FrontEnd::Lattice => None,
        }
    }

    /// Largest request body and largest buffered response of `front_end`, in bytes. Lambda's own limits
    /// apply too.
    pub(super) fn body_limit(self, front_end: FrontEnd) -> Option<usize> {
        let is_limited = self.limits.apply() && front_end.is_load_balancer();
        is_limited.then_some(LOAD_BALANCER_LIMIT_BYTES)
    }
}
