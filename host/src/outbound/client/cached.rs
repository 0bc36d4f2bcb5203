//! A value that is fetched when a request needs it, kept for a while, and fetched again before it is too old.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pause after a failed refresh, while the old value is used.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);

/// How good a kept value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// To be fetched again, and used if that fails.
    Aging,
    /// Not to be used.
    Expired,
}

/// A value that ages.
pub(super) trait Aging: Clone {
    fn freshness(&self) -> Freshness;
}

/// Keeps one value. At most one fetch of it runs at a time, and all requests that wait for it share its result.
pub(super) struct Cached<T, E> {
    state: Mutex<State<T, E>>,
    /// Locked while the value is fetched.
    fetching: tokio::sync::Mutex<()>,
}

struct State<T, E> {
    kept: Option<T>,
    /// The last fetch that failed, and when it ended.
    failed: Option<(Instant, E)>,
}

impl<T, E> Default for Cached<T, E> {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }
}

impl<T, E> Default for State<T, E> {
    fn default() -> Self {
        Self {
            kept: None,
            failed: None,
        }
    }
}

impl<T: Aging, E: Clone> Cached<T, E> {
    /// Returns the value, fetched by `fetch` if necessary. `failure_pause` is how long a failed fetch counts for the
    /// requests after it. `warn` is called with the reason why an old value is used.
    ///
    /// # Errors
    ///
    /// When the value cannot be fetched, or could not within `failure_pause`, and none is kept that may be used.
    pub(super) async fn get<F>(
        &self,
        failure_pause: Duration,
        fetch: impl Fn() -> F,
        warn: impl Fn(&E),
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let asked = Instant::now();
        match self.kept() {
            Some((kept, Freshness::Fresh)) => Ok(kept),
            Some((kept, Freshness::Aging)) => Ok(self.refreshed(fetch, warn).await.unwrap_or(kept)),
            Some((_, Freshness::Expired)) | None => {
                let _turn = self.fetching.lock().await;
                if let Some((kept, Freshness::Fresh | Freshness::Aging)) = self.kept() {
                    return Ok(kept);
                }
                let paused = asked.checked_sub(failure_pause).unwrap_or(asked);
                if let Some(error) = self.failed_since(paused) {
                    return Err(error);
                }
                self.fetch(fetch).await
            }
        }
    }

    /// Discards the value if it is the one that `is_refused` describes. Another, fetched meanwhile, is kept.
    pub(super) fn refuse(&self, is_refused: impl FnOnce(&T) -> bool) {
        let mut state = self.state();
        if state.kept.as_ref().is_some_and(is_refused) {
            state.kept = None;
        }
    }

    /// Discards the value, and the last failure.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    /// Fetches the value again, unless another request does, or the last attempt has just failed.
    async fn refreshed<F>(&self, fetch: impl Fn() -> F, warn: impl Fn(&E)) -> Option<T>
    where
        F: Future<Output = Result<T, E>>,
    {
        let _turn = self.fetching.try_lock().ok()?;
        let pause = Instant::now().checked_sub(REFRESH_PAUSE);
        if pause.is_some_and(|pause| self.failed_since(pause).is_some()) {
            return None;
        }
        self.fetch(fetch).await.inspect_err(warn).ok()
    }

    async fn fetch<F>(&self, fetch: impl Fn() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let fetched = fetch().await;
        let mut state = self.state();
        match &fetched {
            Ok(value) => {
                state.failed = None;
                state.kept = Some(value.clone());
            }
            Err(error) => state.failed = Some((Instant::now(), error.clone())),
        }
        fetched
    }

    fn kept(&self) -> Option<(T, Freshness)> {
        let state = self.state();
        let kept = state.kept.as_ref()?;
        Some((kept.clone(), kept.freshness()))
    }

    fn failed_since(&self, since: Instant) -> Option<E> {
        let state = self.state();
        let (at, error) = state.failed.as_ref()?;
        (*at >= since).then(|| error.clone())
    }
}

impl<T, E> Cached<T, E> {
    /// No invariant spans two statements under the lock, so a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
