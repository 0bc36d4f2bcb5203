//! Signs one request: what is needed before it is sent, and the signature of each attempt.

use std::sync::Arc;

use aws_signing::{Credentials, Grant, PayloadHash, SignError, drop_signing_trailers};
use http::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http_body::Frame;
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, WasiBody};

use super::answer::Signed;
use super::credentials::NoCredentials;
use crate::outbound::client::body::Upload;
use crate::outbound::client::dispatch::Prepare;
use crate::outbound::client::exchange::Timeouts;
use crate::outbound::client::held::NotHeld;
use crate::outbound::client::moment::wall_clock;
use crate::outbound::client::payload::{Payload, declared_length, set_length};
use crate::outbound::client::reuse::Repeatable;
use crate::outbound::policy::Policy;
use crate::outbound::target::Destination;

/// Signs the attempts to send a request.
pub(in crate::outbound::client) struct Signer {
    signed: Signed,
    grant: Box<Grant>,
    hash: PayloadHash,
}

/// Why a request that was granted is not signed.
#[derive(Debug)]
pub(in crate::outbound::client) enum Unsigned {
    NotHeld(NotHeld),
    NoCredentials(NoCredentials),
}

impl Signer {
    /// Collects the body, if its digest is signed, and obtains credentials. Removes the guest's signature from
    /// `head`. Returns the body to send.
    ///
    /// # Errors
    ///
    /// When the body is not held, or there are no credentials.
    pub(in crate::outbound::client) async fn start(
        policy: &Policy,
        grant: Box<Grant>,
        head: &mut Parts,
        upload: Upload,
        timeouts: Timeouts,
    ) -> Result<(Payload, Self), Unsigned> {
        let declared = declared_length(head);
        grant.prepare(head);
        let (payload, hash) = match grant.payload().hash() {
            Some(hash) => {
                // S3 refuses an empty body that is sent in chunks.
                let payload = Payload::of_patient(head, upload, Some(timeouts.idle)).await;
                (payload.map_streamed(without_signing_trailers), hash)
            }
            None => {
                let collected = policy
                    .holding
                    .collect(upload.boxed(), declared, timeouts.idle);
                let held = collected.await.map_err(Unsigned::NotHeld)?;
                set_length(head, held.bytes().len());
                let hash = PayloadHash::of([held.bytes()]);
                (Payload::Held(held.into_bytes()), hash)
            }
        };
        let credentials = policy.aws.credentials.get().await;
        let credentials = credentials.map_err(Unsigned::NoCredentials)?;
        let signer = Self {
            signed: Signed {
                aws: Arc::clone(&policy.aws),
                credentials,
                authorization: None,
            },
            grant,
            hash,
        };
        Ok((payload, signer))
    }

    /// Returns the answer as the guest may see it.
    ///
    /// # Errors
    ///
    /// As [`Signed::answer`].
    pub(in crate::outbound::client) fn answer(
        self,
        answer: Response<WasiBody>,
    ) -> Result<Response<WasiBody>, Error> {
        self.signed.answer(answer)
    }

    /// When the request may be sent twice.
    pub(in crate::outbound::client) fn repeatable(&self) -> Repeatable {
        if self.grant.is_repeatable() {
            Repeatable::Always
        } else {
            Repeatable::ByMethod
        }
    }

    fn sign(&self, head: &mut Parts) -> Result<(), SignError> {
        let credentials: &Credentials = &self.signed.credentials;
        self.grant.sign(head, &self.hash, credentials, wall_clock())
    }
}

impl Prepare for Signer {
    fn prepare(&mut self, head: &mut Parts) -> Result<(), Error> {
        if let Err(error) = self.sign(head) {
            tracing::error!("cannot sign requests: {error}");
            return Err(Error::ConfigurationError);
        }
        self.signed.authorization = head.headers.get(AUTHORIZATION).cloned();
        Ok(())
    }
}

impl Unsigned {
    /// The log line about a request to `destination`.
    pub(in crate::outbound::client) fn text(&self, destination: &Destination) -> String {
        let denied = format!("denied a signed request to `{destination}`: its body");
        match self {
            Self::NotHeld(NotHeld::TooLarge(limit)) => format!(
                "{denied} is larger than `aws.body-kib` ({}); send `x-amz-content-sha256` to stream it",
                limit / 1024
            ),
            Self::NotHeld(NotHeld::NoRoom) => format!(
                "{denied} has no room beside those of other requests, which take twice `aws.body-kib`"
            ),
            Self::NotHeld(NotHeld::Slow) => format!(
                "{denied} is written too slowly: a pause is longer than `outbound.idle-ms`, or than the \
                 handler's own timeout"
            ),
            Self::NotHeld(NotHeld::Incomplete(error)) => format!("{denied} ended early: {error}"),
            Self::NoCredentials(reason) => {
                format!("cannot sign a request to `{destination}`: {reason}")
            }
        }
    }

    /// The error that the guest gets.
    pub(in crate::outbound::client) fn into_error(self) -> Error {
        match self {
            Self::NotHeld(reason) => reason.into_error(),
            Self::NoCredentials(_) => Error::ConfigurationError,
        }
    }
}

fn without_signing_trailers(body: WasiBody) -> WasiBody {
    let pass = |frame: Frame<_>| match frame.into_trailers() {
        Ok(mut trailers) => {
            drop_signing_trailers(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(data) => data,
    };
    body.map_frame(pass).boxed_unsync()
}
