//! The bodies of requests.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::task::JoinSet;
use wasmtime_wasi_http::{Error, WasiBody};

/// The bodies of requests that are not sent. A guest may write one before it looks at the answer; if the
/// writing failed, that would be all it sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsent(Arc<Mutex<JoinSet<()>>>);

impl Unsent {
    /// Throws away what the guest writes, until it has written all of it or its instance is gone.
    pub(super) fn take(&self, mut body: WasiBody) {
        if body.is_end_stream() {
            return;
        }
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
    }
}

/// A body that ends with an error, and not as if it were complete, once the instance that writes it is
/// gone: an instance that is torn down says nothing of the bodies it had not finished.
pub(super) struct Upload {
    body: WasiBody,
    gone: Arc<AtomicBool>,
}

impl Upload {
    pub(super) fn new(body: WasiBody, gone: Arc<AtomicBool>) -> Self {
        Self { body, gone }
    }

    pub(super) fn boxed(self) -> WasiBody {
        self.boxed_unsync()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() && self.gone.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(Error::ConnectionTerminated)));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;

    use super::*;

    async fn end_of_upload(gone: bool) -> Option<Result<Frame<Bytes>, Error>> {
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let mut upload = Upload::new(body, Arc::new(AtomicBool::new(gone)));
        upload.frame().await
    }

    #[tokio::test]
    async fn a_body_whose_writer_is_gone_does_not_look_complete() {
        assert!(end_of_upload(false).await.is_none());
        assert!(matches!(end_of_upload(true).await, Some(Err(_))));
    }
}
