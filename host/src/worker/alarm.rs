//! A reusable timer.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that each invocation resets. A new timer for each would wake the runtime's driver every time,
/// because its deadline is earlier than the one the driver waits for; a reset to a later deadline does not.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    /// Created at its first use, in the runtime of the worker.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Waits until `deadline`.
    pub(crate) fn at(&mut self, deadline: Instant) -> impl Future<Output = ()> {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        sleep.as_mut().reset(deadline);
        sleep.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_goes_off_at_each_deadline_whether_later_or_earlier() {
        let mut alarm = Alarm::default();
        let start = Instant::now();
        for seconds in [5, 9, 7, 7, 30] {
            let deadline = start + Duration::from_secs(seconds);
            alarm.at(deadline).await;
            assert!(Instant::now() >= deadline);
        }
        drop(alarm.at(start + Duration::from_secs(100)));
        alarm.at(start + Duration::from_secs(40)).await;
        assert!(start.elapsed() < Duration::from_secs(41));
    }
}
