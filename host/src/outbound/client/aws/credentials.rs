//! The credentials that sign requests: where they come from, and how long they are kept.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_signing::{Credentials, InvalidCredentials};

use super::container::{self, FetchError, Fetched};
use super::endpoint::{ContainerEndpoint, InvalidEndpoint};

/// How long before they expire credentials are fetched again, as the AWS SDKs do.
const REFRESH_BEFORE: Duration = Duration::from_secs(300);

/// Pause after a failed refresh, while the old credentials are still valid.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);

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
    state: Mutex<State>,
    /// Locked while credentials are fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// The last fetch that failed, and when it ended.
    failed: Option<(Instant, FetchError)>,
}

#[derive(Clone)]
struct Kept {
    credentials: Arc<Credentials>,
    expires: Option<SystemTime>,
}

/// How good kept credentials are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    Fresh,
    /// Valid, but to be fetched again.
    Aging,
    Expired,
}

impl Kept {
    fn freshness(&self, now: SystemTime) -> Freshness {
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
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
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
        let asked = Instant::now();
        match self.kept() {
            Some((credentials, Freshness::Fresh)) => Ok(credentials),
            Some((credentials, Freshness::Aging)) => {
                Ok(self.refreshed(endpoint).await.unwrap_or(credentials))
            }
            Some((_, Freshness::Expired)) | None => {
                let _turn = self.fetching.lock().await;
                if let Some((credentials, Freshness::Fresh | Freshness::Aging)) = self.kept() {
                    return Ok(credentials);
                }
                if let Some(error) = self.failed_since(asked) {
                    return Err(error.into());
                }
                Ok(self.fetch(endpoint).await?)
            }
        }
    }

    /// Discards `used`, because AWS has refused them. Others, fetched meanwhile, are kept.
    pub(super) fn refuse(&self, used: &Arc<Credentials>) {
        let mut state = self.state();
        let is_kept = |kept: &Kept| Arc::ptr_eq(&kept.credentials, used);
        if state.kept.as_ref().is_some_and(is_kept) {
            state.kept = None;
        }
    }

    /// Discards all credentials: a process that was restored from a snapshot has others.
    pub(crate) fn forget(&self) {
        *self.state() = State::default();
    }

    /// Fetches new credentials while the old ones are valid, unless another request does, or the last
    /// attempt has just failed.
    async fn refreshed(&self, endpoint: &ContainerEndpoint) -> Option<Arc<Credentials>> {
        let _turn = self.fetching.try_lock().ok()?;
        let pause = Instant::now().checked_sub(REFRESH_PAUSE);
        if pause.is_some_and(|pause| self.failed_since(pause).is_some()) {
            return None;
        }
        match self.fetch(endpoint).await {
            Ok(credentials) => Some(credentials),
            Err(error) => {
                tracing::warn!("kept the credentials, which expire soon: {error}");
                None
            }
        }
    }

    async fn fetch(&self, endpoint: &ContainerEndpoint) -> Result<Arc<Credentials>, FetchError> {
        let fetched = container::fetch(endpoint).await;
        let kept = fetched.and_then(Kept::of);
        let mut state = self.state();
        match kept {
            Ok(kept) => {
                state.failed = None;
                Ok(Arc::clone(&state.kept.insert(kept).credentials))
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    fn kept(&self) -> Option<(Arc<Credentials>, Freshness)> {
        let state = self.state();
        let kept = state.kept.as_ref()?;
        let freshness = kept.freshness(SystemTime::now());
        Some((Arc::clone(&kept.credentials), freshness))
    }

    fn failed_since(&self, since: Instant) -> Option<FetchError> {
        let state = self.state();
        let (at, error) = state.failed.as_ref()?;
        (*at >= since).then(|| error.clone())
    }

    /// No invariant spans two statements under the lock, so a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn of(fetched: Fetched) -> Result<Self, FetchError> {
        let kept = Self {
            credentials: Arc::new(fetched.credentials),
            expires: fetched.expires,
        };
        match kept.freshness(SystemTime::now()) {
            Freshness::Expired => Err(FetchError::Expired),
            Freshness::Fresh | Freshness::Aging => Ok(kept),
        }
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
            assert_eq!(kept(seconds).freshness(now), freshness, "{seconds:?}");
        }
    }
}
