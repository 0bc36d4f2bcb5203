//! A response that arrives.

use std::fmt;
use std::sync::OnceLock;

use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::error::{About, EXCERPT_BYTES, Reason};
use super::transport::Incoming;
use super::{Chunks, FetchError, event_stream};
use crate::{Body, Error, sse};

/// Largest body that is read as a whole, in bytes, unless another limit is set.
const DEFAULT_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// The response to a [`Request`](super::Request): its head, and a body that is read as it arrives.
///
/// Reads with [`Read`](std::io::Read) and [`BufRead`](std::io::BufRead) fail with an
/// [`io::Error`](std::io::Error) that carries a [`FetchError`]. A read after a failed one fails in the same
/// way: a body that broke off never looks complete.
///
/// Dropping it ends the request.
pub struct IncomingResponse {
    pub(super) about: About,
    status: StatusCode,
    /// Read when they are first asked for: a handler that passes the body on never does.
    headers: OnceLock<HeaderMap>,
    limit: usize,
    body: Incoming,
    /// What arrived and was not yet read.
    pub(super) piece: Vec<u8>,
    pub(super) read: usize,
    failed: Option<FetchError>,
}

impl IncomingResponse {
    pub(super) fn new(about: About, status: StatusCode, body: Incoming) -> Self {
        Self {
            about,
            status,
            headers: OnceLock::new(),
            limit: DEFAULT_LIMIT_BYTES,
            body,
            piece: Vec::new(),
            read: 0,
            failed: None,
        }
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| self.body.headers())
    }

    /// Returns the first value of a header, if it is text. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// Returns the response if its status is 200 to 299.
    ///
    /// # Errors
    ///
    /// When the status is another one. The error has the status and the first 2 KiB of the body.
    pub fn success(self) -> Result<Self, FetchError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let (status, about) = (self.status, self.about.clone());
        let reason = Reason::status(status, self.beginning());
        Err(FetchError::new(&about, reason))
    }

    /// Reads the beginning of the body of an error response, as far as it can be read. Returns more than the
    /// error shows if there is more.
    fn beginning(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() <= EXCERPT_BYTES {
            let Ok(Some(piece)) = self.take_piece() else {
                break;
            };
            bytes.extend_from_slice(&piece);
        }
        bytes
    }

    /// Sets the largest body that [`bytes`](Self::bytes), [`text`](Self::text) and [`json`](Self::json) read,
    /// in bytes. The default is 16 MiB.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Reads the whole body.
    ///
    /// # Errors
    ///
    /// When it breaks off or is larger than the [limit](Self::limit).
    pub fn bytes(mut self) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.take_piece()? {
            if bytes.len().saturating_add(piece.len()) > self.limit {
                return Err(self.error(Reason::TooLarge(self.limit)));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// Reads the whole body as text.
    ///
    /// # Errors
    ///
    /// As for [`bytes`](Self::bytes), and when it is not UTF-8.
    pub fn text(self) -> Result<String, FetchError> {
        let about = self.about.clone();
        let bytes = self.bytes()?;
        String::from_utf8(bytes).map_err(|_| FetchError::new(&about, Reason::NotUtf8))
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    ///
    /// As for [`bytes`](Self::bytes), and when it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, FetchError> {
        let about = self.about.clone();
        let bytes = self.bytes()?;
        serde_json::from_slice(&bytes).map_err(|error| FetchError::new(&about, Reason::Json(error)))
    }

    /// Returns the pieces of the body as they arrive. None of them is empty, and none is over 64 KiB.
    pub fn chunks(&mut self) -> Chunks<'_> {
        Chunks::new(self)
    }

    /// Sends the body to the caller, each piece as it arrives, and returns how many bytes it had. Does not
    /// finish the caller's response.
    ///
    /// # Errors
    ///
    /// A [`FetchError`] when the body breaks off, a [`StreamError`](crate::StreamError) when the caller is gone.
    /// A handler that returns either ends its response as incomplete.
    pub fn copy_to(&mut self, body: &mut Body) -> Result<u64, Error> {
        let mut bytes = 0_u64;
        while let Some(piece) = self.take_piece()? {
            body.write(&piece)?;
            bytes = bytes.saturating_add(piece.len() as u64);
        }
        Ok(bytes)
    }

    /// Reads the body as [server-sent events](crate::sse), each as it arrives.
    ///
    /// ```
    /// use bootstream::{Error, Event, Response, fetch, sse::Sse};
    ///
    /// #[bootstream::handler]
    /// fn handle(_: Event, response: Response) -> Result<(), Error> {
    ///     let upstream = fetch::get("https://api.example/events").send()?.success()?;
    ///     let mut events = Sse::start(response)?;
    ///     for message in upstream.sse() {
    ///         events.send(&message?)?;
    ///     }
    ///     events.finish()?;
    ///     Ok(())
    /// }
    /// # use bootstream::testing::{self, Reply, Upstream};
    /// # let _upstream = Upstream::new([Reply::new(200).chunk("event: a\rda").chunk("ta: b\r\r")]);
    /// # let (response, recording) = testing::response();
    /// # handle(testing::get("/"), response).unwrap();
    /// # assert_eq!(recording.text(), "event: a\ndata: b\n\n");
    /// ```
    pub fn sse(self) -> sse::Events<Self> {
        sse::Events::new(self)
    }

    /// Reads the body as an [event stream](event_stream) of AWS, each message as it arrives.
    pub fn event_stream(self) -> event_stream::Messages<Self> {
        event_stream::Messages::new(self)
    }

    /// Returns the trailers. Discards what is left of the body.
    ///
    /// # Errors
    ///
    /// When the body breaks off.
    pub fn trailers(self) -> Result<Option<HeaderMap>, FetchError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let trailers = self.body.trailers();
        trailers.map_err(|reason| FetchError::new(&self.about, reason))
    }

    fn error(&self, reason: Reason) -> FetchError {
        FetchError::new(&self.about, reason)
    }

    /// Returns what was read ahead, else the next piece. `None` at the end.
    pub(super) fn take_piece(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        let mut ahead = std::mem::take(&mut self.piece);
        let read = std::mem::take(&mut self.read);
        if read < ahead.len() {
            ahead.drain(..read);
            return Ok(Some(ahead));
        }
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        self.body.next().map_err(|reason| {
            let error = FetchError::new(&self.about, reason);
            self.failed = Some(error.clone());
            error
        })
    }
}

impl fmt::Debug for IncomingResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingResponse")
            .field("status", &self.status)
            .field("headers", self.headers())
            .finish_non_exhaustive()
    }
}
