//! The values of secrets that come from a store. The host fetches them, and keeps them for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::aws::stored::{self, NoValue};
use super::cached::{Aging, Cached, Freshness};
use super::connect::Boxed;
use super::moment::Moment;
use crate::outbound::policy::Policy;
use crate::outbound::secret::{Secret, Source, Store, Text, Value};

/// Longest time that fetching ahead delays the start.
const AHEAD_LIMIT: Duration = Duration::from_secs(2);

/// How long a value is used beyond its age, if it cannot be fetched again.
const STALE_LIMIT: Duration = Duration::from_secs(3600);

/// Pause after a failed fetch, in which requests share its failure. Keeps a handler from using up the account's rate of
/// calls.
const FAILURE_PAUSE: Duration = Duration::from_secs(1);

/// What is fetched at once: a value, or a JSON document with several.
type Key = (Store, String);

type Entry = Cached<Document, NoValue>;

/// The values of the process. Its `Debug` form shows none of them.
#[derive(Clone)]
pub(crate) struct Vault {
    failure_pause: Duration,
    entries: Arc<Mutex<HashMap<Key, Arc<Entry>>>>,
}

/// What a store has answered.
#[derive(Clone)]
struct Document {
    text: Text,
    fetched: Moment,
    /// Age from which on it is fetched again.
    refresh: Duration,
}

impl Aging for Document {
    fn freshness(&self) -> Freshness {
        freshness(self.fetched.until(Moment::now()), self.refresh)
    }
}

fn freshness(age: Duration, refresh: Duration) -> Freshness {
    if age < refresh {
        Freshness::Fresh
    } else if age < refresh + STALE_LIMIT {
        Freshness::Aging
    } else {
        Freshness::Expired
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
        let fetch = || async {
            Ok(Document {
                text: fetch().await?,
                fetched: Moment::now(),
                refresh,
            })
        };
        let warn = |reason: &NoValue| {
            let Source { store, name, .. } = source;
            tracing::warn!(
                "kept the old value of `{}:{name}`: {reason}",
                store.service()
            );
        };
        let entry = self.entry(source);
        let document = entry.get(self.failure_pause, fetch, warn).await?;
        Ok(document.text)
    }

    fn entry(&self, source: &Source) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.store, source.name.clone());
        Arc::clone(entries.entry(key).or_default())
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
            assert_eq!(super::freshness(age, REFRESH), freshness, "{seconds}");
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
