//! The network conditions of one response: limits, and faults injected on purpose.

use std::num::NonZeroUsize;
use std::time::Duration;

use tokio::time::Instant;

use super::token_bucket::STEPS_PER_SECOND;
use crate::clock::Clock;

/// The conditions between the function and the caller of one response.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NetworkConditions {
    /// The bandwidth, per second of this clock.
    pub(crate) rate: Option<(Rate, Clock)>,
    /// Largest body, in bytes. A larger one fails the invocation.
    pub(crate) total: Option<usize>,
    /// Idle limit of the stream, on Lambda's clock.
    pub(crate) idle: Option<Duration>,
    /// When the service cuts the stream.
    pub(crate) end: Option<Instant>,
    /// Bytes after which the caller is cut off.
    pub(crate) cut_after: Option<usize>,
    pub(crate) clock: Clock,
}

/// A bandwidth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Bytes that pass without delay.
    pub burst: usize,
    /// Bytes per second after that.
    pub per_second: usize,
}

impl Rate {
    /// Creates a steady rate without a burst. `None` if it is 0.
    #[must_use]
    pub fn steady(per_second: NonZeroUsize) -> Self {
        Self {
            burst: per_second.get().div_ceil(STEPS_PER_SECOND),
            per_second: per_second.get(),
        }
    }
}
