//! Lambda's clock, which may run faster here than on the wall.

use std::str::FromStr;
use std::time::Duration;

/// How many of Lambda's seconds pass in one of ours. Every limit of Lambda's is in its own seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Clock(u32);

impl Default for Clock {
    fn default() -> Self {
        Self(1)
    }
}

impl Clock {
    /// How long a time of Lambda's takes here.
    pub(crate) fn real(self, lambda: Duration) -> Duration {
        lambda / self.0
    }

    /// A rate in bytes per second of Lambda's, in bytes per second of ours.
    pub(crate) fn real_rate(self, per_second: usize) -> usize {
        per_second.saturating_mul(usize::try_from(self.0).unwrap_or(usize::MAX))
    }
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FASTEST: u32 = 10_000;
        text.parse()
            .ok()
            .filter(|scale| (1..=FASTEST).contains(scale))
            .map(Self)
            .ok_or_else(|| format!("write a whole number from 1 to {FASTEST}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faster_clock_shortens_times_and_lifts_rates() {
        let clock: Clock = "60".parse().unwrap();

        assert_eq!(
            clock.real(Duration::from_secs(900)),
            Duration::from_secs(15)
        );
        assert_eq!(clock.real_rate(2), 120);
        assert_eq!(Clock::default().real_rate(2), 2);
        for wrong in ["0", "1.5", "-1", "10001", ""] {
            assert!(wrong.parse::<Clock>().is_err(), "{wrong}");
        }
    }
}
