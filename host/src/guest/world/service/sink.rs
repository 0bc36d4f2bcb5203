//! Where the body of a response leaves the guest. A write goes into the response's buffer while the guest is
//! still in its call, so it is on the wire while the guest computes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime::component::{FutureConsumer, Source, StreamConsumer, StreamResult};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, WasiHttpView as _};

use super::responses::Ending;
use crate::guest::state::{ActiveInvocation, GuestState};
use crate::response::Refused;

/// Why a body is not what its response promised.
#[derive(Debug)]
pub(super) enum Broken {
    /// Its length differs from the `content-length`.
    Length { promised: u64, written: u64 },
    /// The guest gave an error in place of trailers.
    Trailers(ErrorCode),
    /// The server whose body the guest passed on broke off.
    Upstream(Error),
    /// A document that is too large.
    TooLarge(String),
    /// Nothing is left that could end it.
    Leaked,
}

impl Broken {
    /// The failure of the invocation.
    pub(super) fn report(&self) -> ErrorReport {
        let (error_type, message) = match self {
            Self::Length { promised, written } if written > promised => (
                ErrorType::HandlerError,
                format!(
                    "the handler wrote {written} bytes of response or more, and its `content-length` is {promised}"
                ),
            ),
            Self::Length { promised, written } => (
                ErrorType::HandlerError,
                format!(
                    "the handler ended its response after {written} bytes, and its `content-length` is {promised}"
                ),
            ),
            Self::Trailers(error) => (
                ErrorType::HandlerError,
                format!("the handler ended its response with the error {error:?}"),
            ),
            Self::Upstream(error) => (
                ErrorType::HandlerError,
                format!("the body that the handler passed on broke off: {error}"),
            ),
            Self::TooLarge(message) => (ErrorType::ResponseTooLarge, message.clone()),
            Self::Leaked => (
                ErrorType::HandlerError,
                "the handler ended without ending its response, and nothing is left that could end it; drop \
                 the stream of the body, and write its trailers"
                    .to_owned(),
            ),
        };
        ErrorReport::new(error_type, message)
    }

    /// What the guest learns.
    pub(super) fn error_code(&self) -> ErrorCode {
        match self {
            Self::Length { written, .. } => ErrorCode::HttpResponseBodySize(Some(*written)),
            Self::Trailers(error) => error.clone(),
            Self::Upstream(_) | Self::Leaked => ErrorCode::HttpResponseIncomplete,
            Self::TooLarge(message) => ErrorCode::InternalError(Some(message.clone())),
        }
    }
}

type End = Result<(), Broken>;

/// How far the parts of a body have come.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Parts>>);

#[derive(Default)]
struct Parts {
    contents: Part,
    trailers: Part,
    waiting: Option<Waker>,
}

#[derive(Default)]
enum Part {
    #[default]
    Open,
    Ended(End),
}

impl Progress {
    /// A body without bytes has nothing to end but its trailers.
    pub(super) fn contents_ended(&self, end: End) {
        self.change(|parts| parts.contents.end(end));
    }

    pub(super) fn trailers_ended(&self, end: End) {
        self.change(|parts| parts.trailers.end(end));
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        let waiting = parts.waiting.take();
        drop(parts);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    /// Ready when both parts have ended, or the bytes have ended badly. Bytes before bad trailers count.
    pub(super) fn poll_end(&self, cx: &Context<'_>) -> Poll<End> {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = match (&parts.contents, &parts.trailers) {
            (Part::Ended(Err(_)), _) => parts.contents.take(),
            (Part::Ended(Ok(())), Part::Ended(_)) => parts.trailers.take(),
            (Part::Open, _) | (_, Part::Open) => None,
        };
        match end {
            Some(end) => Poll::Ready(end),
            None => {
                parts.waiting = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Part {
    /// The first end counts.
    fn end(&mut self, end: End) {
        if let Self::Open = self {
            *self = Self::Ended(end);
        }
    }

    fn take(&mut self) -> Option<End> {
        match std::mem::replace(self, Self::Ended(Ok(()))) {
            Self::Open => None,
            Self::Ended(end) => Some(end),
        }
    }
}

/// Counts bytes against the `content-length`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    pub(super) promised: Option<u64>,
    written: u64,
}

impl Length {
    pub(super) fn new(promised: Option<u64>) -> Self {
        Self {
            promised,
            written: 0,
        }
    }

    /// Whether `bytes` more are too many. Then none of them may leave: a client takes a body of the promised
    /// length for a complete one.
    pub(super) fn check(&self, bytes: usize) -> Result<(), Broken> {
        let written = self.written.saturating_add(bytes as u64);
        match self.promised {
            Some(promised) if written > promised => Err(Broken::Length { promised, written }),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes as u64);
    }

    /// The end of the bytes.
    pub(super) fn end(&self) -> Result<(), Broken> {
        match self.promised {
            Some(promised) if self.written < promised => Err(Broken::Length {
                promised,
                written: self.written,
            }),
            Some(_) | None => Ok(()),
        }
    }
}

/// Takes the bytes of a body from the guest's memory. Dropped when the guest has closed the stream.
pub(super) struct Sink {
    pub(super) current: Arc<ActiveInvocation>,
    pub(super) length: Length,
    pub(super) progress: Progress,
    /// Bytes of the guest's present write that are counted and not yet taken.
    counted: usize,
}

impl Sink {
    pub(super) fn new(current: Arc<ActiveInvocation>, length: Length, progress: Progress) -> Self {
        Self {
            current,
            length,
            progress,
            counted: 0,
        }
    }

    /// Counts a write once, however often it is offered.
    fn count(&mut self, state: &mut GuestState, offered: usize) -> wasmtime::Result<()> {
        if offered > self.counted {
            state.count_write(offered - self.counted)?;
            self.counted = offered;
        }
        Ok(())
    }

    /// Takes as many bytes as there is room for.
    fn take(&mut self, cx: &Context<'_>, mut bytes: &[u8]) -> (usize, Poll<Result<(), Refused>>) {
        let offered = bytes.len();
        loop {
            let outcome = match self.current.response.poll_write(cx, bytes) {
                Poll::Ready(Ok(taken)) => {
                    bytes = bytes.get(taken..).unwrap_or_default();
                    if bytes.is_empty() {
                        Poll::Ready(Ok(()))
                    } else {
                        continue;
                    }
                }
                Poll::Ready(Err(refused)) => Poll::Ready(Err(refused)),
                Poll::Pending => Poll::Pending,
            };
            return (offered - bytes.len(), outcome);
        }
    }

    fn refuse(&self, refused: Refused) -> StreamResult {
        self.progress.contents_ended(match refused {
            Refused::TooLarge(document) => Err(Broken::TooLarge(document.to_string())),
            // The receiver is gone: that is no fault of the guest.
            Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed => Ok(()),
        });
        StreamResult::Dropped
    }
}

impl StreamConsumer<GuestState> for Sink {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, GuestState>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let offered = source.remaining(&mut store);
        if let Err(broken) = self.length.check(offered) {
            self.progress.contents_ended(Err(broken));
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        self.count(store.data_mut(), offered)?;
        let mut source = source.as_direct(store.as_context_mut());
        let (taken, outcome) = self.take(cx, source.remaining());
        source.mark_read(taken);
        self.length.add(taken);
        self.counted -= taken;
        Poll::Ready(Ok(match outcome {
            Poll::Ready(Err(refused)) => self.refuse(refused),
            Poll::Ready(Ok(())) => StreamResult::Completed,
            Poll::Pending if taken > 0 => StreamResult::Completed,
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
        }))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.progress.contents_ended(self.length.end());
    }
}

/// Takes the trailers of a body.
pub(super) struct TrailersSink {
    pub(super) current: Arc<ActiveInvocation>,
    pub(super) progress: Progress,
}

impl FutureConsumer<GuestState> for TrailersSink {
    type Item = Ending;

    fn poll_consume(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, GuestState>,
        mut source: Source<'_, Ending>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut ending = None;
        source.read(&mut store, &mut ending)?;
        let end = match ending {
            None | Some(Ok(None)) => Ok(()),
            Some(Ok(Some(trailers))) => {
                let trailers = store.data_mut().http().table.delete(trailers)?;
                if !trailers.is_empty() {
                    tracing::warn!(
                        requestId = %self.current.log_context.request_id,
                        "the response has trailers, and no front end of Lambda sends any: they are dropped"
                    );
                }
                Ok(())
            }
            Some(Err(error)) => Err(Broken::Trailers(error)),
        };
        self.progress.trailers_ended(end);
        Poll::Ready(Ok(()))
    }
}
