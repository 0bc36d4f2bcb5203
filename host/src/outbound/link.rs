//! One connection: sends a request, and learns when it can carry another.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, WasiBody};

use super::connect::Stream;
use super::meter::{Meter, Metered};
use super::moment::Moment;
use super::reuse::Loss;

/// Most headers of a response.
const HEADER_LIMIT: usize = 1000;

type Connection = Pin<Box<http1::Connection<TokioIo<Metered<Box<dyn Stream>>>, WasiBody>>>;

/// A connection and the handle that sends requests on it. Closed when dropped.
pub(super) struct Link {
    sender: http1::SendRequest<WasiBody>,
    /// `None` once it has ended.
    connection: Option<Connection>,
    meter: Arc<Meter>,
    pub(super) opened: Moment,
}

/// A request without a response.
pub(super) struct Lost {
    pub(super) loss: Loss,
    pub(super) error: Error,
    /// The body, if nothing of it was sent.
    pub(super) body: Option<WasiBody>,
}

impl Lost {
    /// A request that is not sent again.
    pub(super) fn for_good(error: Error) -> Self {
        Self {
            loss: Loss::Other,
            error,
            body: None,
        }
    }
}

impl Link {
    /// Speaks HTTP/1.1 over `stream`, with heads of at most `header_bytes`.
    pub(super) async fn over(stream: Box<dyn Stream>, header_bytes: usize) -> Result<Self, Error> {
        let meter = Arc::new(Meter::default());
        let stream = Metered::new(stream, Arc::clone(&meter));
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(header_bytes)
            .max_headers(HEADER_LIMIT)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Error::from)?;
        Ok(Self {
            sender,
            connection: Some(Box::pin(connection)),
            meter,
            opened: Moment::now(),
        })
    }

    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Sends `request` and waits for the head of its response, for at most `first_byte`.
    pub(super) async fn send(
        &mut self,
        mut request: Request<WasiBody>,
        first_byte: Duration,
    ) -> Result<Response<Incoming>, Lost> {
        *request.uri_mut() = in_origin_form(request.uri());
        let received = self.meter.received();
        let mut responding = pin!(self.sender.try_send_request(request));
        let connection = &mut self.connection;
        let responded = poll_fn(|cx| {
            drive(connection, cx);
            responding.as_mut().poll(cx)
        });
        match timeout(first_byte, responded).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(failed)) => Err(lost(failed, self.meter.received() > received)),
            Err(_elapsed) => Err(Lost::for_good(Error::ConnectionReadTimeout)),
        }
    }

    /// Drives the connection until the exchange is over on both sides. Returns whether the connection can
    /// carry another one.
    pub(super) fn poll_end_of_exchange(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        drive(&mut self.connection, cx);
        match self.sender.poll_ready(cx) {
            _ if self.connection.is_none() => Poll::Ready(false),
            Poll::Ready(Ok(())) if self.meter.is_flushed() => Poll::Ready(true),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_closed)) => Poll::Ready(false),
        }
    }

    /// Closes the connection in order, with a notice to the peer over TLS.
    pub(super) async fn close(self) {
        drop(self.sender);
        if let Some(connection) = self.connection {
            // Its errors are of no consequence: the exchange is over.
            let _ = connection.await;
        }
    }

    /// Whether an idle connection is still open, and nothing was received on it: a peer that closes it, or
    /// sends a response to no request, ends it.
    pub(super) fn poll_is_open(&mut self, cx: &mut Context<'_>) -> bool {
        drive(&mut self.connection, cx);
        self.connection.is_some() && self.sender.is_ready()
    }
}

/// Polls the connection. Drops it if it has ended, so that a request that waits for it fails at once.
fn drive(connection: &mut Option<Connection>, cx: &mut Context<'_>) {
    if let Some(open) = connection
        && open.as_mut().poll(cx).is_ready()
    {
        *connection = None;
    }
}

fn lost(mut failed: TrySendError<Request<WasiBody>>, is_answered: bool) -> Lost {
    let request = failed.take_message();
    let error = failed.into_error();
    let loss = if request.is_some() {
        Loss::Unwritten
    } else if is_answered || error.is_user() {
        Loss::Other
    } else {
        Loss::Unanswered
    };
    Lost {
        loss,
        error: response_error(error),
        body: request.map(Request::into_body),
    }
}

/// Maps an error of an exchange.
pub(super) fn response_error(error: hyper::Error) -> Error {
    if error.is_parse_too_large() {
        return Error::HttpResponseHeaderSectionSize(None);
    }
    if error.is_incomplete_message() {
        return Error::HttpResponseIncomplete;
    }
    Error::from(error)
}

/// Returns the origin form of `uri`: the host goes into a header.
fn in_origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Uri::builder()
        .path_and_query(path)
        .build()
        .unwrap_or_default()
}
