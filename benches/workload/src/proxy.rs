//! The work of a proxy: requests to the HTTPS server of the benchmarks, whose last answer it passes on.
//!
//! The query of the event describes both: `?port=8443&requests=2&chunks=3&chunk_bytes=64`.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::{Event, bytes, number};

/// One invocation of a proxy.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(from = "Event<Query>")]
pub struct Proxy {
    /// Port of the server on loopback.
    pub port: u16,
    /// Requests, one after another. The handler discards the answers of all but the last.
    pub requests: u64,
    /// What each request asks for.
    pub answer: Answer,
}

/// An answer of the server. The path of a request describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Chunks to write, each in a write of its own.
    pub chunks: u64,
    /// Size of each chunk, in bytes.
    pub chunk_bytes: usize,
    /// Pause before each chunk.
    pub pause: Duration,
    /// Whether each chunk starts with the time of its write: see [`stamp`](crate::stamp).
    pub stamp: bool,
    /// Whether the server closes the connection after the answer.
    pub close: bool,
}

impl Proxy {
    /// Parses the work in an event.
    ///
    /// # Errors
    ///
    /// When the event is not JSON, or a value in its query is not a number.
    pub fn parse(event: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(event)
    }

    /// The URL of each request.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}{}", self.port, self.answer.path())
    }
}

impl Answer {
    /// The path that asks for this answer.
    #[must_use]
    pub fn path(&self) -> String {
        format!(
            "/{}/{}/{}/{}/{}",
            self.chunks,
            self.chunk_bytes,
            self.pause.as_micros(),
            u8::from(self.stamp),
            u8::from(self.close),
        )
    }

    /// Parses a [`path`](Self::path). Returns `None` for any other.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let numbers: Result<Vec<u64>, _> =
            path.strip_prefix('/')?.split('/').map(str::parse).collect();
        let [chunks, chunk_bytes, pause_us, stamp, close] = numbers.ok()?.try_into().ok()?;
        Some(Self {
            chunks,
            chunk_bytes: bytes(chunk_bytes),
            pause: Duration::from_micros(pause_us),
            stamp: stamp != 0,
            close: close != 0,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query {
    #[serde(deserialize_with = "port")]
    port: u16,
    #[serde(deserialize_with = "number")]
    requests: Option<u64>,
    #[serde(deserialize_with = "number")]
    chunks: Option<u64>,
    #[serde(deserialize_with = "number")]
    chunk_bytes: Option<u64>,
    #[serde(deserialize_with = "number")]
    pause_us: Option<u64>,
    #[serde(deserialize_with = "number")]
    stamp: Option<u64>,
    #[serde(deserialize_with = "number")]
    close: Option<u64>,
}

impl From<Event<Query>> for Proxy {
    fn from(event: Event<Query>) -> Self {
        let query = event.query.unwrap_or_default();
        let is_set = |value: Option<u64>| value.is_some_and(|value| value != 0);
        Self {
            port: query.port,
            requests: query.requests.unwrap_or(1),
            answer: Answer {
                chunks: query.chunks.unwrap_or(1),
                chunk_bytes: bytes(query.chunk_bytes.unwrap_or(5)),
                pause: Duration::from_micros(query.pause_us.unwrap_or(0)),
                stamp: is_set(query.stamp),
                close: is_set(query.close),
            },
        }
    }
}

fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let text = <&str>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_request_says_what_the_event_asked_for() {
        let event = br#"{"queryStringParameters":{"port":"8443","requests":"2","chunks":"3",
            "chunk_bytes":"64","pause_us":"10","stamp":"1","close":"1"}}"#;
        let proxy = Proxy::parse(event).unwrap();
        assert_eq!((proxy.port, proxy.requests), (8443, 2));
        assert_eq!(proxy.url(), "https://127.0.0.1:8443/3/64/10/1/1");
        assert_eq!(Answer::from_path("/3/64/10/1/1"), Some(proxy.answer));
    }

    #[test]
    fn a_path_that_is_not_five_numbers_is_no_answer() {
        for path in [
            "",
            "/",
            "/1/2/3/0",
            "/1/2/3/0/0/0",
            "/1/2/x/0/0",
            "1/2/3/0/0",
        ] {
            assert_eq!(Answer::from_path(path), None, "{path}");
        }
    }
}
