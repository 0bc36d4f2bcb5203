//! What is sent as the body of a request.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue, TRAILER};
use http::request::Parts;
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use wasmtime_wasi_http::WasiBody;

use super::body::Upload;

/// How long a request waits for the guest to begin or end its body, where an empty one allows repetition.
const REPEATABLE_PATIENCE: Duration = Duration::from_millis(50);

/// The body of a request.
pub(super) enum Payload {
    /// All of it, so that it can be sent twice.
    Held(Bytes),
    /// What the guest writes, while it writes it.
    Streamed(WasiBody),
    /// It was handed to a connection.
    Sent,
}

impl Payload {
    /// Returns what to send for `head`. A body that is known to be empty is held.
    pub(super) async fn of(head: &mut Parts, upload: Upload) -> Self {
        let is_repeatable = matches!(head.method, Method::PUT | Method::DELETE | Method::OPTIONS);
        let patience = is_repeatable.then_some(REPEATABLE_PATIENCE);
        Self::of_patient(head, upload, patience).await
    }

    /// Returns what to send for `head`. Waits up to `patience`, or not at all, for the guest to begin or end
    /// the body.
    pub(super) async fn of_patient(
        head: &mut Parts,
        mut upload: Upload,
        patience: Option<Duration>,
    ) -> Self {
        let has_length = head.headers.contains_key(CONTENT_LENGTH);
        // Without a length, hyper sends no body with these methods.
        let is_bodiless = matches!(head.method, Method::GET | Method::HEAD) && !has_length;
        if !is_bodiless && !is_empty(&mut upload, patience).await {
            return Self::Streamed(upload.boxed());
        }
        if matches!(head.method, Method::POST | Method::PUT | Method::PATCH) && !has_length {
            let zero = HeaderValue::from_static("0");
            head.headers.insert(CONTENT_LENGTH, zero);
        }
        Self::Held(Bytes::new())
    }

    /// Passes the body that is streamed through `wrap`.
    pub(super) fn map_streamed(self, wrap: impl FnOnce(WasiBody) -> WasiBody) -> Self {
        match self {
            Self::Streamed(body) => Self::Streamed(wrap(body)),
            other => other,
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Held(_))
    }

    /// Returns the body for one attempt.
    pub(super) fn take(&mut self) -> WasiBody {
        if let Self::Held(bytes) = self {
            return full(bytes.clone());
        }
        match mem::replace(self, Self::Sent) {
            Self::Streamed(body) => body,
            Self::Held(_) | Self::Sent => full(Bytes::new()),
        }
    }

    /// Takes back a body of which nothing was sent.
    pub(super) fn restore(&mut self, body: Option<WasiBody>) {
        if let (Self::Sent, Some(body)) = (&self, body) {
            *self = Self::Streamed(body);
        }
    }
}

/// Whether the guest ends a body without writing anything, as far as `patience` tells.
async fn is_empty(upload: &mut Upload, patience: Option<Duration>) -> bool {
    let Some(patience) = patience else {
        return poll_fn(|cx| Poll::Ready(upload.poll_is_empty(cx) == Poll::Ready(true))).await;
    };
    let first = poll_fn(|cx| upload.poll_is_empty(cx));
    timeout(patience, first).await.unwrap_or(false)
}

/// The length that the guest has announced.
pub(super) fn declared_length(head: &Parts) -> Option<u64> {
    head.headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Makes the head that of a body of this length, which is not sent in chunks.
pub(super) fn set_length(head: &mut Parts, length: usize) {
    head.headers.remove(TRAILER);
    let has_body = matches!(head.method, Method::POST | Method::PUT | Method::PATCH);
    if length > 0 || has_body {
        head.headers
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    } else {
        head.headers.remove(CONTENT_LENGTH);
    }
}

/// Returns a body of these bytes.
pub(super) fn full(bytes: Bytes) -> WasiBody {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}
