//! Request bodies.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use wasmtime_wasi_http::{Error, WasiBody};

/// The bodies of requests that are not sent. A guest may write a body before it reads the response; if the
/// write failed, it would see only that.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsent(Arc<Mutex<JoinSet<()>>>);

impl Unsent {
    /// Discards what the guest writes, until the body ends or the instance is gone.
    pub(super) fn take(&self, mut body: WasiBody) {
        // Without a runtime, the process is ending.
        if body.is_end_stream() || Handle::try_current().is_err() {
            return;
        }
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move { while let Some(Ok(_)) = body.frame().await {} });
    }
}

/// A body that ends with an error, instead of as complete, once the instance that writes it is gone:
/// dropping an instance does not mark its unfinished bodies as incomplete.
///
/// A body that is dropped before its end, because the connection broke or the response came early, goes to
/// [`Unsent`].
pub(super) struct Upload {
    /// A frame that was taken from `body` already.
    first: Option<Result<Frame<Bytes>, Error>>,
    body: Option<WasiBody>,
    gone: Arc<AtomicBool>,
    unsent: Unsent,
}

impl Upload {
    pub(super) fn new(body: WasiBody, gone: Arc<AtomicBool>, unsent: Unsent) -> Self {
        Self {
            first: None,
            body: Some(body),
            gone,
            unsent,
        }
    }

    /// Waits for what the guest writes first. Returns whether it has ended the body without writing anything.
    pub(super) fn poll_is_empty(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.first.is_none() {
            match ready!(Pin::new(&mut *self).poll_frame(cx)) {
                None => return Poll::Ready(true),
                frame => self.first = frame,
            }
        }
        Poll::Ready(false)
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
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        if frame.is_none() && self.gone.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(Error::ConnectionTerminated)));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        if self.first.is_some() {
            return SizeHint::default();
        }
        let body = self.body.as_ref();
        body.map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let is_gone = self.gone.load(Ordering::Acquire);
        if let Some(body) = self.body.take().filter(|_| !is_gone) {
            self.unsent.take(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http_body_util::{Empty, Full};

    use super::*;

    fn upload(body: WasiBody) -> Upload {
        Upload::new(body, Arc::default(), Unsent::default())
    }

    fn full(text: &'static str) -> WasiBody {
        let body = Full::new(Bytes::from_static(text.as_bytes()));
        body.map_err(|never| match never {}).boxed_unsync()
    }

    #[tokio::test]
    async fn what_is_read_ahead_of_a_body_is_part_of_it() {
        for text in ["data", ""] {
            let mut upload = upload(full(text));
            for _ in 0..2 {
                let is_empty = poll_fn(|cx| upload.poll_is_empty(cx)).await;
                assert_eq!(is_empty, text.is_empty());
                assert_eq!(upload.is_end_stream(), text.is_empty());
            }
            let body = upload.collect().await.unwrap();
            assert_eq!(body.to_bytes(), text);
        }
    }

    async fn end_of_upload(gone: bool) -> Option<Result<Frame<Bytes>, Error>> {
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let mut upload = Upload::new(body, Arc::new(AtomicBool::new(gone)), Unsent::default());
        upload.frame().await
    }

    #[tokio::test]
    async fn a_body_whose_writer_is_gone_does_not_look_complete() {
        assert!(end_of_upload(false).await.is_none());
        assert!(matches!(end_of_upload(true).await, Some(Err(_))));
    }
}
