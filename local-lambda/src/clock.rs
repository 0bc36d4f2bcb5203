//! Lambda's clock, which may run faster here than the wall clock.

use std::time::Duration;

/// Seconds on Lambda's clock per real second. All of Lambda's limits are in seconds of its own clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Clock(u32);

impl Default for Clock {
    fn default() -> Self {
        Self(1)
    }
}

impl Clock {
    /// The largest scale.
    pub const FASTEST: u32 = 10_000;

    /// Returns a clock that runs `scale` times as fast as real time. `None` if `scale` is 0 or larger
    /// than [`FASTEST`](Self::FASTEST).
    #[must_use]
    pub fn scaled(scale: u32) -> Option<Self> {
        (1..=Self::FASTEST).contains(&scale).then_some(Self(scale))
    }

    /// Converts a duration on Lambda's clock to real time.
    pub(crate) fn real(self, lambda: Duration) -> Duration {
        lambda / self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_clock_shortens_times() {
        let clock = Clock::scaled(60).unwrap();

        assert_eq!(
            clock.real(Duration::from_secs(900)),
            Duration::from_secs(15)
        );
        for wrong in [0, 10_001] {
            assert_eq!(Clock::scaled(wrong), None, "{wrong}");
        }
    }
}
