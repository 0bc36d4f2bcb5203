//! Limits bandwidth as Lambda does.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::network::Rate;

/// How often the bucket is refilled: Lambda's own step.
const STEP: Duration = Duration::from_millis(125);
pub(super) const STEPS_PER_SECOND: usize = 8;

/// A token bucket with one token per byte, refilled in steps.
#[derive(Debug)]
pub(super) struct TokenBucket {
    rate: Rate,
    tokens: usize,
    refilled: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl TokenBucket {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
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
            let next = self.refilled + STEP;
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
        while self.refilled.elapsed() >= STEP {
            if self.tokens >= self.rate.burst {
                // The bucket is full: unused time is lost.
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

    #[tokio::test]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let mut bucket = TokenBucket::new(Rate {
            burst: 600,
            per_second: 800,
        });
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
