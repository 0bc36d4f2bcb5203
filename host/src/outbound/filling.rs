//! Puts the values of secrets into requests.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use wasmtime_wasi_http::Error;

use super::body::Upload;
use super::held::{Held, NotHeld};
use super::payload::{Payload, declared_length, set_length};
use super::policy::Policy;
use super::secret::{self, Filling, Kind, Place, Secret, Value};
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

impl Denied {
    fn new(destination: &Destination, reason: &dyn std::fmt::Display) -> Self {
        Self {
            text: format!("denied a request to `{destination}`: {reason}"),
            error: Error::HttpRequestDenied,
        }
    }

    fn not_held(destination: &Destination, reason: NotHeld) -> Self {
        let body = format!(
            "denied a request to `{destination}`: its body, which `secrets` may put a value in,"
        );
        let text = match &reason {
            NotHeld::TooLarge(limit) => {
                format!("{body} is larger than `aws.body-kib` ({})", limit / 1024)
            }
            NotHeld::NoRoom => format!(
                "{body} has no room beside those of other requests, which take twice `aws.body-kib`"
            ),
            NotHeld::Slow => format!(
                "{body} is written too slowly: a pause is longer than `outbound.idle-ms`, or than the \
                 handler's own timeout"
            ),
            NotHeld::Incomplete(error) => format!("{body} ended early: {error}"),
        };
        Self {
            text,
            error: reason.into_error(),
        }
    }
}

/// Replaces the placeholders in the head of a request.
///
/// # Errors
///
/// When one is where its value must not go, or its value cannot be fetched.
pub(super) async fn fill_head(
    policy: &Policy,
    destination: &Destination,
    head: &mut Parts,
) -> Result<(), Denied> {
    let found = secret::find_in_head(&policy.secrets, &head.uri, &head.headers, destination);
    let found = found.map_err(|reason| Denied::new(destination, &reason))?;
    if found.is_empty() {
        return Ok(());
    }
    let fillings = fillings(policy, destination, &found).await?;
    secret::fill_head(&mut head.headers, &fillings)
        .map_err(|reason| Denied::new(destination, &reason))
}

/// Returns what is sent as the body for `head`: held and filled if `destination` gets secrets in bodies of its kind.
/// Drop the second value when the request has an answer.
///
/// # Errors
///
/// When the body cannot be held, a placeholder is where no value can be, or its value cannot be fetched.
pub(super) async fn payload(
    policy: &Policy,
    log_context: &Arc<LogContext>,
    destination: &Destination,
    head: &mut Parts,
    upload: Upload,
    pause: Duration,
) -> Result<(Payload, Option<Held>), Denied> {
    let secrets = policy.secrets.iter();
    let secrets: Vec<&Secret> = secrets
        .filter(|secret| secret.may_go(destination, Place::Body))
        .collect();
    let declared = declared_length(head);
    let payload = Payload::of(head, upload);
    if secrets.is_empty() {
        return Ok((payload, None));
    }
    let body = match (payload, Kind::of(&head.headers)) {
        (Payload::Streamed(body), Some(kind)) => (body, kind),
        (payload, _) => {
            let watch = |body| Watched::new(body, &secrets, log_context, destination).boxed();
            return Ok((payload.map_streamed(watch), None));
        }
    };
    let (body, kind) = body;
    let held = policy.holding.collect(body, declared, pause).await;
    let held = held.map_err(|reason| Denied::not_held(destination, reason))?;
    let plan = secret::plan(kind, held.bytes(), &secrets);
    let plan = plan.map_err(|reason| Denied::new(destination, &reason))?;
    let bytes = match plan {
        None => held.bytes().clone(),
        Some(plan) => {
            let fillings = fillings(policy, destination, &plan.secrets).await?;
            let filled = plan.fill(held.bytes(), &fillings);
            filled
                .map_err(|reason| Denied::new(destination, &reason))?
                .into()
        }
    };
    set_length(head, bytes.len());
    Ok((Payload::Held(bytes), Some(held)))
}

/// Obtains the values of `secrets`.
async fn fillings<'a>(
    policy: &Policy,
    destination: &Destination,
    secrets: &[&'a Secret],
) -> Result<Vec<Filling<'a>>, Denied> {
    let mut fillings = Vec::with_capacity(secrets.len());
    for secret in secrets {
        let value = match &secret.value {
            Value::Given(value) => value.clone(),
            Value::Stored(source) => {
                let value = policy.vault.value(policy, source).await;
                value.map_err(|reason| Denied {
                    text: format!(
                        "cannot send a request to `{destination}`: the secret `{}` has no value: `{source}`: \
                         {reason}",
                        secret.name
                    ),
                    error: Error::ConfigurationError,
                })?
            }
        };
        fillings.push(Filling { secret, value });
    }
    Ok(fillings)
}
