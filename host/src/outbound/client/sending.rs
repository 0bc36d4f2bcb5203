//! Whether the body of a request is still on its way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

/// The body of a request, which its connection drops when it has taken all of it.
pub(super) struct Sending {
    body: Option<WasiBody>,
    is_sending: Arc<AtomicBool>,
}

impl Sending {
    /// `is_sending` is true for as long as the body exists.
    pub(super) fn new(body: WasiBody, is_sending: Arc<AtomicBool>) -> Self {
        is_sending.store(true, Ordering::Relaxed);
        Self {
            body: Some(body),
            is_sending,
        }
    }

    pub(super) fn into_body(mut self) -> Option<WasiBody> {
        self.body.take()
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let body = self.body.as_mut();
        body.map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let body = self.body.as_ref();
        body.map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.is_sending.store(false, Ordering::Relaxed);
    }
}
