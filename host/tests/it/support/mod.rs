//! A misbehaving Runtime API, the real `bootstrap`, and handlers to run in it.

pub(crate) mod guests;
pub(crate) mod process;
#[cfg(feature = "outbound-http")]
pub(crate) mod reaching;
pub(crate) mod recorder;
pub(crate) mod steps;
pub(crate) mod tagged;
#[cfg(feature = "outbound-http")]
pub(crate) mod web;

use std::path::PathBuf;
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take. Only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `find` finds something in what `changed` tells of, which is given back if it does not.
pub(crate) fn wait_on<'a, T, R>(
    mut shared: MutexGuard<'a, T>,
    changed: &Condvar,
    mut find: impl FnMut(&T) -> Option<R>,
) -> Result<R, MutexGuard<'a, T>> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find(&shared) {
            return Ok(found);
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(shared);
        }
        let woken = changed.wait_timeout(shared, left);
        shared = woken.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Lets time pass where the passing of time is what a test is about.
#[expect(
    clippy::disallowed_methods,
    reason = "the peer's threads are plain threads, and slowness is what they play"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A file that was built before the tests.
#[track_caller]
pub(crate) fn built(path: &str) -> PathBuf {
    let target = std::env::var_os("BOOTSTREAM_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        PathBuf::from,
    );
    let path = target.join(path);
    path.canonicalize()
        .unwrap_or_else(|_| panic!("no `{}`: build it with `scripts/test.sh`", path.display()))
}
