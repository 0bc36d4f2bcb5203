//! Limits bandwidth as Lambda does.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::network::Rate;
use crate::clock::Clock;

/// How often the bucket is refilled: Lambda's own step.
pub(crate) const STEP: Duration = Duration::from_millis(125);
pub(crate) const STEPS_PER_SECOND: usize = 8;

/// A token bucket with one token per byte, refilled in steps.
#[derive(Debug)]
pub(super) struct TokenBucket {
    rate: Rate,
    /// The time between two refills.
    step: Duration,
    tokens: usize,
    refilled: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl TokenBucket {
    /// Creates a full bucket with a rate per second of a clock.
    pub(super) fn new((rate, clock): (Rate, Clock)) -> Self {
        Self {
            rate,
            step: clock.real(STEP),
            tokens: rate.burst,
            refilled: Instant::now(),
            timer: None,
        }
    }

    /// Polls until bytes may pass. Returns how many.
    pub(super) fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            self.refill();
            if self.tokens > 0 {
                self.timer = None;
                return Poll::Ready(self.tokens);
            }
            let next = self.refilled + self.step;
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(next)));
            timer.as_mut().reset(next);
            std::task::ready!(timer.as_mut().poll(cx));
        }
    }

    pub(super) fn spend(&mut self, bytes: usize) {
        self.tokens = self.tokens.saturating_sub(bytes);
    }

    fn refill(&mut self) {
        let step = self.rate.per_second.div_ceil(STEPS_PER_SECOND);
        while self.refilled.elapsed() >= self.step {
            if self.tokens >= self.rate.burst {
                // The bucket is full: unused time is lost.
                self.refilled = Instant::now();
                return;
            }
            self.refilled += self.step;
            self.tokens = self.tokens.saturating_add(step).min(self.rate.burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let rate = Rate {
            burst: 600,
            per_second: 800,
        };
        let mut bucket = TokenBucket::new((rate, Clock::default()));
        let started = Instant::now();
        let mut left = 800;
        let mut first = None;

        while left > 0 {
            let allowed = std::future::poll_fn(|cx| bucket.poll_allowance(cx)).await;
            first.get_or_insert(allowed);
            let passing = allowed.min(left);
            bucket.spend(passing);
            left -= passing;
        }

        assert_eq!(first, Some(600));
        assert!(started.elapsed() >= 2 * STEP, "{:?}", started.elapsed());
    }
}
