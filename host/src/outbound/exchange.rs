//! One request and its answer on a connection of their own.

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
use super::policy::Policy;
use super::target::Destination;
use super::told::AnswerOf;

/// Headers of an answer.
const HEADER_LIMIT: usize = 1000;

/// How long the parts of an exchange may take: what the guest wants, within what the user allows.
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

/// A connection for one exchange, with the permit for it.
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
    /// Sends `request` and waits for the head of its answer. The second part of the result has to be
    /// driven until the body of the answer has ended, and holds the permit as long.
    pub(super) async fn send(
        self,
        mut request: Request<WasiBody>,
        timeouts: Timeouts,
        answer_of: AnswerOf,
    ) -> Result<(Response<WasiBody>, Io), Error> {
        let Self {
            mut sender,
            mut connection,
            permit,
        } = self;
        *request.uri_mut() = in_origin_form(request.uri());
        let answering = timeout(timeouts.first_byte, sender.send_request(request));
        let answer = drive(&mut connection, answering).await?;
        let answer = answer.map_err(|_| Error::ConnectionReadTimeout)?;
        let answer = answer.map_err(answer_error)?;
        let answer =
            answer.map(|body| TimedBody::new(body, timeouts.idle, answer_of).boxed_unsync());
        let io = async move {
            // The connection ends with the exchange once nobody can send another request on it.
            drop(sender);
            // What goes wrong from here on, the body of the answer tells.
            let _ = connection.await;
            drop(permit);
            Ok(())
        };
        Ok((answer, Box::new(io)))
    }
}

/// Waits for `answering` while the connection works.
async fn drive<T>(
    connection: &mut Connection,
    answering: impl Future<Output = T>,
) -> Result<T, Error> {
    tokio::pin!(answering);
    tokio::select! {
        biased;
        answer = &mut answering => Ok(answer),
        // It tells the waiting side of its end.
        _ended = connection.as_mut() => Ok(answering.await),
    }
}

fn answer_error(error: hyper::Error) -> Error {
    if error.is_parse_too_large() {
        return Error::HttpResponseHeaderSectionSize(None);
    }
    if error.is_incomplete_message() {
        return Error::HttpResponseIncomplete;
    }
    Error::from(error)
}

/// The form a server wants, which has the host in a header.
fn in_origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Uri::builder()
        .path_and_query(path)
        .build()
        .unwrap_or_default()
}

/// A body whose parts must not be too far apart.
struct TimedBody {
    body: Incoming,
    of: AnswerOf,
    idle: Duration,
    /// Runs while somebody waits for a part.
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    fn new(body: Incoming, idle: Duration, of: AnswerOf) -> Self {
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
            let frame = frame.map(|frame| frame.map_err(|error| self.broken(answer_error(error))));
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
