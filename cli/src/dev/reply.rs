//! An answer, read as Lambda's front ends read it: a head for the caller, then the body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::{Body, Frame};

use super::answer::{Answer, Failure, Part, ResponseMode, Verdict, settled};
use super::prelude::{INTEGRATION_RESPONSE, PreludeReader, ResponseHead};
use super::record::Record;

/// A response whose head is known.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) mode: ResponseMode,
    pub(crate) head: ResponseHead,
    /// The start of the body, which came together with the head. May be empty.
    pub(crate) first: Bytes,
    pub(crate) rest: Answer,
}

impl Reply {
    /// Waits for the whole body.
    ///
    /// # Errors
    ///
    /// The invocation failed.
    pub(crate) async fn whole(mut self) -> Result<Bytes, Failure> {
        let mut body = Vec::from(self.first);
        while let Some(part) = self.rest.parts.recv().await {
            if let Part::Chunk(chunk) = part {
                body.extend_from_slice(&chunk);
            }
        }
        verdict_of(self.rest).await?;
        Ok(body.into())
    }
}

/// Waits for the head.
///
/// # Errors
///
/// The invocation failed before there was one, or what came is not a response.
pub(crate) async fn open(mut answer: Answer) -> Result<Reply, Failure> {
    let Some(Part::Head { mode, content_type }) = answer.parts.recv().await else {
        return Err(verdict_of(answer)
            .await
            .err()
            .unwrap_or_else(Failure::truncated));
    };
    let has_prelude = mode == ResponseMode::Streaming
        && content_type
            .as_deref()
            .is_some_and(|it| essence(it) == INTEGRATION_RESPONSE);
    if has_prelude {
        return read_prelude(answer).await;
    }
    let default = match mode {
        ResponseMode::Buffered => "application/json",
        ResponseMode::Streaming => "application/octet-stream",
    };
    // What a runtime calls a buffered response is not passed on by Lambda.
    let content_type = content_type
        .filter(|_| mode == ResponseMode::Streaming)
        .and_then(|value| HeaderValue::try_from(value).ok())
        .unwrap_or(HeaderValue::from_static(default));
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
    let head = ResponseHead {
        status: StatusCode::OK,
        headers,
    };
    Ok(Reply {
        mode,
        head,
        first: Bytes::new(),
        rest: answer,
    })
}

async fn read_prelude(mut answer: Answer) -> Result<Reply, Failure> {
    let mut reader = PreludeReader::default();
    loop {
        let Some(part) = answer.parts.recv().await else {
            let message = "the response ended within its prelude";
            verdict_of(answer).await?;
            return Err(Failure::new("Runtime.InvalidPrelude", message));
        };
        let Part::Chunk(chunk) = part else { continue };
        match reader.push(&chunk) {
            Ok(None) => {}
            Ok(Some((head, first))) => {
                return Ok(Reply {
                    mode: ResponseMode::Streaming,
                    head,
                    first,
                    rest: answer,
                });
            }
            Err(message) => return Err(Failure::new("Runtime.InvalidPrelude", message)),
        }
    }
}

async fn verdict_of(answer: Answer) -> Verdict {
    settled(answer.verdict.await)
}

/// A media type without its parameters.
fn essence(content_type: &str) -> String {
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// The body of a reply. It ends clean only if the invocation did.
#[derive(Debug)]
pub(crate) struct ReplyBody {
    first: Bytes,
    rest: Answer,
    record: Record,
    end: End,
}

#[derive(Debug)]
enum End {
    /// The verdict is not known.
    Open,
    /// The invocation failed; what came before is being sent.
    Failing(Failure),
    /// The end was told.
    Told,
}

impl ReplyBody {
    pub(crate) fn new(reply: Reply, record: Record) -> Self {
        Self {
            first: reply.first,
            rest: reply.rest,
            record,
            end: End::Open,
        }
    }

    /// Reads to the end for a caller who gets no body.
    pub(crate) async fn drain(mut self) {
        while let Some(Ok(_)) = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await
        {
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(std::mem::take(&mut self.first)));
        }
        loop {
            match ready!(self.rest.parts.poll_recv(cx)) {
                Some(Part::Chunk(chunk)) => return Poll::Ready(Some(chunk)),
                Some(Part::Head { .. }) => {}
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = self.get_mut();
        match std::mem::replace(&mut this.end, End::Told) {
            End::Told => return Poll::Ready(None),
            End::Failing(failure) => {
                this.record.failed(&failure);
                return Poll::Ready(Some(Err(failure)));
            }
            End::Open => this.end = End::Open,
        }
        if let Some(chunk) = ready!(this.poll_chunk(cx)) {
            this.record.chunk(chunk.len());
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match settled(ready!(Pin::new(&mut this.rest.verdict).poll(cx))) {
            Ok(()) => {
                this.end = End::Told;
                this.record.complete();
                Poll::Ready(None)
            }
            Err(failure) => {
                // hyper drops what it has not flushed when a body fails. It flushes before it
                // polls again.
                this.end = End::Failing(failure);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::answer::{self, Responder};
    use crate::printer::Printer;
    use http_body_util::BodyExt as _;

    fn head(content_type: Option<&str>) -> Part {
        let content_type = content_type.map(str::to_owned);
        Part::Head {
            mode: ResponseMode::Streaming,
            content_type,
        }
    }

    fn body(reply: Reply) -> ReplyBody {
        let record = Record::start(Printer::from_terminal(), "GET /".to_owned());
        ReplyBody::new(reply, record)
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
            head(Some(INTEGRATION_RESPONSE)),
            Part::Chunk(Bytes::from_static(stream)),
        ];
        send(&responder, parts).await;
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        let reply = open(answer).await.unwrap();

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

        let reply = open(answer).await.unwrap();

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

        let mut body = body(open(answer).await.unwrap());

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
        send(&responder, [head(None)]).await;
        drop(responder);

        let error = body(open(answer).await.unwrap())
            .collect()
            .await
            .unwrap_err();

        assert_eq!(error.error_type, "Sandbox.Failure");
    }

    #[tokio::test]
    async fn a_response_that_ends_in_its_prelude_is_refused() {
        let (responder, answer) = answer::channel();
        let parts = [
            head(Some(INTEGRATION_RESPONSE)),
            Part::Chunk(Bytes::from_static(b"{}")),
        ];
        send(&responder, parts).await;
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        assert_eq!(
            open(answer).await.unwrap_err().error_type,
            "Runtime.InvalidPrelude"
        );
    }
}
