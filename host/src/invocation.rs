//! One invocation with its metadata: plain data.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderValue;
use tokio::time::Instant;

use crate::capsule::Tape;
use crate::observe::Watch;

/// The longest a Lambda function may run. Stands in for a deadline that is not known.
const LONGEST_INVOCATION: Duration = Duration::from_secs(15 * 60);

/// A deadline further in the past is ignored: some emulators send meaningless ones.
const LATEST: Duration = Duration::from_secs(60 * 60);

/// One event with its metadata.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's request id.
    pub request_id: String,
    /// The event document, byte for byte.
    pub event: Bytes,
    /// Size of an event that exceeds the limit, in bytes. `event` is then empty.
    pub surplus_bytes: Option<u64>,
    /// When it must have ended.
    pub deadline: Deadline,
    /// The ARN the function was invoked by.
    pub invoked_function_arn: Option<String>,
    /// The X-Ray trace header.
    pub trace_id: Option<String>,
    /// The Mobile SDK's client context, as JSON.
    pub client_context: Option<String>,
    /// The caller's Cognito identity, as JSON.
    pub cognito_identity: Option<String>,
    /// The tenant, for functions with tenant isolation.
    pub tenant_id: Option<String>,
    /// The token that goes back unchanged with the response, so that Lambda can tell a late response
    /// from a current one.
    pub invocation_id: Option<HeaderValue>,
    /// Collects what it does, if a receiver wants that.
    pub(crate) watch: Option<Arc<Watch>>,
    /// Records or replays it, if that is wanted.
    pub(crate) tape: Option<Arc<Tape>>,
}

impl Invocation {
    /// An event without metadata.
    pub fn new(request_id: impl Into<String>, event: Bytes) -> Self {
        Self {
            request_id: request_id.into(),
            event,
            surplus_bytes: None,
            deadline: Deadline::from_unix_ms(None),
            invoked_function_arn: None,
            trace_id: None,
            client_context: None,
            cognito_identity: None,
            tenant_id: None,
            invocation_id: None,
            watch: None,
            tape: None,
        }
    }
}

/// The moment an invocation must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// On the clock of this process.
    pub at: Instant,
    /// In milliseconds since the Unix epoch.
    pub unix_ms: u64,
}

impl Deadline {
    /// The deadline Lambda sent, in milliseconds since the Unix epoch.
    ///
    /// A deadline that has just passed leaves no time. One long past, as some emulators send, or a missing
    /// one becomes the longest time a function may run.
    #[must_use]
    pub fn from_unix_ms(unix_ms: Option<u64>) -> Self {
        #[cfg(feature = "rehearsal")]
        if let Some(deadline) = crate::rehearsal::clock::deadline() {
            return deadline;
        }
        Self::from_unix_ms_at(unix_ms, SystemTime::now(), Instant::now())
    }

    /// This deadline, or the end of `timeout` from now if that is sooner.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Self {
        let now = Instant::now();
        let too_far = self
            .at
            .saturating_duration_since(now)
            .saturating_sub(timeout);
        Self {
            at: self.at - too_far,
            unix_ms: self.unix_ms.saturating_sub(as_millis(too_far)),
        }
    }

    fn from_unix_ms_at(unix_ms: Option<u64>, wall: SystemTime, now: Instant) -> Self {
        let wall_ms = as_millis(wall.duration_since(UNIX_EPOCH).unwrap_or_default());
        let known =
            unix_ms.filter(|deadline| wall_ms.saturating_sub(*deadline) < as_millis(LATEST));
        if let Some(unix_ms) = known.filter(|deadline| *deadline <= wall_ms) {
            return Self { at: now, unix_ms };
        }
        let left = known
            .map_or(LONGEST_INVOCATION, |deadline| {
                Duration::from_millis(deadline.saturating_sub(wall_ms))
            })
            .min(LONGEST_INVOCATION);
        Self {
            at: now + left,
            unix_ms: wall_ms.saturating_add(as_millis(left)),
        }
    }
}

fn as_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wall clock time, in milliseconds.
    const WALL_MS: u64 = 100_000_000;

    fn deadline(unix_ms: Option<u64>) -> (Deadline, Duration) {
        let now = Instant::now();
        let wall = UNIX_EPOCH + Duration::from_millis(WALL_MS);
        let deadline = Deadline::from_unix_ms_at(unix_ms, wall, now);
        (deadline, deadline.at - now)
    }

    fn left(unix_ms: Option<u64>) -> Duration {
        let (deadline, left) = deadline(unix_ms);
        assert_eq!(u128::from(deadline.unix_ms - WALL_MS), left.as_millis());
        left
    }

    #[test]
    fn a_deadline_ahead_is_taken_as_it_is() {
        assert_eq!(left(Some(WALL_MS + 3000)), Duration::from_secs(3));
    }

    #[test]
    fn a_deadline_that_has_just_passed_leaves_no_time_and_is_kept_as_it_is() {
        for late_ms in [0, 1, 5000, 15 * 60 * 1000, 59 * 60 * 1000] {
            let (deadline, left) = deadline(Some(WALL_MS - late_ms));
            assert_eq!(left, Duration::ZERO, "{late_ms}");
            assert_eq!(deadline.unix_ms, WALL_MS - late_ms);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_is_never_later_than_the_timeout() {
        let now = Instant::now();
        let deadline = Deadline {
            at: now + Duration::from_secs(60),
            unix_ms: 1_060_000,
        };
        assert_eq!(deadline.within(Duration::from_secs(60)), deadline);
        assert_eq!(deadline.within(Duration::from_secs(100)), deadline);
        let sooner = deadline.within(Duration::from_secs(4));
        assert_eq!(sooner.at - now, Duration::from_secs(4));
        assert_eq!(sooner.unix_ms, 1_004_000);
    }

    #[test]
    fn a_missing_or_absurd_deadline_becomes_the_longest_time() {
        let two_hours_ago = WALL_MS - 2 * 60 * 60 * 1000;
        for unix_ms in [
            None,
            Some(0),
            Some(600_000),
            Some(two_hours_ago),
            Some(u64::MAX),
        ] {
            assert_eq!(left(unix_ms), LONGEST_INVOCATION, "{unix_ms:?}");
        }
    }
}
