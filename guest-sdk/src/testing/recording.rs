//! A response that is recorded instead of sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use lambda_protocol::response_document::DocumentTooLarge;
use serde::de::DeserializeOwned;

use super::head;
use crate::{Head, Response, StreamError, stream::Stream};

/// Creates a response for a handler, and its recording.
pub fn response() -> (Response, Recording) {
    let recording = Recording::default();
    (
        Response::new(Stream::Recording(recording.clone())),
        recording,
    )
}

/// The recording of a response. See [`response`].
///
/// It can be read before, during and after the handler runs.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    /// Present once the response has started.
    start: Option<Start>,
    chunks: Vec<Vec<u8>>,
    /// Bytes written to a document, including those beyond the limit.
    document_bytes: usize,
    is_finished: bool,
    /// Writes that succeed before the caller disconnects. `None` for a caller that stays.
    writes_left: Option<usize>,
}

/// How a response was started.
#[derive(Debug)]
enum Start {
    Http(Head),
    Document,
    Raw(String),
}

/// The kind of response that a handler has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseKind {
    /// An HTTP stream: it has a status, headers and cookies.
    Http,
    /// A document.
    Document,
    /// A stream without a head: it has a content type.
    Raw,
}

impl Recording {
    /// Disconnects the caller after this many writes: every later call fails with
    /// [`StreamError::Closed`]. With 0, every call fails.
    pub fn close_after_writes(&self, writes: usize) {
        self.lock().writes_left = Some(writes);
    }

    /// Returns the kind of the response, once it has started.
    pub fn kind(&self) -> Option<ResponseKind> {
        Some(match self.lock().start.as_ref()? {
            Start::Http(_) => ResponseKind::Http,
            Start::Document => ResponseKind::Document,
            Start::Raw(_) => ResponseKind::Raw,
        })
    }

    /// Returns the status of an HTTP stream, once it has started.
    pub fn status(&self) -> Option<u16> {
        self.head(|head| head.status)
    }

    /// Returns the content type of a stream: the header of an HTTP stream, the argument of a raw
    /// one.
    pub fn content_type(&self) -> Option<String> {
        if let Some(Start::Raw(content_type)) = &self.lock().start {
            return Some(content_type.clone());
        }
        self.header("content-type")
    }

    /// Returns the headers as the handler set them, in order. Empty before the start.
    pub fn headers(&self) -> Vec<(String, String)> {
        self.head(|head| head.headers.clone()).unwrap_or_default()
    }

    /// Returns the first value of a header. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<String> {
        let headers = self.headers().into_iter();
        headers
            .filter(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    /// Returns the cookies as the handler set them, in order. Empty before the start.
    pub fn cookies(&self) -> Vec<String> {
        self.head(|head| head.cookies.clone()).unwrap_or_default()
    }

    /// Returns what each write sent, in order. Empty writes send nothing.
    pub fn chunks(&self) -> Vec<Vec<u8>> {
        self.lock().chunks.clone()
    }

    /// Returns everything that was sent.
    pub fn body(&self) -> Vec<u8> {
        self.lock().chunks.concat()
    }

    /// Returns everything that was sent, as text. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body()).into_owned()
    }

    /// Reads everything that was sent as JSON.
    ///
    /// # Errors
    ///
    /// When it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body())
    }

    /// Returns whether the handler ended the response itself.
    ///
    /// A handler need not do so: the host ends the response when it returns.
    pub fn finished(&self) -> bool {
        self.lock().is_finished
    }

    pub(crate) fn on_write_headers(&self, head: Head) -> Result<(), StreamError> {
        self.start(|| {
            head::check(&head)?;
            Ok(Start::Http(head))
        })
    }

    pub(crate) fn on_start_document(&self) -> Result<(), StreamError> {
        self.start(|| Ok(Start::Document))
    }

    pub(crate) fn on_start_raw(&self, content_type: &str) -> Result<(), StreamError> {
        self.start(|| {
            head::check_content_type(content_type)?;
            Ok(Start::Raw(content_type.to_owned()))
        })
    }

    pub(crate) fn on_write(&self, chunk: &[u8]) -> Result<(), StreamError> {
        let mut record = self.lock();
        record.check_open()?;
        record.start.get_or_insert_default();
        record.check_size(chunk.len())?;
        record.writes_left = record.writes_left.map(|writes| writes.saturating_sub(1));
        if !chunk.is_empty() {
            record.chunks.push(chunk.to_vec());
        }
        Ok(())
    }

    pub(crate) fn on_finish(&self) -> Result<(), StreamError> {
        let mut record = self.lock();
        record.check_open()?;
        record.start.get_or_insert_default();
        record.check_size(0)?;
        record.is_finished = true;
        Ok(())
    }

    fn start(&self, start: impl FnOnce() -> Result<Start, StreamError>) -> Result<(), StreamError> {
        let mut record = self.lock();
        record.check_open()?;
        if record.start.is_some() {
            return Err(StreamError::AlreadyStarted);
        }
        record.start = Some(start()?);
        Ok(())
    }

    fn head<R>(&self, read: impl FnOnce(&Head) -> R) -> Option<R> {
        match self.lock().start.as_ref()? {
            Start::Http(head) => Some(read(head)),
            Start::Document | Start::Raw(_) => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // A handler may have panicked while holding the lock; the recording is still valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Start {
    /// The start of a response whose first call is a write.
    fn default() -> Self {
        Self::Http(Head::default())
    }
}

impl Record {
    /// Rejects a document over the limit, and every later write, as the host does.
    fn check_size(&mut self, more_bytes: usize) -> Result<(), StreamError> {
        if !matches!(self.start, Some(Start::Document)) {
            return Ok(());
        }
        let bytes = self.document_bytes.saturating_add(more_bytes);
        self.document_bytes = bytes;
        if bytes <= PAYLOAD_LIMIT_BYTES {
            return Ok(());
        }
        self.chunks.clear();
        let refused = DocumentTooLarge {
            actual_bytes: bytes,
            limit_bytes: PAYLOAD_LIMIT_BYTES,
            is_complete: false,
        };
        Err(StreamError::Other(refused.to_string()))
    }

    fn check_open(&self) -> Result<(), StreamError> {
        if self.is_finished {
            Err(StreamError::AlreadyFinished)
        } else if self.writes_left == Some(0) {
            Err(StreamError::Closed)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PAYLOAD_LIMIT_BYTES, Recording, ResponseKind, response};
    use crate::{Head, StreamError};

    #[test]
    fn calls_out_of_order_are_refused_and_change_nothing() {
        let recording = Recording::default();

        recording.on_write(b"a").unwrap();
        assert_eq!(
            recording.on_write_headers(Head::new(404)),
            Err(StreamError::AlreadyStarted)
        );
        recording.on_finish().unwrap();
        assert_eq!(
            recording.on_write_headers(Head::new(404)),
            Err(StreamError::AlreadyFinished)
        );
        assert_eq!(recording.on_write(b"b"), Err(StreamError::AlreadyFinished));
        assert_eq!(recording.on_finish(), Err(StreamError::AlreadyFinished));

        assert_eq!(recording.status(), Some(200));
        assert_eq!(recording.text(), "a");
    }

    #[test]
    fn a_refused_head_leaves_the_response_unstarted() {
        let (response, recording) = response();

        let error = response
            .start(Head::new(200).header("a b", ""))
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            "invalid header: `a b` is not a valid header name"
        );
        assert_eq!(recording.status(), None);
    }

    #[test]
    fn an_empty_write_starts_the_response_and_sends_nothing() {
        let (response, recording) = response();

        response.into_body().write("").unwrap();

        assert_eq!(recording.status(), Some(200));
        assert!(recording.chunks().is_empty());
    }

    #[test]
    fn an_end_without_a_write_is_an_empty_answer() {
        let (response, recording) = response();

        response.into_body().finish().unwrap();

        assert_eq!(recording.status(), Some(200));
        assert!(recording.body().is_empty());
        assert!(recording.finished());
    }

    #[test]
    fn a_caller_that_is_gone_hears_nothing() {
        let (response, recording) = response();
        recording.close_after_writes(0);

        let refused = response.start(200).unwrap_err();

        assert_eq!(*refused.reason(), StreamError::Closed);
        assert_eq!(recording.status(), None);
    }

    #[test]
    fn a_document_is_json_and_has_no_status() {
        let (response, recording) = response();

        response.document(&["a", "b"]).unwrap();

        assert_eq!(recording.kind(), Some(ResponseKind::Document));
        assert_eq!(recording.status(), None);
        assert_eq!(recording.json::<Vec<String>>().unwrap(), ["a", "b"]);
        assert!(recording.finished());
    }

    #[test]
    fn a_document_that_is_too_large_is_refused_for_good() {
        let (response, recording) = response();

        let mut body = response.start_document().unwrap();
        body.write(vec![b'x'; PAYLOAD_LIMIT_BYTES]).unwrap();
        let error = body.write("y").unwrap_err().to_string();
        assert!(error.contains("6291557 bytes"), "{error}");
        body.write("").unwrap_err();
        body.finish().unwrap_err();
        assert!(!recording.finished());
    }

    #[test]
    fn a_raw_stream_has_a_content_type_that_is_one() {
        let (mut response, recording) = response();
        for refused in [
            "",
            "a\nb",
            "application/vnd.awslambda.http-integration-response",
        ] {
            response = response.start_raw(refused).unwrap_err().into_response();
        }

        response
            .start_raw("text/csv")
            .unwrap()
            .write("a,b\n")
            .unwrap();

        assert_eq!(recording.kind(), Some(ResponseKind::Raw));
        assert_eq!(recording.content_type().as_deref(), Some("text/csv"));
        assert_eq!(recording.status(), None);
        assert_eq!(recording.text(), "a,b\n");
    }
}
