//! What lies between a function and its caller: Lambda's limits, and trouble made on purpose.

use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::time::Duration;

use clap::ValueEnum;
use tokio::time::{Instant, Sleep, sleep_until};

use super::clock::Clock;
use super::door::Door;

/// How often a bucket is refilled: Lambda's own step.
const STEP: Duration = Duration::from_millis(125);
const STEPS_PER_SECOND: usize = 8;

const MIB: usize = 1024 * 1024;

/// Lambda lets the first 6 MB of a stream pass, then 2 MB a second. Its emulator counts in MiB.
const LAMBDA_PACE: Rate = Rate {
    burst: 6 * MIB,
    per_second: 2 * MIB,
};

/// API Gateway lets the first 10 MB pass.
const REST_PACE: Rate = Rate {
    burst: 10 * MIB,
    per_second: 2 * MIB,
};

/// What Lambda streams at most for one invocation, in bytes.
const TOTAL_BYTES: usize = 200 * MIB;

/// How long a stream through a regional REST API may be silent.
const REST_IDLE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// How long a stream through an edge-optimized REST API may be silent.
const EDGE_IDLE_LIMIT: Duration = Duration::from_secs(30);

/// How long a stream through a REST API may take.
const REST_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How long an HTTP API waits for its integration.
const HTTP_API_LIMIT: Duration = Duration::from_secs(30);

/// What a load balancer takes as the body of a request, and as a response, in bytes.
const LOAD_BALANCER_LIMIT_BYTES: usize = MIB;

/// Whose limits hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Limits {
    /// 6 MiB at once, then 2 MiB/s (REST: 10 MiB), 200 MiB in all; a REST stream may be silent for
    /// 5 minutes and take 15, an HTTP API waits 30 seconds, a load balancer takes 1 MiB either way;
    /// request line and headers have 10,240 bytes, with a load balancer 16 KiB each and 64 KiB in all;
    /// callers beyond the concurrency are throttled
    Aws,
    /// The same, with an edge-optimized REST API: a stream may be silent for 30 seconds
    AwsEdge,
    /// As fast as it goes. Events and buffered answers have Lambda's 6 MiB all the same
    #[default]
    Off,
}

impl Limits {
    pub(crate) fn hold(self) -> bool {
        match self {
            Self::Aws | Self::AwsEdge => true,
            Self::Off => false,
        }
    }

    /// How long a stream through a REST API may be silent.
    fn rest_idle(self) -> Option<Duration> {
        match self {
            Self::Aws => Some(REST_IDLE_LIMIT),
            Self::AwsEdge => Some(EDGE_IDLE_LIMIT),
            Self::Off => None,
        }
    }
}

/// Which limits hold, and what trouble is wanted, for every answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    /// Bytes per second to slow every stream down to.
    pub(crate) slow: Option<Speed>,
    /// Bytes after which the caller is cut off.
    pub(crate) cut_after: Option<usize>,
}

impl Conditions {
    /// What lies between the function and a caller at `door`, or a direct caller.
    pub(crate) fn link(self, door: Option<Door>, began: Instant) -> Link {
        let limited = self.limits.hold();
        let rest = door == Some(Door::Rest);
        let lambda = if rest { REST_PACE } else { LAMBDA_PACE };
        let pace = Rate {
            per_second: self.clock.real_rate(lambda.per_second),
            ..lambda
        };
        Link {
            pace: self.slow.map(Speed::rate).or(limited.then_some(pace)),
            total: limited.then_some(TOTAL_BYTES),
            idle: self.limits.rest_idle().filter(|_| rest),
            end: (limited && rest).then(|| began + self.clock.real(REST_LIFETIME)),
            cut_after: self.cut_after,
            clock: self.clock,
        }
    }

    /// How long `door` waits for an answer to begin, or for all of it if it does not stream.
    pub(crate) fn patience(self, door: Door) -> Option<Duration> {
        match door {
            Door::Http => self.limits.hold().then_some(HTTP_API_LIMIT),
            Door::Rest => self.limits.rest_idle(),
            Door::Url | Door::Alb | Door::AlbMulti | Door::Lattice => None,
        }
    }

    /// What `door` takes as a body, and as a whole response, in bytes. Lambda's own limits hold
    /// beside it.
    pub(crate) fn body_limit(self, door: Door) -> Option<usize> {
        (self.limits.hold() && door.is_load_balancer()).then_some(LOAD_BALANCER_LIMIT_BYTES)
    }
}

/// The way of one answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Link {
    pub(crate) pace: Option<Rate>,
    pub(crate) total: Option<usize>,
    /// How long nothing may come, on Lambda's clock.
    pub(crate) idle: Option<Duration>,
    /// When the connection ends, whatever comes.
    pub(crate) end: Option<Instant>,
    pub(crate) cut_after: Option<usize>,
    pub(crate) clock: Clock,
}

/// A bandwidth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rate {
    pub(crate) burst: usize,
    pub(crate) per_second: usize,
}

/// Bytes per second, written `64KiB/s`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Speed(usize);

impl Speed {
    fn rate(self) -> Rate {
        Rate {
            burst: self.0.div_ceil(STEPS_PER_SECOND),
            per_second: self.0,
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let speed = parse_size(text.strip_suffix("/s").unwrap_or(text))?;
        if speed == 0 {
            return Err("nothing would ever arrive".to_owned());
        }
        Ok(Self(speed))
    }
}

/// Reads a number of bytes: `500`, `64KiB`, `2MB`.
///
/// # Errors
///
/// The text is something else.
pub(crate) fn parse_size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 6] = [
        ("KiB", 1024),
        ("MiB", MIB),
        ("kB", 1000),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("B", 1),
    ];
    let (number, unit) = UNITS
        .iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))
        .unwrap_or((text, 1));
    number
        .trim()
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "write it as 65536, 64KiB or 2MB".to_owned())
}

/// Lets bytes pass at a rate: a bucket of tokens, refilled in steps.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Rate,
    tokens: usize,
    refilled: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            refilled: Instant::now(),
            timer: None,
        }
    }

    /// Waits until something may pass, and says how many bytes.
    pub(crate) fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            self.refill();
            if self.tokens > 0 {
                self.timer = None;
                return Poll::Ready(self.tokens);
            }
            let next = self.refilled + STEP;
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(next)));
            timer.as_mut().reset(next);
            std::task::ready!(timer.as_mut().poll(cx));
        }
    }

    pub(crate) fn spend(&mut self, bytes: usize) {
        self.tokens = self.tokens.saturating_sub(bytes);
    }

    fn refill(&mut self) {
        let step = self.rate.per_second.div_ceil(STEPS_PER_SECOND);
        while self.refilled.elapsed() >= STEP {
            if self.tokens >= self.rate.burst {
                // Full: what the time before was worth is lost.
                self.refilled = Instant::now();
                return;
            }
            self.refilled += STEP;
            self.tokens = self.tokens.saturating_add(step).min(self.rate.burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_is_in_bytes() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("500", Ok(500)),
            ("64KiB", Ok(65_536)),
            ("2MB", Ok(2_000_000)),
            ("7 B", Ok(7)),
        ] {
            assert_eq!(parse_size(text), expected, "{text}");
        }
        for text in [
            "",
            "x",
            "-1",
            "1GiB",
            "99999999999999999999",
            "18446744073709551615MiB",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        assert_eq!("64KiB/s".parse(), Ok(Speed(65_536)));
        assert!("0/s".parse::<Speed>().is_err());
    }

    #[tokio::test]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let mut pace = Pace::new(Rate {
            burst: 600,
            per_second: 800,
        });
        let started = Instant::now();
        let mut left = 800;
        let mut first = None;

        while left > 0 {
            let allowed = std::future::poll_fn(|cx| pace.poll_allowance(cx)).await;
            first.get_or_insert(allowed);
            let passing = allowed.min(left);
            pace.spend(passing);
            left -= passing;
        }

        assert_eq!(first, Some(600));
        assert!(started.elapsed() >= 2 * STEP, "{:?}", started.elapsed());
    }
}
