//! A misbehaving Runtime API, the real `bootstrap`, and handlers to run in it.

pub(crate) mod guests;
pub(crate) mod process;
pub(crate) mod recorder;
pub(crate) mod steps;

use std::path::PathBuf;
use std::time::Duration;

/// How long anything may take. Only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

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
