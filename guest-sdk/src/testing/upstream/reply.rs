//! A response of the upstream, as a test writes it.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::fetch::ErrorCode;

/// A reply of an [`Upstream`](super::Upstream): a head, chunks with pauses, and an end.
///
/// ```
/// use std::time::Duration;
/// use bootstream::testing::Reply;
///
/// let reply = Reply::new(200)
///     .header("content-type", "text/event-stream")
///     .chunk("data: one\n\n")
///     .pause(Duration::from_millis(10))
///     .chunk("data: two\n\n");
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    /// The head, or why there is none.
    pub(crate) head: Result<(StatusCode, HeaderMap), ErrorCode>,
    pub(crate) delay: Duration,
    pub(crate) parts: Vec<Part>,
    pub(crate) trailers: Option<HeaderMap>,
    /// Bytes of the request's body that are read first. `None` for all.
    pub(crate) early_after: Option<usize>,
}

/// One part of a reply's body.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Chunk(Vec<u8>),
    Pause(Duration),
    Cut(ErrorCode),
}

impl Reply {
    /// Creates a reply with a status of 100 to 599 and an empty body.
    ///
    /// # Panics
    ///
    /// When the status is outside that range.
    pub fn new(status: u16) -> Self {
        let valid = StatusCode::from_u16(status).ok();
        let status = valid.filter(|status| status.as_u16() < 600);
        let status = status.expect("a status is 100 to 599");
        Self::with_head(Ok((status, HeaderMap::new())))
    }

    /// Creates the failure of a request that gets no response: the host denies it, or the upstream does
    /// not answer.
    pub fn error(code: ErrorCode) -> Self {
        Self::with_head(Err(code))
    }

    /// Creates a reply with status 200 and a JSON document.
    ///
    /// # Panics
    ///
    /// When the value cannot be encoded as JSON.
    pub fn json(value: &(impl serde::Serialize + ?Sized)) -> Self {
        let document = serde_json::to_vec(value).expect("a value of a test is valid JSON");
        Self::new(200)
            .header("content-type", "application/json")
            .chunk(document)
    }

    fn with_head(head: Result<(StatusCode, HeaderMap), ErrorCode>) -> Self {
        Self {
            head,
            delay: Duration::ZERO,
            parts: Vec::new(),
            trailers: None,
            early_after: None,
        }
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// When the name or the value is not valid HTTP.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok((_, headers)) = &mut self.head {
            append(headers, name, value);
        }
        self
    }

    /// Adds a chunk of the body. The handler reads it as one piece if it has at most 64 KiB.
    #[must_use]
    pub fn chunk(mut self, chunk: impl AsRef<[u8]>) -> Self {
        self.parts.push(Part::Chunk(chunk.as_ref().to_vec()));
        self
    }

    /// Waits before the next chunk, or before the end. The handler waits as long in the test.
    #[must_use]
    pub fn pause(mut self, wait: Duration) -> Self {
        self.parts.push(Part::Pause(wait));
        self
    }

    /// Waits before the head.
    #[must_use]
    pub fn delay(mut self, wait: Duration) -> Self {
        self.delay = wait;
        self
    }

    /// Breaks the connection after the chunks so far.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.parts.push(Part::Cut(ErrorCode::ConnectionTerminated));
        self
    }

    /// Breaks the connection after this many bytes of the body. A body that is shorter breaks at its end.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        let mut left = bytes;
        let mut kept = Vec::new();
        for part in self.parts {
            match part {
                Part::Chunk(mut chunk) if chunk.len() >= left => {
                    chunk.truncate(left);
                    kept.push(Part::Chunk(chunk));
                    break;
                }
                Part::Chunk(chunk) => {
                    left -= chunk.len();
                    kept.push(Part::Chunk(chunk));
                }
                other => kept.push(other),
            }
        }
        self.parts = kept;
        self.cut()
    }

    /// Adds a trailer.
    ///
    /// # Panics
    ///
    /// When the name or the value is not valid HTTP.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        append(self.trailers.get_or_insert_default(), name, value);
        self
    }

    /// Replies after this many bytes of the request's body, without waiting for the rest.
    #[must_use]
    pub fn early_after(mut self, bytes: usize) -> Self {
        self.early_after = Some(bytes);
        self
    }

    /// Lets a body that is shorter than its `content-length` break off at its end. Removes the body where HTTP has
    /// none: after `HEAD`, and of the status 304, whose `content-length` is that of another response.
    pub(super) fn with_truth(mut self, method: &Method) -> Self {
        let Ok((status, headers)) = &self.head else {
            return self;
        };
        if *method == Method::HEAD || *status == StatusCode::NOT_MODIFIED {
            self.parts.clear();
            return self;
        }
        let declared = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
        let declared: Option<usize> = declared.and_then(|it| it.parse().ok());
        let bytes: usize = self.parts.iter().map(Part::len).sum();
        if declared.is_some_and(|declared| declared > bytes) {
            self.parts
                .push(Part::Cut(ErrorCode::HttpResponseIncomplete));
        }
        self
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Chunk(chunk) => chunk.len(),
            Self::Pause(_) | Self::Cut(_) => 0,
        }
    }
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes()).expect("a header has a valid name");
    let value = HeaderValue::from_str(value).expect("a header has a valid value");
    headers.append(name, value);
}
