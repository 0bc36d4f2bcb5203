//! An answer, read as Lambda's front ends read it: a head for the caller, then the body.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use lambda_protocol::headers::HTTP_INTEGRATION_TEXT;
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use tokio::sync::oneshot;

use super::answer::{Answer, Failure, Part, ResponseMode, Verdict, settled};
use super::door::Door;
use super::prelude::{INVALID_PRELUDE, PreludeReader, ResponseHead};

/// A response whose head is known.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) mode: ResponseMode,
    pub(crate) head: ResponseHead,
    /// Whether the body still starts with a prelude that its reader does not strip.
    pub(crate) has_unread_prelude: bool,
    /// The start of the body, which came together with the head. May be empty.
    pub(crate) first: Bytes,
    pub(crate) rest: Answer,
}

impl Reply {
    /// Waits for the whole body.
    ///
    /// # Errors
    ///
    /// The invocation failed, or the body is larger than Lambda passes on.
    pub(crate) async fn whole(self) -> Result<Bytes, Failure> {
        whole(self.first, self.rest).await
    }
}

/// Waits for a whole answer. What is too large is counted to its end and not kept.
///
/// # Errors
///
/// The invocation failed, or the answer is larger than Lambda passes on.
pub(crate) async fn whole(first: Bytes, mut rest: Answer) -> Result<Bytes, Failure> {
    let mut size = first.len();
    let mut body = Vec::from(first);
    while let Some(part) = rest.parts.recv().await {
        let Part::Chunk(chunk) = part else { continue };
        size += chunk.len();
        if size <= PAYLOAD_LIMIT_BYTES {
            body.extend_from_slice(&chunk);
        }
    }
    verdict_of(rest).await?;
    if size > PAYLOAD_LIMIT_BYTES {
        return Err(Failure::too_large(size));
    }
    Ok(body.into())
}

/// Who reads an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reader {
    /// A front end, which makes an HTTP response of it.
    Door(Door),
    /// Somebody who takes the payload as it is.
    Payload,
}

impl Reader {
    /// Whether a stream of this content type begins with a prelude that is taken off.
    fn reads_prelude(self, content_type: Option<&str>) -> bool {
        match self {
            // A front end that buffers invokes the function as anybody else does.
            Self::Door(door) => {
                door.streams() && (door.demands_prelude() || announces_prelude(content_type))
            }
            Self::Payload => false,
        }
    }
}

fn announces_prelude(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|content_type| essence(content_type) == HTTP_INTEGRATION_TEXT)
}

/// Waits for the head.
///
/// # Errors
///
/// The invocation failed before there was one, or what came is not a response.
pub(crate) async fn open(mut answer: Answer, reader: Reader) -> Result<Reply, Failure> {
    let Some(Part::Head { mode, content_type }) = answer.parts.recv().await else {
        return Err(verdict_of(answer)
            .await
            .err()
            .unwrap_or_else(Failure::truncated));
    };
    let content_type = content_type.as_deref();
    match (mode, reader) {
        (ResponseMode::Streaming, Reader::Door(door)) if reader.reads_prelude(content_type) => {
            read_prelude(answer, door).await
        }
        (ResponseMode::Streaming, _) => {
            let has_unread_prelude = announces_prelude(content_type);
            let head = typed(content_type.unwrap_or("application/octet-stream"));
            let (first, rest) = first_chunk(answer).await?;
            Ok(Reply {
                mode,
                head,
                has_unread_prelude,
                first,
                rest,
            })
        }
        // What a runtime calls a buffered response is not passed on by Lambda.
        (ResponseMode::Buffered, _) => Ok(Reply {
            mode,
            head: typed("application/json"),
            has_unread_prelude: false,
            first: Bytes::new(),
            rest: answer,
        }),
    }
}

/// The head of a response that has a content type and nothing else.
fn typed(content_type: &str) -> ResponseHead {
    let content_type = HeaderValue::try_from(content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    ResponseHead {
        status: StatusCode::OK,
        reason: None,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        warnings: Vec::new(),
    }
}

/// Waits for the first bytes. Some runtimes open their response before they know that they fail:
/// as long as nothing was written, that is a failure before the first byte.
async fn first_chunk(mut answer: Answer) -> Result<(Bytes, Answer), Failure> {
    while let Some(part) = answer.parts.recv().await {
        match part {
            Part::Chunk(chunk) if !chunk.is_empty() => return Ok((chunk, answer)),
            Part::Chunk(_) | Part::Head { .. } => {}
        }
    }
    let Answer {
        verdict,
        log,
        parts,
    } = answer;
    settled(verdict.await)?;
    let (told, verdict) = oneshot::channel();
    // The receiver is below.
    let _ = told.send(Ok(()));
    let answer = Answer {
        parts,
        verdict,
        log,
    };
    Ok((Bytes::new(), answer))
}

async fn read_prelude(mut answer: Answer, door: Door) -> Result<Reply, Failure> {
    let mut reader = PreludeReader::new(door);
    loop {
        let Some(part) = answer.parts.recv().await else {
            let message = "the response ended without a prelude and its delimiter";
            verdict_of(answer).await?;
            return Err(Failure::new(INVALID_PRELUDE, message));
        };
        let Part::Chunk(chunk) = part else { continue };
        match reader.push(&chunk) {
            Ok(None) => {}
            Ok(Some((head, first))) => {
                return Ok(Reply {
                    mode: ResponseMode::Streaming,
                    head,
                    has_unread_prelude: false,
                    first,
                    rest: answer,
                });
            }
            Err(message) => return Err(Failure::new(INVALID_PRELUDE, message)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::answer;

    #[tokio::test]
    async fn a_response_that_ends_in_its_prelude_is_refused() {
        let (responder, answer) = answer::channel();
        let head = Part::Head {
            mode: ResponseMode::Streaming,
            content_type: Some(HTTP_INTEGRATION_TEXT.to_owned()),
        };
        for part in [head, Part::Chunk(Bytes::from_static(b"{}"))] {
            responder.parts.send(part).await.unwrap();
        }
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        let failure = open(answer, Reader::Door(Door::Url)).await.unwrap_err();

        assert_eq!(failure.error_type, INVALID_PRELUDE);
    }

    /// The next parts of an answer in streaming mode, with a prelude.
    async fn with_prelude() -> Answer {
        let (responder, answer) = answer::channel();
        let head = Part::Head {
            mode: ResponseMode::Streaming,
            content_type: Some(HTTP_INTEGRATION_TEXT.to_owned()),
        };
        let chunk = Bytes::from_static(b"{\"statusCode\":201}\0\0\0\0\0\0\0\0hi");
        for part in [head, Part::Chunk(chunk)] {
            responder.parts.send(part).await.unwrap();
        }
        responder.verdict.send(Ok(())).unwrap();
        answer
    }

    #[tokio::test]
    async fn only_front_ends_that_stream_take_the_prelude_off() {
        for door in [Door::Url, Door::Rest] {
            let reply = open(with_prelude().await, Reader::Door(door))
                .await
                .unwrap();
            assert_eq!(reply.head.status, 201);
            assert!(!reply.has_unread_prelude);
            assert_eq!(reply.whole().await.unwrap(), "hi");
        }
        let buffering = [Door::Http, Door::Alb, Door::AlbMulti].map(Reader::Door);
        for reader in buffering.into_iter().chain([Reader::Payload]) {
            let reply = open(with_prelude().await, reader).await.unwrap();
            assert_eq!(reply.head.status, 200);
            assert!(reply.has_unread_prelude);
            assert!(
                reply
                    .whole()
                    .await
                    .unwrap()
                    .starts_with(b"{\"statusCode\":201}\0")
            );
        }
    }

    #[tokio::test]
    async fn a_response_that_fails_before_its_first_byte_is_a_failure() {
        for verdict in [Ok(()), Err(Failure::new("Function.Error", "early"))] {
            let (responder, answer) = answer::channel();
            let head = Part::Head {
                mode: ResponseMode::Streaming,
                content_type: None,
            };
            responder.parts.send(head).await.unwrap();
            responder.verdict.send(verdict.clone()).unwrap();
            drop(responder.parts);

            let opened = open(answer, Reader::Door(Door::Url)).await;

            assert_eq!(opened.map(|_| ()), verdict);
        }
    }

    #[tokio::test]
    async fn a_whole_answer_has_a_limit() {
        let (responder, answer) = answer::channel();
        let chunk = Bytes::from(vec![b'x'; PAYLOAD_LIMIT_BYTES]);
        responder.parts.send(Part::Chunk(chunk)).await.unwrap();
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        let failure = whole("y".into(), answer).await.unwrap_err();

        assert_eq!(
            failure.message,
            "Response payload size (6291557 bytes) exceeded maximum allowed payload size \
             (6291556 bytes)."
        );
    }
}
