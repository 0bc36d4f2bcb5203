//! The response to a request: its timeouts, its body, and the end of the exchange.

use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::task::{self, Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use wasmtime_wasi_http::{Error, RequestOptions};

use super::connect::Permit;
use super::failure_log::ResponseSource;
use super::idle::{Ages, Key};
use super::late_timer::LateTimer;
use super::link::{Link, response_error};
use super::moment::Moment;
use super::pool::Pool;
use super::request_log::RequestRecord;
use crate::outbound::keep_alive::KeepAlive;
use crate::outbound::policy::Policy;

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
    /// Keeps the connection, or returns it to be closed.
    fn end(self, is_open: bool, pool: &Pool) -> Option<Link> {
        drop(self.permit);
        drop(self.record);
        if !is_open || !self.is_kept {
            return Some(self.link);
        }
        let ages = Ages {
            opened: self.link.opened,
            idle_since: Moment::now(),
            peer_keeps: self.peer_keeps,
        };
        pool.put(self.key, self.link, ages, self.limits);
        None
    }
}

/// An exchange whose response has begun.
pub(super) struct Exchange {
    pool: &'static Pool,
    /// `None` once it is over.
    ending: Option<Ending>,
    /// Closes a connection that is not kept.
    closing: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Exchange {
    pub(super) fn new(ending: Ending, pool: &'static Pool) -> Self {
        let mut exchange = Self {
            pool,
            ending: Some(ending),
            closing: None,
        };
        // A short response is complete already.
        let _ = exchange.poll_end(&mut Context::from_waker(Waker::noop()));
        exchange
    }

    /// Drives the connection until the exchange is over. The connection goes to the pool in the same poll in which
    /// the response is complete, because the guest may drop the response right after.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(ending) = &mut self.ending {
            let is_open = task::ready!(ending.link.poll_end_of_exchange(cx));
            let ending = self.ending.take();
            let unkept = ending.and_then(|ending| ending.end(is_open, self.pool));
            self.closing = unkept
                .map(|link| -> Pin<Box<dyn Future<Output = ()> + Send>> { Box::pin(link.close()) });
        }
        if let Some(closing) = &mut self.closing {
            task::ready!(closing.as_mut().poll(cx));
            self.closing = None;
        }
        Poll::Ready(())
    }

    /// Divides the exchange into the body of the response and the task that drives the connection. A request that
    /// was sent whole needs no task: the connection is driven while the body is read, which saves a change of
    /// tasks for each part of it.
    pub(super) fn carrying(mut self, incoming: Incoming, is_sent: bool) -> (Carried, Io) {
        if is_sent {
            let exchange = Some(self);
            return (Carried { incoming, exchange }, Box::new(ready(Ok(()))));
        }
        let io = async move {
            poll_fn(|cx| self.poll_end(cx)).await;
            Ok(())
        };
        let exchange = None;
        (Carried { incoming, exchange }, Box::new(io))
    }
}

/// The body of a response, with its connection unless a task drives that.
pub(super) struct Carried {
    incoming: Incoming,
    exchange: Option<Exchange>,
}

impl Carried {
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut frame = Pin::new(&mut self.incoming).poll_frame(cx);
        let Some(exchange) = &mut self.exchange else {
            return frame;
        };
        if frame.is_pending() {
            let _ = exchange.poll_end(cx);
            frame = Pin::new(&mut self.incoming).poll_frame(cx);
        }
        let is_last = frame.is_ready() && self.incoming.is_end_stream();
        if is_last || matches!(frame, Poll::Ready(None)) {
            let _ = exchange.poll_end(cx);
        }
        frame
    }
}

/// A body with an idle timeout between its frames.
pub(super) struct TimedBody {
    body: Carried,
    of: ResponseSource,
    idle: Duration,
    timer: LateTimer,
}

impl TimedBody {
    pub(super) fn new(body: Carried, idle: Duration, of: ResponseSource) -> Self {
        Self {
            body,
            of,
            idle,
            timer: LateTimer::default(),
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
        let this = &mut *self;
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            this.timer.end();
            let frame =
                frame.map(|frame| frame.map_err(|error| this.broken(response_error(error))));
            return Poll::Ready(frame);
        }
        task::ready!(this.timer.poll_is_over(this.idle, cx));
        Poll::Ready(Some(Err(self.broken(Error::ConnectionReadTimeout))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.incoming.size_hint()
    }
}
