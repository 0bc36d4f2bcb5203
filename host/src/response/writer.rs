//! The guest's half of a response.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use http::HeaderValue;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use lambda_protocol::front_end::FrontEnd;
use lambda_protocol::prelude::Prelude;
use lambda_protocol::response_document::DocumentTooLarge;

use super::buffer::Buffer;
use super::invoker::Invoker;
use super::state::{FailureRoute, Refused, ResponseStream};
use crate::capsule::{Output, Taken, Tape};

/// What the guest writes to. Dropping it without [`finish`](Self::finish) or
/// [`fail`](Self::fail) ends a started response with error trailers: the end is explicit, so its
/// absence is a failure.
#[derive(Debug)]
pub struct ResponseWriter {
    buffer: Arc<Buffer>,
    invoker: Option<Invoker>,
    /// Detected at the first write of a guest that has not chosen a kind: detection reads the whole event.
    front_end: OnceLock<Option<FrontEnd>>,
}

impl ResponseWriter {
    pub(super) fn new(buffer: Arc<Buffer>, invoker: Option<Invoker>) -> Self {
        Self {
            buffer,
            invoker,
            front_end: OnceLock::new(),
        }
    }

    /// Sends one line feed as the body of an empty response, unless `content-length` was set. Call before
    /// the start.
    pub fn pad_empty(&self) {
        self.buffer.pad_empty();
    }

    /// The front end that gets a response document instead of a stream.
    #[must_use]
    pub fn front_end(&self) -> Option<FrontEnd> {
        let find = || self.invoker.as_ref().and_then(Invoker::front_end);
        *self.front_end.get_or_init(find)
    }

    /// Why a document cannot be sent, if it has become too large.
    #[must_use]
    pub fn too_large(&self) -> Option<DocumentTooLarge> {
        self.buffer.too_large()
    }

    /// Starts the response with a head.
    ///
    /// # Errors
    ///
    /// Refused when the response has started or ended.
    pub fn write_headers(&self, prelude: Prelude) -> Result<(), Refused> {
        if self.tape().is_none() {
            return self.buffer.start(prelude, self.front_end());
        }
        let [json, _] = prelude.clone().into_chunks();
        let started = self.buffer.start(prelude, self.front_end());
        self.taped(Output::Head(&json), started)
    }

    /// Starts a response that is a document of this content type: nothing leaves before its end.
    ///
    /// # Errors
    ///
    /// Refused when the response has started or ended.
    pub fn start_document(&self, content_type: HeaderValue) -> Result<(), Refused> {
        let started = self.buffer.start_document(content_type);
        self.taped(Output::Document, started)?;
        self.forget_front_end();
        Ok(())
    }

    /// Starts a stream without a head.
    ///
    /// # Errors
    ///
    /// Refused when the response has started or ended.
    pub fn start_raw(&self, content_type: &HeaderValue) -> Result<(), Refused> {
        let started = self.buffer.start_raw(content_type.clone());
        let text = String::from_utf8_lossy(content_type.as_bytes());
        self.taped(Output::Raw(&text), started)?;
        self.forget_front_end();
        Ok(())
    }

    /// Sends `chunk`, waiting while the receiver is behind. An empty chunk starts the response
    /// and sends nothing.
    ///
    /// # Errors
    ///
    /// Refused when the response has ended, or is a document that has become too large.
    pub async fn write(&self, chunk: &[u8]) -> Result<(), Refused> {
        self.buffer.write(chunk, self.front_end()).await
    }

    /// Returns how many bytes [`write_now`](Self::write_now) takes at least. 0 while the receiver is behind.
    ///
    /// # Errors
    ///
    /// Refused as a write would be.
    pub fn room(&self) -> Result<usize, Refused> {
        self.buffer.room()
    }

    /// Ready once a write does not have to wait: there is room, or it would be refused.
    pub fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        self.buffer.poll_room(cx)
    }

    /// Sends the beginning of `chunk`, as much as can be sent without waiting, and returns its length. Call it
    /// after the start.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn write_now(&self, chunk: &[u8]) -> Result<usize, Refused> {
        self.buffer.write_now(chunk)
    }

    /// Returns what becomes of the response once it has ended.
    #[must_use]
    pub fn transmission(&self) -> Transmission {
        Transmission(Arc::clone(&self.buffer))
    }

    /// Ends the response cleanly.
    ///
    /// # Errors
    ///
    /// Refused when the response has ended, or is a document that is too large.
    pub fn finish(&self) -> Result<(), Refused> {
        let finished = self.buffer.finish(self.front_end());
        self.taped(Output::Finish, finished)
    }

    /// Ends the response because of a failure, and returns how to report it.
    pub fn fail(&self, report: &ErrorReport) -> FailureRoute {
        self.buffer.fail(report)
    }

    fn tape(&self) -> Option<&Tape> {
        self.invoker.as_ref().and_then(Invoker::tape)
    }

    /// Records or compares a part of the response. Returns how it was taken.
    fn taped(&self, output: Output<'_>, result: Result<(), Refused>) -> Result<(), Refused> {
        let Some(tape) = self.tape() else {
            return result;
        };
        match tape.wrote(output, Taken::of(&result)) {
            Taken::Closed => Err(Refused::Closed),
            Taken::Whole | Taken::Refused => result,
        }
    }

    /// The guest has chosen a kind of response that is the same for every invoker.
    fn forget_front_end(&self) {
        // Fails if it was detected already.
        let _ = self.front_end.set(None);
    }

    /// The state of the response.
    #[must_use]
    pub fn state(&self) -> ResponseStream {
        self.buffer.state()
    }
}

/// Resolves when Lambda has answered the response, to whether it has accepted the whole of it. Of one response,
/// only one can be awaited.
#[derive(Debug)]
pub struct Transmission(Arc<Buffer>);

impl Future for Transmission {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        self.0.poll_accepted(cx)
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
            // Nothing has left: the reader's half can still post an error instead.
            ResponseStream::AwaitingPrelude
            | ResponseStream::Collecting
            | ResponseStream::Finished
            | ResponseStream::Failed => {}
        }
    }
}
