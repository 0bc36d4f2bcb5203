//! The values of secrets that come from a store. The host fetches them, and keeps them for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::aws::stored::{self, NoValue};
use super::connect::Boxed;
use super::moment::Moment;
use crate::outbound::policy::Policy;
use crate::outbound::secret::{Secret, Source, Store, Text, Value};

/// Longest time that fetching ahead delays the start.
const AHEAD_LIMIT: Duration = Duration::from_secs(2);

/// How long a value is used beyond its age, if it cannot be fetched again.
const STALE_LIMIT: Duration = Duration::from_secs(3600);

/// Pause after a failed refresh, while the old value is used.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);

/// Pause after a failed fetch, in which requests share its failure. Keeps a handler from using up the account's rate of
/// calls.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// What is fetched at once: a value, or a JSON document with several.
type Key = (Store, String);

/// The values of the process. Its `Debug` form shows none of them.
#[derive(Clone)]
pub(crate) struct Vault {
    failure_pause: Duration,
    entries: Arc<Mutex<HashMap<Key, Arc<Entry>>>>,
}

#[derive(Default)]
struct Entry {
    state: Mutex<State>,
    /// Locked while the value is fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    kept: Option<(Text, Moment)>,
    /// The last fetch that failed, and when it ended.
    failed: Option<(Instant, NoValue)>,
}

/// How good a kept value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    Fresh,
    /// To be fetched again, and used if that fails.
    Aging,
    /// Not to be used.
    Expired,
}

impl Freshness {
    fn of(age: Duration, refresh: Duration) -> Self {
        if age < refresh {
            Self::Fresh
        } else if age < refresh + STALE_LIMIT {
            Self::Aging
        } else {
            Self::Expired
        }
    }
}

impl Vault {
    pub(crate) fn new() -> Self {
        Self {
            failure_pause: FAILURE_PAUSE,
            entries: Arc::default(),
        }
    }

    /// Returns the value at `source`. At most one fetch of it runs at a time, and all requests that wait for it
    /// share its result.
    ///
    /// # Errors
    ///
    /// When the value cannot be fetched, or could not a second ago, and the last one is more than an hour beyond its
    /// age.
    pub(super) fn value<'a>(
        &'a self,
        policy: &'a Policy,
        source: &'a Source,
    ) -> Boxed<'a, Result<Text, NoValue>> {
        Box::pin(async move {
            let fetch = || stored::fetch(policy, source.store, &source.name);
            let refresh = policy.secrets_refresh;
            let document = self.document(source, refresh, fetch).await?;
            match &source.json_key {
                None => Ok(document),
                Some(key) => stored::member(&document, key),
            }
        })
    }

    /// Fetches the values of `secrets`, all at once, for at most two seconds. Failures are only logged: the first
    /// request tries again.
    pub(crate) async fn fetch_ahead(&self, policy: &Arc<Policy>) {
        let mut fetching = JoinSet::new();
        for Secret { name, value, .. } in &policy.secrets {
            if let Value::Stored(source) = value {
                let (policy, source, name) = (Arc::clone(policy), source.clone(), name.clone());
                fetching.spawn(async move {
                    if let Err(reason) = policy.vault.value(&policy, &source).await {
                        tracing::warn!("the secret `{name}` has no value: `{source}`: {reason}");
                    }
                });
            }
        }
        let all = async { while fetching.join_next().await.is_some() {} };
        if timeout(AHEAD_LIMIT, all).await.is_err() {
            tracing::warn!("not every secret was fetched within {AHEAD_LIMIT:?}");
        }
    }

    async fn document<F>(
        &self,
        source: &Source,
        refresh: Duration,
        fetch: impl Fn() -> F,
    ) -> Result<Text, NoValue>
    where
        F: Future<Output = Result<Text, NoValue>>,
    {
        let entry = self.entry(source);
        let asked = Instant::now();
        let paused = asked.checked_sub(self.failure_pause).unwrap_or(asked);
        match entry.kept(refresh) {
            Some((value, Freshness::Fresh)) => Ok(value),
            Some((value, Freshness::Aging)) => {
                Ok(entry.refreshed(source, fetch).await.unwrap_or(value))
            }
            Some((_, Freshness::Expired)) | None => {
                let _turn = entry.fetching.lock().await;
                if let Some((value, Freshness::Fresh)) = entry.kept(refresh) {
                    return Ok(value);
                }
                if let Some(error) = entry.failed_since(paused) {
                    return Err(error);
                }
                entry.fetch(fetch).await
            }
        }
    }

    fn entry(&self, source: &Source) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.store, source.name.clone());
        Arc::clone(entries.entry(key).or_default())
    }
}

impl Entry {
    /// Fetches the value again, unless another request does, or the last attempt has just failed.
    async fn refreshed<F>(&self, source: &Source, fetch: impl Fn() -> F) -> Option<Text>
    where
        F: Future<Output = Result<Text, NoValue>>,
    {
        let _turn = self.fetching.try_lock().ok()?;
        let pause = Instant::now().checked_sub(REFRESH_PAUSE);
        if pause.is_some_and(|pause| self.failed_since(pause).is_some()) {
            return None;
        }
        let fetched = self.fetch(fetch).await;
        let warn = |reason: &NoValue| {
            let Source { store, name, .. } = source;
            tracing::warn!(
                "kept the old value of `{}:{name}`: {reason}",
                store.service()
            );
        };
        fetched.inspect_err(warn).ok()
    }

    async fn fetch<F>(&self, fetch: impl Fn() -> F) -> Result<Text, NoValue>
    where
        F: Future<Output = Result<Text, NoValue>>,
    {
        let fetched = fetch().await;
        let mut state = self.state();
        match &fetched {
            Ok(value) => {
                state.failed = None;
                state.kept = Some((value.clone(), Moment::now()));
            }
            Err(reason) => state.failed = Some((Instant::now(), reason.clone())),
        }
        fetched
    }

    fn kept(&self, refresh: Duration) -> Option<(Text, Freshness)> {
        let state = self.state();
        let (value, fetched) = state.kept.as_ref()?;
        let freshness = Freshness::of(fetched.until(Moment::now()), refresh);
        Some((value.clone(), freshness))
    }

    fn failed_since(&self, since: Instant) -> Option<NoValue> {
        let state = self.state();
        let (at, reason) = state.failed.as_ref()?;
        (*at >= since).then(|| reason.clone())
    }

    /// No invariant spans two statements under the lock, so a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::yield_now;

    use super::*;

    const REFRESH: Duration = Duration::from_secs(300);

    fn source() -> Source {
        "ssm:/key".parse().unwrap()
    }

    #[test]
    fn a_value_is_fetched_again_when_it_is_old_and_dropped_an_hour_later() {
        for (seconds, freshness) in [
            (0, Freshness::Fresh),
            (299, Freshness::Fresh),
            (300, Freshness::Aging),
            (3899, Freshness::Aging),
            (3900, Freshness::Expired),
        ] {
            let age = Duration::from_secs(seconds);
            assert_eq!(Freshness::of(age, REFRESH), freshness, "{seconds}");
        }
    }

    #[tokio::test]
    async fn requests_that_wait_share_one_fetch_and_its_failure() {
        let mut vault = Vault::new();
        let fetches = AtomicUsize::new(0);
        let fails = async || {
            fetches.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            Err(NoValue::Slow)
        };
        let source = source();
        let (one, two) = tokio::join!(
            vault.document(&source, REFRESH, fails),
            vault.document(&source, REFRESH, fails)
        );
        assert!(one.is_err() && two.is_err());
        assert!(vault.document(&source, REFRESH, fails).await.is_err());
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        vault.failure_pause = Duration::ZERO;
        let works = async || {
            fetches.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
            Ok(Text::new("s3cret"))
        };
        let (one, two) = tokio::join!(
            vault.document(&source, REFRESH, works),
            vault.document(&source, REFRESH, works)
        );
        assert_eq!(one.ok().unwrap().as_str(), "s3cret");
        assert_eq!(two.ok().unwrap().as_str(), "s3cret");
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
        assert!(!format!("{vault:?}").contains("s3cret"));
    }

    /// A value that is old at once is fetched for each request, and kept while that fails.
    #[tokio::test]
    async fn an_old_value_is_replaced_or_kept() {
        let vault = Vault::new();
        let source = source();
        for value in ["one", "two"] {
            let fetched = vault
                .document(&source, Duration::ZERO, async || Ok(Text::new(value)))
                .await;
            assert_eq!(fetched.ok().unwrap().as_str(), value);
        }
        let fetches = AtomicUsize::new(0);
        for _ in 0..3 {
            let fails = async || {
                fetches.fetch_add(1, Ordering::Relaxed);
                Err(NoValue::Slow)
            };
            let kept = vault.document(&source, Duration::ZERO, fails).await;
            assert_eq!(kept.ok().unwrap().as_str(), "two");
        }
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }
}
