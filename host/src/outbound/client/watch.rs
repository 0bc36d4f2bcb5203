//! Looks for placeholders in bodies in which none is replaced.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, WasiBody};

use super::failure_log::log_failure;
use crate::logging::LogContext;
use crate::outbound::secret::Secret;
use crate::outbound::target::Destination;

/// A body that breaks off where it has a placeholder: its host gets the value in bodies, but not in those of this
/// content type. Without this, the host would get the placeholder, and nobody would know why it refuses it.
pub(super) struct Watched {
    body: WasiBody,
    /// Names and placeholders.
    secrets: Vec<(String, String)>,
    /// The end of the data so far, in which a placeholder may have begun.
    seen: Vec<u8>,
    log_context: Arc<LogContext>,
    destination: Destination,
}

impl Watched {
    /// Passes `body` on. Looks for the placeholders of `secrets` in it.
    pub(super) fn new(
        body: WasiBody,
        secrets: &[&Secret],
        log_context: &Arc<LogContext>,
        destination: &Destination,
    ) -> Self {
        let secrets = secrets.iter();
        Self {
            body,
            secrets: secrets
                .map(|secret| (secret.name.clone(), secret.placeholder.clone()))
                .collect(),
            seen: Vec::new(),
            log_context: Arc::clone(log_context),
            destination: destination.clone(),
        }
    }

    pub(super) fn boxed(self) -> WasiBody {
        self.boxed_unsync()
    }

    /// Returns the name of a secret whose placeholder ends in `data`.
    fn find(&mut self, data: &[u8]) -> Option<String> {
        self.seen.extend_from_slice(data);
        let mut secrets = self.secrets.iter();
        let found = secrets.find(|(_, placeholder)| {
            let mut parts = self.seen.windows(placeholder.len());
            parts.any(|part| part == placeholder.as_bytes())
        });
        let name = found.map(|(name, _)| name.clone());
        let longest = self.secrets.iter().map(|(_, it)| it.len()).max();
        let kept = longest.unwrap_or(1) - 1;
        self.seen.drain(..self.seen.len().saturating_sub(kept));
        name
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(data)) = &frame
            && let Some(data) = data.data_ref()
            && let Some(name) = self.find(&data.clone())
        {
            log_failure!(
                self.log_context,
                "broke off a request to `{}`: the secret `{name}` is in its body, and its `content-type` is \
                 neither JSON nor a form",
                self.destination
            );
            return Poll::Ready(Some(Err(Error::HttpRequestDenied)));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::channel::Channel;

    use super::*;
    use crate::outbound::secret::{Text, Value};

    async fn is_passed(parts: &[&[u8]], secret: &Secret) -> bool {
        let (mut sender, body) = Channel::<Bytes, Error>::new(10);
        for part in parts {
            let data = Bytes::copy_from_slice(part);
            sender.send_data(data).await.ok().unwrap();
        }
        drop(sender);
        let destination = Destination::of(&"https://api.example/".parse().unwrap()).unwrap();
        let body = Watched::new(
            body.boxed_unsync(),
            &[secret],
            &Arc::default(),
            &destination,
        );
        body.boxed().collect().await.is_ok()
    }

    #[tokio::test]
    async fn a_placeholder_is_found_wherever_the_writes_are_cut() {
        let secret = Secret::new("KEY", Value::Given(Text::new("s3cret")));
        let placeholder = secret.placeholder.as_bytes();
        for cut in 0..=placeholder.len() {
            let (start, end) = placeholder.split_at(cut);
            assert!(!is_passed(&[b"x", start, end, b"x"], &secret).await);
            assert!(
                is_passed(&[start, b"x", end], &secret).await
                    || cut == placeholder.len()
                    || cut == 0
            );
        }
        assert!(is_passed(&[&[0; 100_000], placeholder.split_at(1).1], &secret).await);
    }
}
