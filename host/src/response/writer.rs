//! The guest's half of a response.

use std::sync::Arc;

use http::HeaderValue;

use super::buffer::Buffer;
use super::prelude::Prelude;
use super::state::{Refused, ResponseStream, Telling};
use crate::error_report::{ErrorReport, ErrorType};
use crate::front_end::FrontEnd;

/// What the guest writes to. Dropping it without [`finish`](Self::finish) or
/// [`fail`](Self::fail) ends a started response with error trailers: an end is said aloud, so
/// silence is a failure.
#[derive(Debug)]
pub struct ResponseWriter {
    buffer: Arc<Buffer>,
}

impl ResponseWriter {
    pub(super) fn new(buffer: Arc<Buffer>) -> Self {
        Self { buffer }
    }

    /// Ends a response without a body with a line feed for one, unless its head says how long its
    /// body is. To be called before the start.
    pub fn pad_empty(&self) {
        self.buffer.pad_empty();
    }

    /// The front end that gets a response document in the place of a stream.
    #[must_use]
    pub fn front_end(&self) -> Option<FrontEnd> {
        self.buffer.front_end()
    }

    /// Starts the response with a head.
    ///
    /// # Errors
    ///
    /// Refused when the response has started or ended.
    pub fn write_headers(&self, prelude: Prelude) -> Result<(), Refused> {
        self.buffer.start(prelude)
    }

    /// Starts a response that is a document: nothing leaves before its end.
    ///
    /// # Errors
    ///
    /// Refused when the response has started or ended.
    pub fn start_document(&self) -> Result<(), Refused> {
        self.buffer.start_document()
    }

    /// Starts a stream without a head.
    ///
    /// # Errors
    ///
    /// Refused when the response has started or ended.
    pub fn start_raw(&self, content_type: HeaderValue) -> Result<(), Refused> {
        self.buffer.start_raw(content_type)
    }

    /// Sends `chunk`, waiting while the receiver is behind. An empty chunk starts the response
    /// and sends nothing.
    ///
    /// # Errors
    ///
    /// Refused when the response has ended, or is a document that has become too large.
    pub async fn write(&self, chunk: &[u8]) -> Result<(), Refused> {
        self.buffer.write(chunk).await
    }

    /// Ends the response cleanly.
    ///
    /// # Errors
    ///
    /// Refused when the response has ended, or is a document that is too large.
    pub fn finish(&self) -> Result<(), Refused> {
        self.buffer.finish()
    }

    /// Ends the response because of a failure, and says how the failure is to be told.
    pub fn fail(&self, report: &ErrorReport) -> Telling {
        self.buffer.fail(report)
    }

    /// Where the response stands.
    #[must_use]
    pub fn state(&self) -> ResponseStream {
        self.buffer.state()
    }
}

impl Drop for ResponseWriter {
    fn drop(&mut self) {
        match self.buffer.state() {
            ResponseStream::Streaming => {
                let report =
                    ErrorReport::new(ErrorType::Internal, "the host abandoned the response");
                self.buffer.fail(&report);
            }
            // Nothing has left: the reader's half can still report an error instead.
            ResponseStream::AwaitingPrelude
            | ResponseStream::Collecting
            | ResponseStream::Finished
            | ResponseStream::Failed => {}
        }
    }
}
