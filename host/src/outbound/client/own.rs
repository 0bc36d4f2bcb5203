//! Requests of the host itself.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tokio::sync::Semaphore;

use super::connect::{self, Boxed, Failure, Route};
use super::link::Link;
use super::payload::full;
use crate::outbound::policy::{Policy, Reach};
use crate::outbound::target::Destination;

/// An answer, and whether its connection can carry another request.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    pub(super) is_reusable: bool,
}

/// Opens a connection for a request with this head, if there is one yet. The error is a reason for the log.
pub(super) async fn open(
    policy: &Policy,
    destination: &Destination,
    reach: Reach,
    head: Option<&Parts>,
) -> Result<Link, String> {
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned();
    let permit = Arc::new(permit.expect("a new semaphore has its permit"));
    let opening = connect::open(Route {
        policy,
        destination,
        reach,
        head,
        permit: &permit,
        limit: policy.connect,
    });
    opening.await.map_err(|failure| match failure {
        Failure::Other(error) => error.to_string(),
        Failure::Prohibited(_) => format!("its address {}", reach.objection()),
        Failure::OutOfFiles => "the process has no file descriptor left".to_owned(),
    })
}

/// Sends a request, and reads its answer of at most `limit_bytes`. The error is a reason for the log.
pub(super) async fn exchange(
    link: &mut Link,
    request: Request<Bytes>,
    first_byte: Duration,
    limit_bytes: usize,
) -> Result<Answer, String> {
    let sent = link.send(request.map(full), first_byte).await;
    let response = sent.map_err(|lost| lost.error.to_string())?;
    let status = response.status();
    let mut body = pin!(Limited::new(response.into_body(), limit_bytes).collect());
    let mut end = None;
    let body = poll_fn(|cx| {
        if end.is_none()
            && let Poll::Ready(is_reusable) = link.poll_end_of_exchange(cx)
        {
            end = Some(is_reusable);
        }
        body.as_mut().poll(cx)
    });
    let body = body.await.map_err(|error| error.to_string())?;
    let is_reusable = match end {
        Some(is_reusable) => is_reusable,
        None => poll_fn(|cx| link.poll_end_of_exchange(cx)).await,
    };
    Ok(Answer {
        status,
        body: body.to_bytes(),
        is_reusable,
    })
}

/// A peer that the user has named, over TLS, with the last connection to it.
pub(crate) struct Peer {
    policy: Arc<Policy>,
    destination: Destination,
    link: Option<Link>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Peer").field(&self.destination).finish()
    }
}

impl Peer {
    pub(crate) fn new(policy: Arc<Policy>, destination: Destination) -> Self {
        Self {
            policy,
            destination,
            link: None,
        }
    }

    /// Sends a request over the last connection, or a new one if that is closed, and drops its answer, of at most
    /// `limit_bytes`. The caller limits the time. The error is a reason for the log.
    pub(crate) fn send(
        &mut self,
        request: Request<Bytes>,
        limit_bytes: usize,
    ) -> Boxed<'_, Result<StatusCode, String>> {
        Box::pin(async move {
            let mut kept = self.link.take();
            if let Some(link) = &mut kept
                && !poll_fn(|cx| Poll::Ready(link.poll_is_open(cx))).await
            {
                kept = None;
            }
            let mut link = match kept {
                Some(link) => link,
                None => open(&self.policy, &self.destination, Reach::Named, None).await?,
            };
            let first_byte = self.policy.first_byte;
            let answer = exchange(&mut link, request, first_byte, limit_bytes).await?;
            self.link = Some(link).filter(|_| answer.is_reusable);
            Ok(answer.status)
        })
    }
}
