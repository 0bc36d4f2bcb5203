//! What a case saw of a response.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

/// What was seen of a response.
#[derive(Debug)]
pub(super) struct Observed {
    /// Status and headers, if the response began.
    pub(super) head: Option<(u16, HeaderMap)>,
    /// The chunks of the body, each with its time since the invocation.
    pub(super) chunks: Vec<(Duration, Bytes)>,
    pub(super) end: End,
    /// Time from the invocation to the end.
    pub(super) total: Duration,
    /// What the function logged, line by line.
    pub(super) log: Vec<String>,
    /// The requests that doubles have served.
    pub(super) requests: Vec<Request>,
    /// Method and URL of the requests that none has.
    pub(super) undeclared: Vec<(String, String)>,
}

/// A request of the handler.
#[derive(Debug)]
pub(super) struct Request {
    /// The place of the double in the case.
    pub(super) double: usize,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// How a response ended.
#[derive(Debug)]
pub(super) enum End {
    Complete,
    /// The reader left, as the case says.
    ReaderLeft,
    Failed {
        /// The error type.
        kind: String,
        message: String,
    },
}

impl Observed {
    /// The whole body.
    pub(super) fn body(&self) -> Vec<u8> {
        let chunks = self.chunks.iter();
        chunks
            .flat_map(|(_, chunk)| chunk.iter().copied())
            .collect()
    }
}

impl Observed {
    /// A response of which nothing was seen.
    pub(super) fn nothing() -> Self {
        Self {
            head: None,
            chunks: Vec::new(),
            end: End::Complete,
            total: Duration::ZERO,
            log: Vec::new(),
            requests: Vec::new(),
            undeclared: Vec::new(),
        }
    }
}
