//! Builders for unit tests.

use bytes::Bytes;
use http::request::{Builder, Parts};
use tokio::time::Instant;

use crate::response::{Outcome, Part, ResponseMode, ResponseReceiver, ResponseSender, channel};

/// The head of a request.
pub(crate) fn parts(request: Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

/// The first part of a streamed response.
pub(crate) fn stream_head(content_type: Option<&str>) -> Part {
    Part::Head {
        mode: ResponseMode::Streaming,
        content_type: content_type.map(str::to_owned),
    }
}

pub(crate) fn chunk(bytes: &'static [u8]) -> Part {
    Part::Chunk(Bytes::from_static(bytes), Instant::now())
}

/// A response that has begun with these parts and goes on.
pub(crate) async fn begun(
    parts: impl IntoIterator<Item = Part>,
) -> (ResponseSender, ResponseReceiver) {
    let (sender, receiver) = channel();
    for part in parts {
        sender.parts.send(part).await.unwrap();
    }
    (sender, receiver)
}

/// A response of these parts that has ended.
pub(crate) async fn ended(
    parts: impl IntoIterator<Item = Part>,
    outcome: Outcome,
) -> ResponseReceiver {
    let (sender, receiver) = begun(parts).await;
    sender.outcome.send(outcome).unwrap();
    receiver
}
