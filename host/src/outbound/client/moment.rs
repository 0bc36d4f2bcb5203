//! Ages that hold across a freeze of the process.

use std::time::{Duration, Instant, SystemTime};

/// A point in time, by the monotonic and by the wall clock.
///
/// Lambda freezes the process between invocations. Whether the monotonic clock runs meanwhile depends on the
/// environment, and the wall clock may be set; so an age is the larger of the two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// Returns the time from `self` to `later`. A clock that went backwards counts as one that stood still.
    pub(super) fn until(self, later: Self) -> Duration {
        let monotonic = later.monotonic.saturating_duration_since(self.monotonic);
        let wall = later.wall.duration_since(self.wall).unwrap_or_default();
        monotonic.max(wall)
    }
}

/// Returns the time of day for signatures and what is compared with them.
pub(super) fn wall_clock() -> SystemTime {
    #[cfg(feature = "rehearsal")]
    if let Some(time) = crate::rehearsal::clock::since_epoch() {
        return std::time::UNIX_EPOCH + time;
    }
    SystemTime::now()
}

#[cfg(test)]
impl Moment {
    /// Returns the moment at which each clock has advanced by so much.
    pub(super) fn after(self, monotonic: Duration, wall: Duration) -> Self {
        Self {
            monotonic: self.monotonic + monotonic,
            wall: self.wall + wall,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_that_of_the_clock_that_ran() {
        const SECOND: Duration = Duration::from_secs(1);
        let then = Moment::now();
        for (monotonic, wall) in [(0, 9), (9, 0), (9, 3), (9, 9)] {
            let now = then.after(monotonic * SECOND, wall * SECOND);
            assert_eq!(then.until(now), 9 * SECOND, "{monotonic} {wall}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_make_a_connection_young() {
        let second = Duration::from_secs(1);
        let now = Moment::now();
        let then = Moment {
            monotonic: now.monotonic.checked_sub(second).unwrap(),
            wall: now.wall + 3600 * second,
        };
        assert_eq!(then.until(now), second);
        assert_eq!(now.until(now), Duration::ZERO);
    }
}
