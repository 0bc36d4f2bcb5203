//! The body of a streamed answer, in the form the caller understands.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

use super::answer::{Failure, Verdict};
use super::flow::{Flow, Piece};
use super::gunzip::Gunzip;
use super::record::Record;
use super::sdk::frames;

/// How long the last output of an invocation may take through its pipe.
pub(crate) const LOG_WINDOW: Duration = Duration::from_millis(50);

/// How a caller gets an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// As it is. A failure breaks the connection.
    Bytes,
    /// In event-stream frames, the last of which tells the verdict, and the log if asked for.
    EventStream { with_log: bool },
}

/// A streamed answer. As bytes, it ends clean only if the invocation did.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    flow: Flow,
    form: Form,
    /// What undoes the compression on the way, if the door does.
    gunzip: Option<Gunzip>,
    record: Record,
    end: End,
}

#[derive(Debug)]
enum End {
    /// It is not known how it ends.
    Open,
    /// It ends with a frame, which waits for the last output.
    Closing(Verdict, Pin<Box<Sleep>>),
    /// The connection will break; what came before is being sent.
    Failing(Failure),
    /// The end was told.
    Told,
}

impl AnswerBody {
    pub(crate) fn new(flow: Flow, form: Form, record: Record) -> Self {
        Self {
            flow,
            form,
            gunzip: None,
            record,
            end: End::Open,
        }
    }

    /// Gives the caller what was compressed, not what it was compressed to.
    pub(crate) fn gunzipped(mut self) -> Self {
        self.gunzip = Some(Gunzip::new());
        self
    }

    /// Reads to the end for a caller who gets no body.
    pub(crate) async fn drain(mut self) {
        while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await
        {
        }
    }

    /// Waits for the next piece that there is for the caller.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        let Some(gunzip) = &mut self.gunzip else {
            return self.flow.poll_piece(cx);
        };
        loop {
            match gunzip.next() {
                Ok(Some(chunk)) => return Poll::Ready(Piece::Chunk(chunk)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Piece::Cut(not_gzip(&error))),
            }
            match ready!(self.flow.poll_piece(cx)) {
                Piece::Chunk(compressed) => gunzip.push(compressed),
                Piece::End(Ok(())) => {
                    let whole = gunzip.finish().map_err(|error| not_gzip(&error));
                    return Poll::Ready(Piece::End(whole));
                }
                other => return Poll::Ready(other),
            }
        }
    }

    fn chunk(&mut self, chunk: Bytes) -> Bytes {
        self.record.chunk(chunk.len());
        match self.form {
            Form::Bytes => chunk,
            Form::EventStream { .. } => frames::payload_chunk(chunk),
        }
    }

    /// Decides what follows the last piece.
    fn end(&mut self, verdict: Verdict) -> End {
        match (self.form, verdict) {
            (Form::EventStream { with_log }, verdict) => {
                let window = if with_log { LOG_WINDOW } else { Duration::ZERO };
                End::Closing(verdict, Box::pin(sleep(window)))
            }
            (Form::Bytes, Ok(())) => {
                self.record.complete();
                End::Told
            }
            (Form::Bytes, Err(failure)) => End::Failing(failure),
        }
    }

    fn last_frame(&mut self, verdict: &Verdict) -> Bytes {
        match verdict {
            Ok(()) => self.record.complete(),
            Err(failure) => self.record.failed(failure),
        }
        let with_log = self.form == Form::EventStream { with_log: true };
        let log = with_log.then(|| self.flow.log().last());
        frames::invoke_complete(verdict.as_ref().err(), log.as_deref())
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.end, End::Told) {
                End::Told => return Poll::Ready(None),
                End::Failing(failure) => {
                    this.record.failed(&failure);
                    return Poll::Ready(Some(Err(failure)));
                }
                End::Closing(verdict, mut window) => {
                    if window.as_mut().poll(cx).is_pending() {
                        this.end = End::Closing(verdict, window);
                        return Poll::Pending;
                    }
                    let frame = this.last_frame(&verdict);
                    return Poll::Ready(Some(Ok(Frame::data(frame))));
                }
                End::Open => this.end = End::Open,
            }
            this.end = match ready!(this.poll_piece(cx)) {
                Piece::Chunk(chunk) => {
                    return Poll::Ready(Some(Ok(Frame::data(this.chunk(chunk)))));
                }
                Piece::End(verdict) => this.end(verdict),
                Piece::Cut(failure) => End::Failing(failure),
            };
            if matches!(this.end, End::Failing(_)) {
                // hyper drops what it has not flushed when a body fails. It flushes before it
                // polls again.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

fn not_gzip(error: &std::io::Error) -> Failure {
    let message = format!("the body is not the gzip that `content-encoding` says it is: {error}");
    Failure::new("Runtime.InvalidResponse", message)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use lambda_protocol::headers::HTTP_INTEGRATION_TEXT;

    use super::*;
    use crate::dev::answer::{self, Part, Responder, ResponseMode};
    use crate::dev::door::Door;
    use crate::dev::link::Link;
    use crate::dev::reply::{Reader, Reply, open};
    use crate::printer::Printer;

    fn head(content_type: Option<&str>) -> Part {
        let content_type = content_type.map(str::to_owned);
        Part::Head {
            mode: ResponseMode::Streaming,
            content_type,
        }
    }

    fn body(reply: Reply) -> AnswerBody {
        let record = Record::start(Printer::from_terminal(), "GET /".to_owned());
        let flow = Flow::new(reply.first, reply.rest, Link::default());
        AnswerBody::new(flow, Form::Bytes, record)
    }

    async fn send(responder: &Responder, parts: impl IntoIterator<Item = Part>) {
        for part in parts {
            responder.parts.send(part).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_prelude_becomes_the_head_and_the_rest_the_body() {
        let (responder, answer) = answer::channel();
        let stream = b"{\"statusCode\":404}\0\0\0\0\0\0\0\0gone";
        let parts = [
            head(Some(HTTP_INTEGRATION_TEXT)),
            Part::Chunk(Bytes::from_static(stream)),
        ];
        send(&responder, parts).await;
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        let reply = open(answer, Reader::Door(Door::Url)).await.unwrap();

        assert_eq!(reply.head.status, 404);
        assert_eq!(body(reply).collect().await.unwrap().to_bytes(), "gone");
    }

    #[tokio::test]
    async fn other_types_are_passed_on_as_they_are() {
        let (responder, answer) = answer::channel();
        send(
            &responder,
            [
                head(Some("text/csv")),
                Part::Chunk(Bytes::from_static(b"{}\0")),
            ],
        )
        .await;
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        let reply = open(answer, Reader::Door(Door::Url)).await.unwrap();

        assert_eq!(reply.head.headers["content-type"], "text/csv");
        assert_eq!(
            body(reply).collect().await.unwrap().to_bytes(),
            "{}\0".as_bytes()
        );
    }

    #[tokio::test]
    async fn a_failure_after_the_head_breaks_the_body() {
        let (responder, answer) = answer::channel();
        send(
            &responder,
            [head(None), Part::Chunk(Bytes::from_static(b"part"))],
        )
        .await;
        responder
            .verdict
            .send(Err(Failure::new("Function.Trap", "unreachable")))
            .unwrap();
        drop(responder.parts);

        let mut body = body(open(answer, Reader::Door(Door::Url)).await.unwrap());

        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "part");
        assert_eq!(
            body.frame().await.unwrap().unwrap_err().error_type,
            "Function.Trap"
        );
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_breaks_the_body() {
        let (responder, answer) = answer::channel();
        let parts = [head(None), Part::Chunk(Bytes::from_static(b"part"))];
        send(&responder, parts).await;
        drop(responder);

        let error = body(open(answer, Reader::Door(Door::Url)).await.unwrap())
            .collect()
            .await
            .unwrap_err();

        assert_eq!(error.error_type, "Sandbox.Failure");
    }
}
