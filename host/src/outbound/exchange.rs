//! One request and its response, on their own connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Sleep, sleep, timeout};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::connect::{self, NoConnection, Permit, Stream};
use super::failure_log::ResponseSource;
use super::policy::Policy;
use super::target::Destination;

/// Most headers of a response.
const HEADER_LIMIT: usize = 1000;

/// The timeouts of an exchange: those of the guest, within those of the user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    connect: Duration,
    first_byte: Duration,
    idle: Duration,
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

type Connection = Pin<Box<http1::Connection<TokioIo<Box<dyn Stream>>, WasiBody>>>;
pub(super) type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// A connection for one exchange, with its permit.
pub(super) struct Opened {
    sender: http1::SendRequest<WasiBody>,
    connection: Connection,
    permit: Permit,
}

/// Connects to `destination`.
pub(super) async fn connect(
    policy: &Policy,
    destination: &Destination,
    timeouts: Timeouts,
    permit: Permit,
) -> Result<Opened, NoConnection> {
    let opening = connect::open(policy, destination, &permit);
    let opening = timeout(timeouts.connect, opening);
    let stream = opening.await.map_err(|_| Error::ConnectionTimeout)??;
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(policy.header_bytes)
        .max_headers(HEADER_LIMIT)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(Error::from)?;
    Ok(Opened {
        sender,
        connection: Box::pin(connection),
        permit,
    })
}

impl Opened {
    /// Sends `request` and waits for the head of its response. Poll the second part of the result until
    /// the body of the response has ended; it holds the permit.
    pub(super) async fn send(
        self,
        mut request: Request<WasiBody>,
        timeouts: Timeouts,
        source: ResponseSource,
    ) -> Result<(Response<WasiBody>, Io), Error> {
        let Self {
            mut sender,
            mut connection,
            permit,
        } = self;
        *request.uri_mut() = in_origin_form(request.uri());
        let responding = timeout(timeouts.first_byte, sender.send_request(request));
        let response = drive(&mut connection, responding).await?;
        let response = response.map_err(|_| Error::ConnectionReadTimeout)?;
        let response = response.map_err(response_error)?;
        let response =
            response.map(|body| TimedBody::new(body, timeouts.idle, source).boxed_unsync());
        let io = async move {
            // Without a sender, the connection ends with the exchange.
            drop(sender);
            // The body of the response reports errors from here on.
            let _ = connection.await;
            drop(permit);
            Ok(())
        };
        Ok((response, Box::new(io)))
    }
}

/// Waits for `responding` while driving the connection.
async fn drive<T>(
    connection: &mut Connection,
    responding: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::pin!(responding);
    tokio::select! {
        biased;
        response = &mut responding => Ok(response),
        // Its end resolves `responding`.
        _ended = connection.as_mut() => Ok(responding.await),
    }
}

fn response_error(error: hyper::Error) -> Error {
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

/// A body with an idle timeout between its frames.
struct TimedBody {
    body: Incoming,
    of: ResponseSource,
    idle: Duration,
    /// Runs while a frame is awaited.
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    fn new(body: Incoming, idle: Duration, of: ResponseSource) -> Self {
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
