//! An answer, opened as far as its reader needs before it can reply.

use bytes::Bytes;

use super::answer::{Answer, Failure, ResponseMode};
use super::buffered::{remark_on_body, unfold};
use super::door::Door;
use super::event::caller::{Caller, Service};
use super::prelude::ResponseHead;
use super::reply::{self, Reader, Reply};

/// An answer whose head is known.
#[derive(Debug)]
pub(crate) enum Opened {
    /// The body is passed on while it comes.
    Stream(Reply),
    /// All of it was waited for.
    Whole(ResponseHead, Bytes),
}

/// Waits for as much of an answer as `door` wants before it answers its caller. One that buffers passes
/// on `limit` bytes at most.
///
/// # Errors
///
/// The invocation failed, the answer is too large, or it is not one that `door` can read.
pub(crate) async fn open(
    answer: Answer,
    door: Door,
    limit: Option<usize>,
) -> Result<Opened, Failure> {
    let reply = reply::open(answer, Reader::Door(door)).await?;
    if reply.mode == ResponseMode::Streaming && door.streams() {
        return Ok(Opened::Stream(reply));
    }
    let (mut head, has_unread_prelude) = (reply.head.clone(), reply.has_unread_prelude);
    let body = reply.whole().await?;
    if let Some(limit) = limit.filter(|limit| body.len() > *limit) {
        let message = format!(
            "the service passes on {limit} bytes at most, and the response has {}",
            body.len()
        );
        return Err(Failure::new("Service.ResponseTooLarge", message));
    }
    let unread = has_unread_prelude.then(|| unread_by(door));
    match unfold(&body, door) {
        Ok(Some((head, body))) => Ok(Opened::Whole(head, body)),
        Ok(None) => {
            head.warnings.extend(unread);
            head.warnings.extend(remark_on_body(&body));
            Ok(Opened::Whole(head, body))
        }
        Err(message) => {
            let message = unread.unwrap_or(message);
            Err(Failure::new("Runtime.InvalidResponse", message))
        }
    }
}

fn unread_by(door: Door) -> String {
    format!(
        "{} reads a document, and the response begins with the head of an HTTP stream and eight zero \
         bytes: `response.buffered = \"auto\"` makes `bootstrap` answer with the document",
        door.service()
    )
}

/// Opens an answer to an event as the sender of such events does.
///
/// # Errors
///
/// As for [`open`].
pub(crate) async fn open_as(caller: Caller, answer: Answer) -> Result<Opened, Failure> {
    let mut reply = match caller {
        Caller::FrontEnd(door) => return open(answer, door, None).await,
        // A stream is shown as a function URL would, a document as it is.
        Caller::Unknown => reply::open(answer, Reader::Door(Door::Url)).await?,
        Caller::Service(_) => reply::open(answer, Reader::Payload).await?,
    };
    if let Caller::Service(service) = caller
        && service.reads
        && reply.has_unread_prelude
    {
        reply.head.warnings.push(unread_by_service(service));
    }
    Ok(Opened::Stream(reply))
}

fn unread_by_service(Service { name, .. }: Service) -> String {
    format!(
        "this is the event of {name}, which reads the payload as it is: here it begins with the head of \
         an HTTP stream and eight zero bytes. Answer with a document (`start-document`, in Rust \
         `response.document(&value)`)"
    )
}
