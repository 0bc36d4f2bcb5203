//! The work of a benchmark handler. The sandboxed handler and the native ones share this, so that they do
//! the same.
//!
//! The query of a Function URL event describes the work:
//! `?chunks=3&chunk_bytes=64&pause_ms=10`. Without a query, it is one chunk of five bytes.

mod proxy;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use proxy::{Answer, Proxy};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// One invocation's work.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(from = "Event<Query>")]
pub struct Work {
    /// Chunks to write, each in a write of its own.
    pub chunks: u64,
    /// Size of each chunk, in bytes.
    pub chunk_bytes: usize,
    /// Pause before each chunk but the first.
    pub pause: Duration,
    /// Computing time after each chunk.
    pub spin: Duration,
    /// Size of the handler's write buffer, where its library has one; 0 for none.
    pub buffer_bytes: usize,
    /// Whether each chunk starts with the time of its write: see [`stamp`].
    pub stamp: bool,
    /// Where to fail, if at all.
    pub failure: Option<Failure>,
}

/// Where a handler fails.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// Before the response starts.
    Early,
    /// After the last chunk.
    Late,
}

/// The error message of a failing handler.
pub const FAILURE_MESSAGE: &str = "the event asked for a failure";

/// Size of a stamp: nanoseconds since the Unix epoch in decimal digits, padded with zeros.
pub const STAMP_BYTES: usize = 20;

impl Work {
    /// Parses the work in an event.
    ///
    /// # Errors
    ///
    /// When the event is not JSON, or a value in its query is not a number.
    pub fn parse(event: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(event)
    }

    /// Reads the work from the target of a request, in which nothing is encoded.
    ///
    /// # Errors
    ///
    /// When a value in its query is not a number.
    pub fn of_target(target: &str) -> serde_json::Result<Self> {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.into()));
        let query = Query::deserialize(Value::Object(pairs.collect()))?;
        Ok(Event { query: Some(query) }.into())
    }

    /// The bytes of a chunk, without a stamp.
    #[must_use]
    pub fn chunk(&self) -> Vec<u8> {
        vec![b'x'; self.chunk_bytes]
    }
}

/// Overwrites the beginning of `chunk` with the time, unless the chunk is too short.
pub fn stamp(chunk: &mut [u8]) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    if let Some(place) = chunk.get_mut(..STAMP_BYTES) {
        place.copy_from_slice(format!("{:020}", now.as_nanos()).as_bytes());
    }
}

/// Computes for `time` without yielding the thread.
pub fn spin(time: Duration) {
    if time.is_zero() {
        return;
    }
    let started = Instant::now();
    while started.elapsed() < time {
        // Reading the clock leaves the sandbox; most of the time should be spent inside.
        let mut state = std::hint::black_box(1_u64);
        for _ in 0..2_000 {
            state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005) + 1);
        }
    }
}

#[derive(Deserialize)]
struct Event<Q> {
    #[serde(default = "none", rename = "queryStringParameters")]
    query: Option<Q>,
}

fn none<Q>() -> Option<Q> {
    None
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query {
    #[serde(deserialize_with = "number")]
    chunks: Option<u64>,
    #[serde(deserialize_with = "number")]
    chunk_bytes: Option<u64>,
    #[serde(deserialize_with = "number")]
    pause_ms: Option<u64>,
    #[serde(deserialize_with = "number")]
    spin_us: Option<u64>,
    #[serde(deserialize_with = "number")]
    buffer_bytes: Option<u64>,
    #[serde(deserialize_with = "number")]
    stamp: Option<u64>,
    fail: Option<Failure>,
}

impl From<Event<Query>> for Work {
    fn from(event: Event<Query>) -> Self {
        let query = event.query.unwrap_or_default();
        Self {
            chunks: query.chunks.unwrap_or(1),
            chunk_bytes: bytes(query.chunk_bytes.unwrap_or(5)),
            pause: Duration::from_millis(query.pause_ms.unwrap_or(0)),
            spin: Duration::from_micros(query.spin_us.unwrap_or(0)),
            buffer_bytes: bytes(query.buffer_bytes.unwrap_or(0)),
            stamp: query.stamp.is_some_and(|stamp| stamp != 0),
            failure: query.fail,
        }
    }
}

fn bytes(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A number in a query, where everything is text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_without_a_query_is_one_small_chunk() {
        let work = Work::parse(br#"{"rawPath":"/"}"#).unwrap();
        assert_eq!((work.chunks, work.chunk()), (1, b"xxxxx".to_vec()));
        assert_eq!(work.failure, None);
    }

    #[test]
    fn a_query_says_what_to_do() {
        let event = br#"{"queryStringParameters":
            {"chunks":"3","chunk_bytes":"64","pause_ms":"10","fail":"late","stamp":"1"}}"#;
        let work = Work::parse(event).unwrap();
        assert_eq!((work.chunks, work.chunk_bytes), (3, 64));
        assert_eq!(work.pause, Duration::from_millis(10));
        assert_eq!((work.failure, work.stamp), (Some(Failure::Late), true));
    }

    #[test]
    fn the_target_of_a_request_says_the_same() {
        let event = br#"{"queryStringParameters":{"chunks":"3","chunk_bytes":"64","fail":"late"}}"#;
        let target = "/numbers?chunks=3&chunk_bytes=64&fail=late";
        assert_eq!(
            Work::of_target(target).unwrap(),
            Work::parse(event).unwrap()
        );
        for none in ["/", "/?", ""] {
            assert_eq!(Work::of_target(none).unwrap(), Work::parse(b"{}").unwrap());
        }
        Work::of_target("/?chunks=many").unwrap_err();
    }

    #[test]
    fn a_value_that_is_not_a_number_is_refused() {
        Work::parse(br#"{"queryStringParameters":{"chunks":"many"}}"#).unwrap_err();
    }
}
