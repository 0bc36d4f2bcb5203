//! The response to a request: its timeouts, its body, and the end of the exchange.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep};
use wasmtime_wasi_http::{Error, RequestOptions};

use super::connect::Permit;
use super::failure_log::ResponseSource;
use super::idle::{Ages, Key};
use super::keep_alive::KeepAlive;
use super::link::{Link, response_error};
use super::moment::Moment;
use super::policy::Policy;
use super::pool::Pool;
use super::request_log::RequestRecord;

/// The timeouts of an exchange: those of the guest, within those of the user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) first_byte: Duration,
    pub(super) idle: Duration,
}

impl Timeouts {
    pub(super) fn new(policy: &Policy, wanted: Option<RequestOptions>) -> Self {
        let wanted = wanted.unwrap_or_default();
        let within = |limit: Duration, wanted: Option<Duration>| {
            wanted.map_or(limit, |wanted| wanted.min(limit))
        };
        Self {
            connect: within(policy.connect, wanted.connect_timeout),
            first_byte: within(policy.first_byte, wanted.first_byte_timeout),
            idle: within(policy.idle, wanted.between_bytes_timeout),
        }
    }
}

pub(super) type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// A connection that carries a response, with what is to be done at its end.
pub(super) struct Ending {
    pub(super) link: Link,
    pub(super) key: Key,
    pub(super) limits: KeepAlive,
    /// How long the peer keeps the connection, if it has said so.
    pub(super) peer_keeps: Option<Duration>,
    /// Whether the connection may serve another request.
    pub(super) is_kept: bool,
    pub(super) permit: Permit,
    pub(super) record: Option<RequestRecord>,
}

impl Ending {
    /// Returns the future that drives the connection. The connection goes to `pool` in the same poll in which
    /// the body of the response is complete, because the guest may drop the future right after.
    pub(super) fn into_io(mut self, pool: &'static Pool) -> Io {
        // A short response is complete already.
        let mut cx = Context::from_waker(Waker::noop());
        match self.link.poll_end_of_exchange(&mut cx) {
            Poll::Ready(is_open) => Box::new(self.end(is_open, pool)),
            Poll::Pending => Box::new(async move {
                let is_open = poll_fn(|cx| self.link.poll_end_of_exchange(cx)).await;
                self.end(is_open, pool).await
            }),
        }
    }

    /// Keeps the connection, or returns a future that closes it.
    fn end(
        self,
        is_open: bool,
        pool: &Pool,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        drop(self.permit);
        drop(self.record);
        let closing = if is_open && self.is_kept {
            let ages = Ages {
                opened: self.link.opened,
                idle_since: Moment::now(),
                peer_keeps: self.peer_keeps,
            };
            pool.put(self.key, self.link, ages, self.limits);
            None
        } else {
            Some(self.link)
        };
        async move {
            if let Some(link) = closing {
                link.close().await;
            }
            Ok(())
        }
    }
}

/// A body with an idle timeout between its frames.
pub(super) struct TimedBody {
    body: Incoming,
    of: ResponseSource,
    idle: Duration,
    /// Runs while a frame is awaited.
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    pub(super) fn new(body: Incoming, idle: Duration, of: ResponseSource) -> Self {
        Self {
            body,
            of,
            idle,
            timer: None,
        }
    }

    fn broken(&self, error: Error) -> Error {
        self.of.broke_off(&error);
        error
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.timer = None;
            let frame =
                frame.map(|frame| frame.map_err(|error| self.broken(response_error(error))));
            return Poll::Ready(frame);
        }
        let idle = self.idle;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(Some(Err(self.broken(Error::ConnectionReadTimeout))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
