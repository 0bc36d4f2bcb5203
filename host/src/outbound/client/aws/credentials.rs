//! The credentials that sign requests: where they come from, and how long they are kept.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_signing::{Credentials, InvalidCredentials};

use super::container::{self, FetchError, Fetched};
use super::endpoint::{ContainerEndpoint, InvalidEndpoint};
use crate::outbound::client::cached::{Aging, Cached, Freshness};
use crate::outbound::client::moment::wall_clock;

/// How long before they expire credentials are fetched again, as the AWS SDKs do.
const REFRESH_BEFORE: Duration = Duration::from_secs(300);

/// Where credentials come from.
#[derive(Clone)]
pub(crate) enum Source {
    /// The variables of the function, which do not change.
    Variables(Arc<Credentials>),
    Container(ContainerEndpoint),
    Nowhere(NoSource),
}

/// Why no source is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoSource {
    #[error("the function has no credentials: {variable} is not set")]
    Unset { variable: &'static str },
    #[error("the function has no credentials: {0}")]
    Invalid(#[from] InvalidCredentials),
    #[error("the function has no credentials: {0}")]
    Endpoint(#[from] InvalidEndpoint),
}

/// Why a request has no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::outbound::client) enum NoCredentials {
    #[error(transparent)]
    Unconfigured(#[from] NoSource),
    #[error(transparent)]
    Failed(#[from] FetchError),
}

/// The credentials of the process.
pub(crate) struct CredentialCache {
    source: Source,
    /// Those of the container.
    fetched: Cached<Kept, FetchError>,
}

#[derive(Clone)]
struct Kept {
    credentials: Arc<Credentials>,
    expires: Option<SystemTime>,
}

impl Aging for Kept {
    fn freshness(&self) -> Freshness {
        self.freshness_at(wall_clock())
    }
}

impl Kept {
    fn of(fetched: Fetched) -> Result<Self, FetchError> {
        let kept = Self {
            credentials: Arc::new(fetched.credentials),
            expires: fetched.expires,
        };
        match kept.freshness() {
            Freshness::Expired => Err(FetchError::Expired),
            Freshness::Fresh | Freshness::Aging => Ok(kept),
        }
    }

    fn freshness_at(&self, now: SystemTime) -> Freshness {
        match self.expires {
            None => Freshness::Fresh,
            Some(expires) if now + REFRESH_BEFORE < expires => Freshness::Fresh,
            Some(expires) if now < expires => Freshness::Aging,
            Some(_) => Freshness::Expired,
        }
    }
}

impl CredentialCache {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            fetched: Cached::default(),
        }
    }

    /// Returns valid credentials. At most one fetch runs at a time, and all requests that wait for it share
    /// its result.
    ///
    /// # Errors
    ///
    /// When there is no source, or the endpoint has no credentials and those it sent before have expired.
    pub(super) async fn get(&self) -> Result<Arc<Credentials>, NoCredentials> {
        let endpoint = match &self.source {
            Source::Variables(credentials) => return Ok(Arc::clone(credentials)),
            Source::Nowhere(reason) => return Err(reason.clone().into()),
            Source::Container(endpoint) => endpoint,
        };
        let fetch = || async { container::fetch(endpoint).await.and_then(Kept::of) };
        let warn = |error: &FetchError| {
            tracing::warn!("kept the credentials, which expire soon: {error}");
        };
        let kept = self.fetched.get(Duration::ZERO, fetch, warn).await?;
        Ok(kept.credentials)
    }

    /// Discards `used`, because AWS has refused them. Others, fetched meanwhile, are kept.
    pub(super) fn refuse(&self, used: &Arc<Credentials>) {
        self.fetched
            .refuse(|kept| Arc::ptr_eq(&kept.credentials, used));
    }

    /// Discards all credentials: a process that was restored from a snapshot has others.
    pub(crate) fn forget(&self) {
        self.fetched.forget();
    }
}

/// Shows where credentials come from, and none of them.
impl fmt::Debug for CredentialCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.source {
            Source::Variables(_) => &"variables",
            Source::Container(endpoint) => endpoint,
            Source::Nowhere(reason) => reason,
        };
        f.debug_struct("CredentialCache")
            .field("source", source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_fetched_again_five_minutes_before_they_expire() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let kept = |seconds: Option<u64>| Kept {
            credentials: Arc::new(
                Credentials::new("AKID".to_owned(), "SECRET".to_owned(), None)
                    .ok()
                    .unwrap(),
            ),
            expires: seconds.map(|seconds| now + Duration::from_secs(seconds)),
        };
        for (seconds, freshness) in [
            (None, Freshness::Fresh),
            (Some(301), Freshness::Fresh),
            (Some(300), Freshness::Aging),
            (Some(1), Freshness::Aging),
            (Some(0), Freshness::Expired),
        ] {
            assert_eq!(kept(seconds).freshness_at(now), freshness, "{seconds:?}");
        }
    }
}
