//! What reads the guest's stream and future of a body. A write goes into the response's buffer while the guest is
//! still in its call, so it is on the wire while the guest computes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use wasmtime::component::{FutureConsumer, Source, StreamConsumer, StreamResult};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView as _;

use super::broken::Broken;
use super::outlet::Outlet;
use super::progress::Progress;
use super::responses::Ending;
use crate::guest::state::GuestState;
use crate::platform::yield_to_driver;
use crate::response::Refused;

/// Takes the bytes of a body from the guest's memory. Dropped when the guest has closed the stream.
pub(super) struct BytesConsumer {
    outlet: Arc<Outlet>,
    progress: Progress,
    /// Lets a chunk leave that took long to compute, while its writer waits.
    leaving: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl BytesConsumer {
    pub(super) fn new(outlet: Arc<Outlet>, progress: Progress) -> Self {
        Self {
            outlet,
            progress,
            leaving: None,
        }
    }

    /// The bytes of a write are taken. Ready when the writer may continue.
    fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<wasmtime::Result<StreamResult>> {
        if let Some(leaving) = &mut self.leaving {
            ready!(leaving.as_mut().poll(cx));
            self.leaving = None;
        }
        Poll::Ready(Ok(StreamResult::Completed))
    }

    /// No more bytes are taken.
    fn refuse(&self, refused: Refused) -> StreamResult {
        self.progress.bytes_ended(match refused {
            Refused::TooLarge(document) => Err(Broken::TooLarge(document.to_string())),
            // The receiver is gone: that is no fault of the guest.
            Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed => Ok(()),
        });
        StreamResult::Dropped
    }
}

impl StreamConsumer<GuestState> for BytesConsumer {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, GuestState>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if self.leaving.is_some() {
            return self.poll_taken(cx);
        }
        let offered = source.remaining(&mut store);
        if let Err(broken) = self.outlet.accept(offered)? {
            self.progress.bytes_ended(Err(broken));
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        let mut source = source.as_direct(store.as_context_mut());
        let taken = match self.outlet.push(source.remaining()) {
            Ok(taken) => taken,
            Err(refused) => return Poll::Ready(Ok(self.refuse(refused))),
        };
        source.mark_read(taken);
        if taken > 0 {
            if std::mem::take(&mut store.data_mut().has_computed) {
                self.leaving = Some(Box::pin(yield_to_driver()));
            }
            return self.poll_taken(cx);
        }
        Poll::Ready(Ok(if self.outlet.poll_room(cx).is_pending() {
            if !finish {
                return Poll::Pending;
            }
            StreamResult::Cancelled
        } else if offered == 0 {
            // The guest asks whether there is room.
            StreamResult::Completed
        } else {
            // There is by now.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }))
    }
}

impl Drop for BytesConsumer {
    fn drop(&mut self) {
        self.progress.bytes_ended(self.outlet.bytes_ended());
    }
}

/// Takes the trailers of a body.
pub(super) struct TrailersConsumer {
    pub(super) outlet: Arc<Outlet>,
    pub(super) progress: Progress,
}

impl FutureConsumer<GuestState> for TrailersConsumer {
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
                        requestId = %self.outlet.current.log_context.request_id,
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
