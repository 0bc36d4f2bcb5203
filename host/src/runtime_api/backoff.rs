//! Exponential backoff.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Counts attempts; the first is already under way. Each pause is twice as long as the one before.
#[derive(Debug)]
pub(super) struct Backoff {
    left: u32,
    pause: Duration,
}

impl Backoff {
    pub(super) fn of(attempts: u32) -> Self {
        Self {
            left: attempts,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits until the next attempt is due. Returns `false` at once if there is none left.
    pub(super) async fn another(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_a_second_and_end() {
        let began = Instant::now();
        let mut attempts = Backoff::of(10);
        let mut pauses = Vec::new();
        loop {
            let before = Instant::now();
            if !attempts.another().await {
                break;
            }
            pauses.push(before.elapsed().as_millis());
        }
        assert_eq!(pauses, [20, 40, 80, 160, 320, 640, 1000, 1000, 1000]);
        assert_eq!(began.elapsed(), Duration::from_millis(4260));
    }
}
