//! The body of a streamed response, in the framing that the caller understands.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

use super::channel::Outcome;
use super::event_stream;
use super::gunzip::Gunzip;
use super::paced::{BodyEvent, PacedBody};
use crate::failure::{Failure, INVALID_RESPONSE};
use crate::observer::RequestRecord;

/// How long to wait for the last output of an invocation in its pipe.
pub(crate) const LOG_WINDOW: Duration = Duration::from_millis(50);

/// How a caller gets the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// As the function wrote it. A failure breaks the connection.
    None,
    /// In event-stream frames. The last one carries the outcome, and the log if requested.
    EventStream { with_log: bool },
}

/// The body of a streamed response. Without frames, it ends cleanly only if the invocation did.
#[derive(Debug)]
pub(crate) struct StreamedBody {
    paced: PacedBody,
    framing: Framing,
    /// Decompresses the body, if the service does.
    gunzip: Option<Gunzip>,
    record: RequestRecord,
    end: End,
}

#[derive(Debug)]
enum End {
    /// The body goes on.
    Open,
    /// The last frame waits for the last output.
    Closing(Outcome, Pin<Box<Sleep>>),
    /// The connection will break once all earlier bytes have been sent.
    Failing(Failure),
    /// Nothing follows.
    Done,
}

impl StreamedBody {
    pub(crate) fn new(paced: PacedBody, framing: Framing, record: RequestRecord) -> Self {
        Self {
            paced,
            framing,
            gunzip: None,
            record,
            end: End::Open,
        }
    }

    /// Decompresses the body for the caller.
    pub(crate) fn gunzipped(mut self) -> Self {
        self.gunzip = Some(Gunzip::new());
        self
    }

    /// Reads the body to its end without sending it.
    pub(crate) async fn drain(mut self) {
        while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await
        {
        }
    }

    /// Polls for the next event, after decompression.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<BodyEvent> {
        let Some(gunzip) = &mut self.gunzip else {
            return self.paced.poll_event(cx);
        };
        loop {
            match gunzip.next() {
                Ok(Some(chunk)) => return Poll::Ready(BodyEvent::Chunk(chunk)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(BodyEvent::Cut(not_gzip(&error))),
            }
            match ready!(self.paced.poll_event(cx)) {
                BodyEvent::Chunk(compressed) => gunzip.push(compressed),
                BodyEvent::End(Ok(())) => {
                    let whole = gunzip.finish().map_err(|error| not_gzip(&error));
                    return Poll::Ready(BodyEvent::End(whole));
                }
                other => return Poll::Ready(other),
            }
        }
    }

    fn chunk(&mut self, chunk: Bytes) -> Bytes {
        self.record.chunk(&chunk, self.paced.arrived());
        match self.framing {
            Framing::None => chunk,
            Framing::EventStream { .. } => event_stream::payload_chunk(chunk),
        }
    }

    /// Decides what follows the last chunk.
    fn end(&mut self, outcome: Outcome) -> End {
        match (self.framing, outcome) {
            (Framing::EventStream { with_log }, outcome) => {
                let window = if with_log { LOG_WINDOW } else { Duration::ZERO };
                End::Closing(outcome, Box::pin(sleep(window)))
            }
            (Framing::None, Ok(())) => {
                self.record.complete();
                End::Done
            }
            (Framing::None, Err(failure)) => End::Failing(failure),
        }
    }

    fn last_frame(&mut self, outcome: &Outcome) -> Bytes {
        match outcome {
            Ok(()) => self.record.complete(),
            Err(failure) => self.record.failed(failure),
        }
        let with_log = self.framing == Framing::EventStream { with_log: true };
        let log = with_log.then(|| self.paced.log().last());
        event_stream::invoke_complete(outcome.as_ref().err(), log.as_deref())
    }
}

impl Body for StreamedBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = self.get_mut();
        this.record.taken();
        loop {
            match std::mem::replace(&mut this.end, End::Done) {
                End::Done => return Poll::Ready(None),
                End::Failing(failure) => {
                    this.record.failed(&failure);
                    return Poll::Ready(Some(Err(failure)));
                }
                End::Closing(outcome, mut window) => {
                    if window.as_mut().poll(cx).is_pending() {
                        this.end = End::Closing(outcome, window);
                        return Poll::Pending;
                    }
                    let frame = this.last_frame(&outcome);
                    return Poll::Ready(Some(Ok(Frame::data(frame))));
                }
                End::Open => this.end = End::Open,
            }
            this.end = match ready!(this.poll_event(cx)) {
                BodyEvent::Chunk(chunk) => {
                    return Poll::Ready(Some(Ok(Frame::data(this.chunk(chunk)))));
                }
                BodyEvent::End(outcome) => this.end(outcome),
                BodyEvent::Cut(failure) => End::Failing(failure),
            };
            if matches!(this.end, End::Failing(_)) {
                // When a body fails, hyper drops unflushed bytes. It flushes before it polls again.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

fn not_gzip(error: &std::io::Error) -> Failure {
    let message = format!("the body is not gzip, although `content-encoding` says so: {error}");
    Failure::new(INVALID_RESPONSE, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrontEnd;
    use crate::observer::Observer;
    use crate::recorder::RequestLine;
    use crate::response::channel::ResponseReceiver;
    use crate::response::network::NetworkConditions;
    use crate::response::opened::{OpenedBody, OpenedResponse, open_stream};
    use crate::response::start::Reader;
    use crate::testing::{begun, chunk, ended, stream_head};
    use http_body_util::BodyExt as _;
    use lambda_protocol::headers::HTTP_INTEGRATION_TEXT;

    async fn open(response: ResponseReceiver) -> OpenedResponse {
        let reader = Reader::Service(FrontEnd::Url.response_rules());
        open_stream(response, reader).await.unwrap().0
    }

    fn body(response: OpenedResponse) -> StreamedBody {
        let OpenedBody::Stream { first, rest } = response.body else {
            panic!("not a stream");
        };
        let line = RequestLine {
            method: http::Method::GET,
            uri: http::Uri::from_static("/"),
        };
        let record = RequestRecord::start(Observer::default(), line);
        let paced = PacedBody::new(first, rest, NetworkConditions::default());
        StreamedBody::new(paced, Framing::None, record)
    }

    #[tokio::test]
    async fn the_prelude_becomes_the_head_and_the_rest_the_body() {
        let stream = chunk(b"{\"statusCode\":404}\0\0\0\0\0\0\0\0gone");
        let parts = [stream_head(Some(HTTP_INTEGRATION_TEXT)), stream];

        let response = open(ended(parts, Ok(())).await).await;

        assert_eq!(response.head.status, 404);
        assert_eq!(body(response).collect().await.unwrap().to_bytes(), "gone");
    }

    #[tokio::test]
    async fn other_types_are_passed_on_as_they_are() {
        let parts = [stream_head(Some("text/csv")), chunk(b"{}\0")];

        let response = open(ended(parts, Ok(())).await).await;

        assert_eq!(response.head.headers["content-type"], "text/csv");
        assert_eq!(body(response).collect().await.unwrap().to_bytes(), "{}\0");
    }

    #[tokio::test]
    async fn a_failure_after_the_head_breaks_the_body() {
        let trap = Err(Failure::new("Function.Trap", "unreachable"));
        let response = ended([stream_head(None), chunk(b"part")], trap).await;

        let mut body = body(open(response).await);

        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "part");
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error.error_type, "Function.Trap");
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_breaks_the_body() {
        let (sender, response) = begun([stream_head(None), chunk(b"part")]).await;
        drop(sender);

        let error = body(open(response).await).collect().await.unwrap_err();

        assert_eq!(error.error_type, "Sandbox.Failure");
    }
}
