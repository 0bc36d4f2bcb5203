//! Reads the head of a response.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use lambda_protocol::headers::HTTP_INTEGRATION_TEXT;
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use tokio::sync::oneshot;

use super::channel::{Outcome, Part, ResponseMode, ResponseReceiver, outcome_of};
use super::head::ResponseHead;
use super::prelude::PreludeReader;
use super::rules::{Prelude, ResponseRules};
use crate::failure::{Failure, INVALID_PRELUDE};
use crate::headers::essence;

/// A response whose head has arrived.
#[derive(Debug)]
pub(super) struct StartedResponse {
    pub(super) mode: ResponseMode,
    pub(super) head: ResponseHead,
    /// Whether the body still begins with a prelude, which its reader does not parse.
    pub(super) has_unread_prelude: bool,
    /// The start of the body, which arrived together with the head. May be empty.
    pub(super) first: Bytes,
    pub(super) rest: ResponseReceiver,
}

/// Reads a whole body, of which `first` has arrived. A body over the limit is counted to its end but not
/// kept.
///
/// # Errors
///
/// The invocation failed, or the body is larger than Lambda passes on.
pub(crate) async fn receive_whole(
    first: Bytes,
    mut rest: ResponseReceiver,
) -> Result<Bytes, Failure> {
    let mut size = first.len();
    let mut body = Vec::from(first);
    while let Some(part) = rest.parts.recv().await {
        let Part::Chunk(chunk, _) = part else {
            continue;
        };
        size += chunk.len();
        if size <= PAYLOAD_LIMIT_BYTES {
            body.extend_from_slice(&chunk);
        }
    }
    ended(rest).await?;
    if size > PAYLOAD_LIMIT_BYTES {
        return Err(Failure::too_large(size));
    }
    Ok(body.into())
}

/// Who reads a response.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    /// A service, which turns it into an HTTP response by these rules.
    Service(&'static ResponseRules),
    /// A caller that takes the payload as it is.
    Payload,
}

impl Reader {
    /// Returns whether the reader parses a prelude in a stream of this content type.
    fn reads_prelude(self, content_type: Option<&str>) -> bool {
        match self {
            Self::Service(rules) => match rules.prelude {
                Prelude::NotRead => false,
                Prelude::IfAnnounced => announces_prelude(content_type),
                Prelude::Required => true,
            },
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
/// The invocation failed before its head, or the output is not a response.
pub(super) async fn start(
    mut response: ResponseReceiver,
    reader: Reader,
) -> Result<StartedResponse, Failure> {
    let Some(Part::Head { mode, content_type }) = response.parts.recv().await else {
        return Err(ended(response)
            .await
            .err()
            .unwrap_or_else(Failure::truncated));
    };
    let content_type = content_type.as_deref();
    match (mode, reader) {
        (ResponseMode::Streaming, Reader::Service(rules)) if reader.reads_prelude(content_type) => {
            read_prelude(response, rules).await
        }
        (ResponseMode::Streaming, _) => {
            let has_unread_prelude = announces_prelude(content_type);
            let head = typed(content_type.unwrap_or("application/octet-stream"));
            let (first, rest) = first_chunk(response).await?;
            Ok(StartedResponse {
                mode,
                head,
                has_unread_prelude,
                first,
                rest,
            })
        }
        // Lambda does not pass on the content type of a buffered response.
        (ResponseMode::Buffered, _) => Ok(StartedResponse {
            mode,
            head: typed("application/json"),
            has_unread_prelude: false,
            first: Bytes::new(),
            rest: response,
        }),
    }
}

/// Returns a head with only a content type.
fn typed(content_type: &str) -> ResponseHead {
    let content_type = HeaderValue::try_from(content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    ResponseHead {
        status: StatusCode::OK,
        reason: None,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        warnings: Vec::new(),
        document: None,
    }
}

/// Waits for the first bytes. Some runtimes open their response before they know that they fail: if
/// nothing has been written, that is a failure before the first byte.
async fn first_chunk(mut response: ResponseReceiver) -> Result<(Bytes, ResponseReceiver), Failure> {
    while let Some(part) = response.parts.recv().await {
        match part {
            Part::Chunk(chunk, _) if !chunk.is_empty() => return Ok((chunk, response)),
            Part::Chunk(..) | Part::Head { .. } => {}
        }
    }
    let ResponseReceiver {
        outcome,
        log,
        parts,
    } = response;
    outcome_of(outcome.await)?;
    let (sender, outcome) = oneshot::channel();
    // The receiver is below.
    let _ = sender.send(Ok(()));
    let response = ResponseReceiver {
        parts,
        outcome,
        log,
    };
    Ok((Bytes::new(), response))
}

async fn read_prelude(
    mut response: ResponseReceiver,
    rules: &'static ResponseRules,
) -> Result<StartedResponse, Failure> {
    let mut reader = PreludeReader::new(rules);
    loop {
        let Some(part) = response.parts.recv().await else {
            let message = "the response ended without a prelude and its delimiter";
            ended(response).await?;
            return Err(Failure::new(INVALID_PRELUDE, message));
        };
        let Part::Chunk(chunk, _) = part else {
            continue;
        };
        match reader.push(&chunk) {
            Ok(None) => {}
            Ok(Some((head, first))) => {
                return Ok(StartedResponse {
                    mode: ResponseMode::Streaming,
                    head,
                    has_unread_prelude: false,
                    first,
                    rest: response,
                });
            }
            Err(message) => return Err(Failure::new(INVALID_PRELUDE, message)),
        }
    }
}

async fn ended(response: ResponseReceiver) -> Outcome {
    outcome_of(response.outcome.await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrontEnd;
    use crate::testing::{chunk, ended, stream_head};

    fn url() -> Reader {
        Reader::Service(FrontEnd::Url.response_rules())
    }

    async fn whole(started: StartedResponse) -> Result<Bytes, Failure> {
        receive_whole(started.first, started.rest).await
    }

    #[tokio::test]
    async fn a_response_that_ends_in_its_prelude_is_refused() {
        let parts = [stream_head(Some(HTTP_INTEGRATION_TEXT)), chunk(b"{}")];
        let response = ended(parts, Ok(())).await;

        let failure = start(response, url()).await.unwrap_err();

        assert_eq!(failure.error_type, INVALID_PRELUDE);
    }

    /// The next parts of a response in streaming mode, with a prelude.
    async fn with_prelude() -> ResponseReceiver {
        let chunk = chunk(b"{\"statusCode\":201}\0\0\0\0\0\0\0\0hi");
        ended([stream_head(Some(HTTP_INTEGRATION_TEXT)), chunk], Ok(())).await
    }

    #[tokio::test]
    async fn only_front_ends_that_stream_take_the_prelude_off() {
        for front_end in [FrontEnd::Url, FrontEnd::Rest] {
            let reader = Reader::Service(front_end.response_rules());
            let started = start(with_prelude().await, reader).await.unwrap();
            assert_eq!(started.head.status, 201);
            assert!(!started.has_unread_prelude);
            assert_eq!(whole(started).await.unwrap(), "hi");
        }
        let buffering = [FrontEnd::Http, FrontEnd::Alb, FrontEnd::AlbMulti]
            .map(|front_end| Reader::Service(front_end.response_rules()));
        for reader in buffering.into_iter().chain([Reader::Payload]) {
            let started = start(with_prelude().await, reader).await.unwrap();
            assert_eq!(started.head.status, 200);
            assert!(started.has_unread_prelude);
            let body = whole(started).await.unwrap();
            assert!(body.starts_with(b"{\"statusCode\":201}\0"));
        }
    }

    #[tokio::test]
    async fn a_response_that_fails_before_its_first_byte_is_a_failure() {
        for outcome in [Ok(()), Err(Failure::new("Function.Error", "early"))] {
            let response = ended([stream_head(None)], outcome.clone()).await;

            let started = start(response, url()).await;

            assert_eq!(started.map(|_| ()), outcome);
        }
    }

    #[tokio::test]
    async fn a_whole_response_has_a_limit() {
        let now = tokio::time::Instant::now();
        let most = Part::Chunk(vec![b'x'; PAYLOAD_LIMIT_BYTES].into(), now);
        let response = ended([most], Ok(())).await;

        let failure = receive_whole("y".into(), response).await.unwrap_err();

        assert_eq!(
            failure.message,
            "Response payload size (6291557 bytes) exceeded maximum allowed payload size \
             (6291556 bytes)."
        );
    }
}
