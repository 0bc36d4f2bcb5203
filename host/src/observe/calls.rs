//! The HTTP requests of one invocation. A bounded number of them is described; all of them are counted.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use super::id::SpanId;

/// Most requests that are described: the longest.
pub(crate) const CALLS_KEPT: usize = 100;

/// Longest URL that is kept, in bytes.
const URL_LIMIT_BYTES: usize = 512;

/// Names a request of an invocation: its number, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId(u64);

impl CallId {
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// The guest's span that it is part of.
    pub(crate) parent: Option<SpanId>,
    pub(crate) host: String,
    pub(crate) method: Method,
    /// Without query and user.
    pub(crate) url: String,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    /// `None` if no response came.
    pub(crate) status: Option<StatusCode>,
}

impl Call {
    pub(crate) fn time(&self) -> Duration {
        self.ended.saturating_duration_since(self.began)
    }
}

/// The requests so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    /// Not ended yet. `outbound.requests` bounds them.
    open: Vec<Call>,
    kept: Vec<Call>,
    /// All that have begun.
    pub(crate) count: u64,
    /// Those without a response.
    pub(crate) failed: u64,
    /// Time of those that have ended, one after another.
    pub(crate) time: Duration,
}

impl Calls {
    pub(super) fn begin(
        &mut self,
        parent: Option<SpanId>,
        (host, method, url): (String, Method, &str),
        now: Instant,
    ) -> CallId {
        let id = CallId(self.count);
        self.count += 1;
        self.open.push(Call {
            id,
            parent,
            host,
            method,
            url: url
                .get(..url.floor_char_boundary(URL_LIMIT_BYTES))
                .unwrap_or_default()
                .to_owned(),
            began: now,
            ended: now,
            status: None,
        });
        id
    }

    pub(super) fn end(&mut self, id: CallId, status: Option<StatusCode>, now: Instant) {
        if let Some(at) = self.open.iter().position(|call| call.id == id) {
            let call = self.open.swap_remove(at);
            self.close(call, status, now);
        }
    }

    /// Ends those that are open: the instance is gone, and with it who waits for them.
    pub(super) fn end_all(&mut self, now: Instant) {
        for call in std::mem::take(&mut self.open) {
            self.close(call, None, now);
        }
    }

    /// Those that are described, in no order.
    pub(crate) fn described(&self) -> Vec<&Call> {
        self.kept.iter().collect()
    }

    fn close(&mut self, mut call: Call, status: Option<StatusCode>, now: Instant) {
        (call.ended, call.status) = (now, status);
        self.failed += u64::from(status.is_none());
        self.time += call.time();
        if self.kept.len() < CALLS_KEPT {
            self.kept.push(call);
            return;
        }
        let shortest = self.kept.iter_mut().min_by_key(|kept| kept.time());
        if let Some(shortest) = shortest.filter(|kept| kept.time() < call.time()) {
            *shortest = call;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_are_described_and_all_are_counted() {
        let mut calls = Calls::default();
        let began = Instant::now();
        for number in 0..5000_u64 {
            let id = calls.begin(None, ("h".to_owned(), Method::GET, "http://h/"), began);
            let status = (number % 2 == 0).then_some(StatusCode::OK);
            // The longest are neither the first nor the last.
            calls.end(
                id,
                status,
                began + Duration::from_millis((number * 7919) % 5000),
            );
        }
        let described = calls.described();
        assert_eq!(described.len(), CALLS_KEPT);
        assert!(
            described
                .iter()
                .all(|call| call.time() >= Duration::from_millis(4900))
        );
        assert_eq!((calls.count, calls.failed), (5000, 2500));
        assert_eq!(calls.time, Duration::from_millis(4999 * 5000 / 2));
    }

    #[test]
    fn an_open_one_ends_with_its_instance_and_not_again() {
        let mut calls = Calls::default();
        let began = Instant::now();
        let id = calls.begin(None, ("h".to_owned(), Method::GET, "http://h/"), began);
        calls.end_all(began + Duration::from_secs(1));
        calls.end(id, Some(StatusCode::OK), began + Duration::from_secs(2));
        assert_eq!((calls.count, calls.failed), (1, 1));
        assert_eq!(calls.described()[0].time(), Duration::from_secs(1));
    }

    #[test]
    fn a_long_url_is_cut_between_characters() {
        let mut calls = Calls::default();
        let now = Instant::now();
        let url = "\u{1f980}".repeat(URL_LIMIT_BYTES);
        let id = calls.begin(None, (String::new(), Method::GET, &url), now);
        calls.end(id, None, now);
        assert_eq!(calls.described()[0].url.len(), URL_LIMIT_BYTES);
    }
}
