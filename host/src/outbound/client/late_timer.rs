//! A timer for many waits, of which few last until their end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Limits waits, one after another.
///
/// The timer runs on between waits and is set anew only when it expires: each time that a timer is set, the
/// runtime makes a system call.
#[derive(Default)]
pub(super) struct LateTimer {
    /// When the current wait began.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl LateTimer {
    /// The wait has ended, before its limit.
    pub(super) fn end(&mut self) {
        self.since = None;
    }

    /// Begins a wait, or goes on with it. Ready when it has lasted for `limit`.
    pub(super) fn poll_is_over(&mut self, limit: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let until = *self.since.get_or_insert_with(Instant::now) + limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Waits until the limit, and returns the seconds that this took.
    async fn wait(timer: &mut LateTimer, limit: Duration) -> u64 {
        let started = Instant::now();
        poll_fn(|cx| timer.poll_is_over(limit, cx)).await;
        timer.end();
        started.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_has_the_whole_limit() {
        let mut timer = LateTimer::default();
        for _ in 0..5 {
            let begun = poll_fn(|cx| Poll::Ready(timer.poll_is_over(LIMIT, cx))).await;
            assert_eq!(begun, Poll::Pending);
            advance(LIMIT * 2 / 3).await;
            timer.end();
        }
        assert_eq!(wait(&mut timer, LIMIT).await, LIMIT.as_secs());
        assert_eq!(wait(&mut timer, LIMIT).await, LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_may_have_a_shorter_limit_than_the_one_before() {
        let mut timer = LateTimer::default();
        let begun = poll_fn(|cx| Poll::Ready(timer.poll_is_over(LIMIT, cx))).await;
        assert_eq!(begun, Poll::Pending);
        timer.end();
        assert_eq!(wait(&mut timer, LIMIT / 4).await, LIMIT.as_secs() / 4);
    }
}
