//! Puts the values of secrets into requests.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use wasmtime_wasi_http::Error;

use super::body::Upload;
use super::held::{Held, NotHeld};
use super::payload::{Payload, declared_length, set_length};
use super::policy::Policy;
use super::secret::{self, Filling, Kind, Place, Secret, Source, Value};
use super::target::Destination;
use super::watch::Watched;
use crate::logging::LogContext;

/// A request that is not sent.
pub(super) struct Denied {
    /// The line for the log.
    pub(super) text: String,
    /// The guest's error.
    pub(super) error: Error,
}

/// One request, and what decides which secrets it gets.
pub(super) struct Filler<'a> {
    pub(super) policy: &'a Policy,
    pub(super) log_context: &'a Arc<LogContext>,
    pub(super) destination: &'a Destination,
}

impl Filler<'_> {
    /// Replaces the placeholders in the head of the request.
    ///
    /// # Errors
    ///
    /// When one is where its value must not go, or its value cannot be fetched.
    pub(super) async fn fill_head(&self, head: &mut Parts) -> Result<(), Denied> {
        let (secrets, destination) = (&self.policy.secrets, self.destination);
        let found = secret::find_in_head(secrets, &head.uri, &head.headers, destination);
        let found = found.map_err(|reason| self.denied(&reason))?;
        if found.is_empty() {
            return Ok(());
        }
        let fillings = self.values(&found).await?;
        let filled = secret::fill_head(&mut head.headers, &fillings);
        filled.map_err(|reason| self.denied(&reason))
    }

    /// Returns what is sent as the body for `head`: held and filled, if the destination gets secrets in bodies of
    /// its kind. `pause` is the longest wait for a part of it.
    ///
    /// # Errors
    ///
    /// When the body cannot be held, a placeholder is where no value can be, or its value cannot be fetched.
    pub(super) async fn payload(
        &self,
        head: &mut Parts,
        upload: Upload,
        pause: Duration,
    ) -> Result<Payload, Denied> {
        let secrets = self.policy.secrets.iter();
        let secrets: Vec<&Secret> = secrets
            .filter(|secret| secret.may_go(self.destination, Place::Body))
            .collect();
        let declared = declared_length(head);
        let payload = Payload::of(head, upload).await;
        if secrets.is_empty() {
            return Ok(payload);
        }
        let (body, kind) = match (payload, Kind::of(&head.headers)) {
            (Payload::Streamed(body), Some(kind)) => (body, kind),
            (other, _) => {
                let watch =
                    |body| Watched::new(body, &secrets, self.log_context, self.destination).boxed();
                return Ok(other.map_streamed(watch));
            }
        };
        let held = self.policy.holding.collect(body, declared, pause).await;
        let held = held.map_err(|reason| self.not_held(reason))?;
        let held = self.filled(kind, held, &secrets).await?;
        set_length(head, held.bytes().len());
        Ok(Payload::Held(held.into_bytes()))
    }

    async fn filled(&self, kind: Kind, body: Held, secrets: &[&Secret]) -> Result<Held, Denied> {
        let plan = secret::plan(kind, body.bytes(), secrets);
        let Some(plan) = plan.map_err(|reason| self.denied(&reason))? else {
            return Ok(body);
        };
        let fillings = self.values(&plan.secrets).await?;
        let filled = plan.fill(body.bytes(), &fillings);
        let filled = filled.map_err(|reason| self.denied(&reason))?;
        Ok(body.filled(filled))
    }

    /// Obtains the values of `secrets`.
    async fn values<'a>(&self, secrets: &[&'a Secret]) -> Result<Vec<Filling<'a>>, Denied> {
        let mut fillings = Vec::with_capacity(secrets.len());
        for secret in secrets {
            let value = match &secret.value {
                Value::Given(value) => value.clone(),
                Value::Stored(source) => {
                    let value = self.policy.vault.value(self.policy, source).await;
                    value.map_err(|reason| self.no_value(secret, source, &reason))?
                }
            };
            fillings.push(Filling { secret, value });
        }
        Ok(fillings)
    }

    fn denied(&self, reason: &dyn Display) -> Denied {
        Denied {
            text: format!("denied a request to `{}`: {reason}", self.destination),
            error: Error::HttpRequestDenied,
        }
    }

    fn no_value(&self, secret: &Secret, source: &Source, reason: &dyn Display) -> Denied {
        Denied {
            text: format!(
                "cannot send a request to `{}`: the secret `{}` has no value: `{source}`: {reason}",
                self.destination, secret.name
            ),
            error: Error::ConfigurationError,
        }
    }

    fn not_held(&self, reason: NotHeld) -> Denied {
        let text = match &reason {
            NotHeld::TooLarge(limit) => {
                format!("is larger than `aws.body-kib` ({})", limit / 1024)
            }
            NotHeld::NoRoom => {
                "has no room beside those of other requests, which take twice `aws.body-kib`"
                    .to_owned()
            }
            NotHeld::Slow => {
                "is written too slowly: a pause is longer than `outbound.idle-ms`, or than the handler's own \
                 timeout"
                    .to_owned()
            }
            NotHeld::Incomplete(error) => format!("ended early: {error}"),
        };
        let text = format!("its body, which `secrets` may put a value in, {text}");
        Denied {
            error: reason.into_error(),
            ..self.denied(&text)
        }
    }
}
