//! Facts about the current invocation.

use std::time::{Duration, SystemTime};

use crate::bindings;

/// Facts about the current invocation and its function.
///
/// An [`Event`](crate::Event) has it. Tests set it with
/// [`testing::event_with`](crate::testing::event_with).
#[derive(Clone, Debug)]
pub struct Context(bindings::Context);

impl Context {
    /// Returns the request id of this invocation.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Returns the moment by which the invocation must have ended, to the millisecond.
    ///
    /// The host stops the handler shortly before it.
    pub fn deadline(&self) -> SystemTime {
        // A time beyond the clock's range must not panic.
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_millis(self.0.deadline_ms))
            .unwrap_or_else(|| SystemTime::now() + FAR_FUTURE)
    }

    /// Returns the time left until the [deadline](Self::deadline); zero once it has passed.
    pub fn remaining_time(&self) -> Duration {
        self.deadline()
            .duration_since(SystemTime::now())
            .unwrap_or_default()
    }

    /// Returns the ARN the function was invoked by. It may name an alias or a version.
    pub fn invoked_function_arn(&self) -> Option<&str> {
        self.0.invoked_function_arn.as_deref()
    }

    /// Returns the AWS X-Ray trace header, `Root=...;Parent=...;Sampled=...`.
    pub fn trace_id(&self) -> Option<&str> {
        self.0.trace_id.as_deref()
    }

    /// Returns the client context of the AWS Mobile SDK, a JSON document.
    pub fn client_context(&self) -> Option<&str> {
        self.0.client_context.as_deref()
    }

    /// Returns the Amazon Cognito identity of the caller, a JSON document.
    pub fn cognito_identity(&self) -> Option<&str> {
        self.0.cognito_identity.as_deref()
    }

    /// Returns the tenant the invocation belongs to, for functions with tenant isolation.
    pub fn tenant_id(&self) -> Option<&str> {
        self.0.tenant_id.as_deref()
    }

    /// Returns the function's name. Empty when the environment does not have it.
    pub fn function_name(&self) -> &str {
        &self.0.function_name
    }

    /// Returns the function's version, such as `$LATEST`. Empty when the environment does not
    /// have it.
    pub fn function_version(&self) -> &str {
        &self.0.function_version
    }

    /// Returns the function's memory, in MiB. 0 when the environment does not have it.
    pub fn memory_limit_mib(&self) -> u32 {
        self.0.memory_limit_mib
    }
}

/// Longer than any invocation may take, short enough to be added to any clock.
const FAR_FUTURE: Duration = Duration::from_secs(24 * 60 * 60);

impl From<bindings::Context> for Context {
    fn from(context: bindings::Context) -> Self {
        Self(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::{self, ContextFields};

    fn context_with(remaining: Duration) -> super::Context {
        let fields = ContextFields {
            remaining_time: remaining,
            ..ContextFields::default()
        };
        testing::event_with("{}", fields).context().clone()
    }

    #[test]
    fn the_remaining_time_counts_down_to_the_deadline() {
        let remaining = context_with(Duration::from_secs(60)).remaining_time();

        assert!(remaining <= Duration::from_secs(60), "{remaining:?}");
        assert!(remaining > Duration::from_secs(50), "{remaining:?}");
    }

    #[test]
    fn the_remaining_time_is_never_negative() {
        assert_eq!(
            context_with(Duration::ZERO).remaining_time(),
            Duration::ZERO
        );
    }

    #[test]
    fn a_deadline_beyond_every_clock_does_not_panic() {
        assert!(context_with(Duration::MAX).remaining_time() > Duration::from_secs(3600));
    }
}
