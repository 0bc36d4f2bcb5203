//! A response, read as far as its reader needs before it can reply.

use bytes::Bytes;

use super::buffered::{null_status_warning, unfold};
use super::channel::{Part, ResponseMode, ResponseReceiver, outcome_of};
use super::head::ResponseHead;
use super::rules::ResponseRules;
use super::start::{Reader, StartedResponse, receive_whole, start};
use crate::failure::{Failure, INVALID_RESPONSE};

/// A response whose head is known.
#[derive(Debug)]
pub struct OpenedResponse {
    /// Status, headers, and warnings about them.
    pub head: ResponseHead,
    pub(crate) body: OpenedBody,
}

#[derive(Debug)]
pub(crate) enum OpenedBody {
    /// A whole body, for a service that buffers.
    Whole(Bytes),
    /// A body that is passed on as it arrives. `first` arrived with the head and may be empty.
    Stream {
        first: Bytes,
        rest: ResponseReceiver,
    },
}

impl OpenedResponse {
    /// Waits for the next chunk of the body. `None` means that the body is complete.
    ///
    /// # Errors
    ///
    /// The invocation failed: the chunks so far are not the whole body.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        match &mut self.body {
            OpenedBody::Whole(bytes) => Ok(taken(bytes)),
            OpenedBody::Stream { first, rest } => {
                if let Some(first) = taken(first) {
                    return Ok(Some(first));
                }
                while let Some(part) = rest.parts.recv().await {
                    if let Part::Chunk(chunk, _) = part
                        && !chunk.is_empty()
                    {
                        return Ok(Some(chunk));
                    }
                }
                let outcome = (&mut rest.outcome).await;
                self.body = OpenedBody::Whole(Bytes::new());
                outcome_of(outcome).map(|()| None)
            }
        }
    }

    /// Waits for the rest of the body.
    ///
    /// # Errors
    ///
    /// The invocation failed, or the body is larger than Lambda passes on as a whole.
    pub async fn bytes(self) -> Result<Bytes, Failure> {
        match self.body {
            OpenedBody::Whole(bytes) => Ok(bytes),
            OpenedBody::Stream { first, rest } => receive_whole(first, rest).await,
        }
    }
}

/// Takes the bytes, if there are any.
fn taken(bytes: &mut Bytes) -> Option<Bytes> {
    (!bytes.is_empty()).then(|| std::mem::take(bytes))
}

/// Reads as much of a response as a service with these rules needs before it replies to its caller. A
/// service that buffers passes on at most `limit` bytes.
///
/// # Errors
///
/// The invocation failed, the response is too large, or the service cannot read it.
pub(crate) async fn open(
    response: ResponseReceiver,
    rules: &'static ResponseRules,
    limit: Option<usize>,
) -> Result<OpenedResponse, Failure> {
    let started = start(response, Reader::Service(rules)).await?;
    if started.mode == ResponseMode::Streaming && rules.streams() {
        return Ok(started.into());
    }
    let StartedResponse {
        mut head,
        has_unread_prelude,
        first,
        rest,
        ..
    } = started;
    let body = receive_whole(first, rest).await?;
    if let Some(limit) = limit.filter(|limit| body.len() > *limit) {
        let message = format!(
            "the service passes on {limit} bytes at most, and the response has {}",
            body.len()
        );
        return Err(Failure::new("Service.ResponseTooLarge", message));
    }
    let unread = has_unread_prelude.then(|| unread_prelude(rules));
    match unfold(&body, rules) {
        Ok(Some((head, body))) => Ok(whole(head, body)),
        Ok(None) => {
            head.warnings.extend(unread);
            head.warnings.extend(null_status_warning(&body));
            Ok(whole(head, body))
        }
        Err(message) => Err(Failure::new(INVALID_RESPONSE, unread.unwrap_or(message))),
    }
}

/// Opens a response as a stream, in both modes. Returns whether its body begins with a prelude that the
/// reader does not parse.
///
/// # Errors
///
/// The invocation failed before its head.
pub(crate) async fn open_stream(
    response: ResponseReceiver,
    reader: Reader,
) -> Result<(OpenedResponse, bool), Failure> {
    let started = start(response, reader).await?;
    let has_unread_prelude = started.has_unread_prelude;
    Ok((started.into(), has_unread_prelude))
}

impl From<StartedResponse> for OpenedResponse {
    fn from(started: StartedResponse) -> Self {
        Self {
            head: started.head,
            body: OpenedBody::Stream {
                first: started.first,
                rest: started.rest,
            },
        }
    }
}

fn whole(head: ResponseHead, body: Bytes) -> OpenedResponse {
    OpenedResponse {
        head,
        body: OpenedBody::Whole(body),
    }
}

fn unread_prelude(rules: &ResponseRules) -> String {
    format!(
        "{} reads a document, and the response begins with the head of an HTTP stream and eight zero \
         bytes: `response.buffered = \"auto\"` makes `bootstrap` send the document",
        rules.service
    )
}
