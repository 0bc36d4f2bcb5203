//! The beginning of a capsule: what the handler is given before it runs.

use std::sync::Arc;

use super::VERSION;
use super::line::{Field, push};
use super::settings::CapsuleSettings;
use crate::invocation::Invocation;

/// The seed of the random numbers that a guest gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) [u8; 32]);

impl Seed {
    /// A seed from the operating system.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self(seed))
    }
}

/// What an invocation begins with.
#[derive(Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) settings: &'a Arc<CapsuleSettings>,
    pub(crate) seed: Seed,
    /// Milliseconds until the deadline.
    pub(crate) left_ms: u64,
}

impl Beginning<'_> {
    /// Appends its lines, all but the event.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let Self {
            invocation,
            settings,
            seed,
            left_ms,
        } = self;
        let header = [
            Field::Number(VERSION),
            Field::Text(artifact::release::VERSION),
            Field::Text(std::env::consts::ARCH),
        ];
        push(out, "bootstream-capsule", &header);
        let component = settings.component.get().map(String::as_str);
        push(out, "component", &[Field::Optional(component)]);
        push(out, "settings", &[Field::Pairs(&settings.settings)]);
        push(out, "function", &[Field::Pairs(&settings.function)]);
        push(out, "variables", &[Field::Pairs(&settings.variables)]);
        push(out, "seed", &[Field::Text(&artifact::hex(&seed.0))]);
        push(out, "request-id", &[Field::Text(&invocation.request_id)]);
        let deadline = [
            Field::Number(invocation.deadline.unix_ms),
            Field::Number(*left_ms),
        ];
        push(out, "deadline", &deadline);
        for (name, value) in [
            ("invoked-function-arn", &invocation.invoked_function_arn),
            ("trace-id", &invocation.trace_id),
            ("client-context", &invocation.client_context),
            ("cognito-identity", &invocation.cognito_identity),
            ("tenant-id", &invocation.tenant_id),
        ] {
            if let Some(value) = value {
                push(out, name, &[Field::Text(value)]);
            }
        }
    }
}
