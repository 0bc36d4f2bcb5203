//! A response body that hyper polls, which does the work on demand.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bench_workload::{Work, spin, stamp};
use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

const PRELUDE: &[u8] =
    b"{\"statusCode\":200,\"headers\":{\"content-type\":\"text/plain\"}}\0\0\0\0\0\0\0\0";

pub(crate) struct WorkBody {
    work: Work,
    chunk: Bytes,
    pause: Pin<Box<Sleep>>,
    /// Number of frames returned: the prelude, then the chunks.
    frames: u64,
}

impl WorkBody {
    pub(crate) fn new(work: Work) -> Self {
        Self {
            work,
            chunk: work.chunk().into(),
            pause: Box::pin(sleep(work.pause)),
            frames: 0,
        }
    }

    fn next_chunk(&mut self) -> Bytes {
        spin(self.work.spin);
        if self.work.stamp {
            let mut chunk = self.work.chunk();
            stamp(&mut chunk);
            return chunk.into();
        }
        self.chunk.clone()
    }
}

impl Body for WorkBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let pause = self.work.pause;
        if self.frames > self.work.chunks {
            return Poll::Ready(None);
        }
        if self.frames > 1 && !pause.is_zero() {
            ready!(self.pause.as_mut().poll(cx));
        }
        self.frames += 1;
        if self.frames == 1 {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PRELUDE)))));
        }
        if !pause.is_zero() {
            self.pause = Box::pin(sleep(pause));
        }
        let chunk = self.next_chunk();
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}
