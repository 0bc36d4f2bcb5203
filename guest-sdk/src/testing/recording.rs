//! A response that is kept instead of sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::head;
use crate::{Head, Response, StreamError, stream::Stream};

/// Makes a response for a handler, and the recording of what the handler does with it.
pub fn response() -> (Response, Recording) {
    let recording = Recording::default();
    (
        Response::new(Stream::Recording(recording.clone())),
        recording,
    )
}

/// What a handler did with its response. See [`response`].
///
/// It can be looked at before, while and after the handler runs.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    /// Present once the response has started.
    head: Option<Head>,
    chunks: Vec<Vec<u8>>,
    is_finished: bool,
    /// Writes that still succeed before the caller goes away. `None` for a caller that stays.
    writes_left: Option<usize>,
}

impl Recording {
    /// Makes the caller go away after a number of writes: from then on every call fails with
    /// [`StreamError::Closed`]. With 0 nothing succeeds.
    pub fn close_after_writes(&self, writes: usize) {
        self.lock().writes_left = Some(writes);
    }

    /// Returns the status, once the response has started.
    pub fn status(&self) -> Option<u16> {
        self.lock().head.as_ref().map(|head| head.status)
    }

    /// Returns the headers as the handler gave them, in order. Empty before the start.
    pub fn headers(&self) -> Vec<(String, String)> {
        self.lock()
            .head
            .as_ref()
            .map(|head| head.headers.clone())
            .unwrap_or_default()
    }

    /// Returns the first value of a header. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<String> {
        let headers = self.headers().into_iter();
        headers
            .filter(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    /// Returns the cookies as the handler gave them, in order. Empty before the start.
    pub fn cookies(&self) -> Vec<String> {
        self.lock()
            .head
            .as_ref()
            .map(|head| head.cookies.clone())
            .unwrap_or_default()
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

    /// Tells whether the handler ended the response itself.
    ///
    /// A handler that returns without doing so is no mistake: the host ends the response then.
    pub fn finished(&self) -> bool {
        self.lock().is_finished
    }

    pub(crate) fn on_write_headers(&self, head: Head) -> Result<(), StreamError> {
        let mut record = self.lock();
        record.check_open()?;
        if record.head.is_some() {
            return Err(StreamError::AlreadyStarted);
        }
        head::check(&head)?;
        record.head = Some(head);
        Ok(())
    }

    pub(crate) fn on_write(&self, chunk: &[u8]) -> Result<(), StreamError> {
        let mut record = self.lock();
        record.check_open()?;
        record.head.get_or_insert_default();
        record.writes_left = record.writes_left.map(|writes| writes.saturating_sub(1));
        if !chunk.is_empty() {
            record.chunks.push(chunk.to_vec());
        }
        Ok(())
    }

    pub(crate) fn on_finish(&self) -> Result<(), StreamError> {
        let mut record = self.lock();
        record.check_open()?;
        record.head.get_or_insert_default();
        record.is_finished = true;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // A handler that panicked may have held it; what was recorded until then still counts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
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
    use super::{Recording, response};
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
            .write_headers(Head::new(200).header("a b", ""))
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

        let refused = response.write_headers(200).unwrap_err();

        assert_eq!(*refused.reason(), StreamError::Closed);
        assert_eq!(recording.status(), None);
    }
}
