//! Shared test support: a Runtime API that records and misbehaves, the processes under test, and their
//! handlers.
//!
//! Nothing here uses the product's code: the tests parse the wire independently.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_debug_implementations,
    reason = "a test fails by a panic, and prints what it has seen"
)]

pub mod browser;
pub mod guests;
pub mod moto;
pub mod process;
pub mod recorder;
pub mod steps;
pub mod tagged;
pub mod wire;

use std::path::{Path, PathBuf};
use std::sync::{Condvar, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Timeout of every wait. Only a failing test reaches it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Lambda's name of this machine's architecture.
pub const ARCH: &str = ARCHS[0];

/// Lambda's name of the other architecture.
pub const OTHER_ARCH: &str = ARCHS[1];

const ARCHS: [&str; 2] = if cfg!(target_arch = "aarch64") {
    ["arm64", "x86_64"]
} else {
    ["x86_64", "arm64"]
};

/// Waits on `changed` until `find` returns something from `shared`. Returns the guard on a timeout.
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

/// Sleeps, in tests that are about the passing of time.
#[expect(
    clippy::disallowed_methods,
    reason = "the peer's threads are plain threads, and slowness is what they play"
)]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Asserts that `part` is somewhere in `text`.
#[track_caller]
pub fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "no `{part}` in `{text}`");
}

/// Asserts that each of `parts` is somewhere in `text`.
#[track_caller]
pub fn assert_contains_all(text: &str, parts: impl IntoIterator<Item: AsRef<str>>) {
    for part in parts {
        assert_contains(text, part.as_ref());
    }
}

/// A file that was built before the tests.
#[track_caller]
pub fn built(path: &str) -> PathBuf {
    let target = std::env::var_os("BOOTSTREAM_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        PathBuf::from,
    );
    let path = target.join(path);
    path.canonicalize()
        .unwrap_or_else(|_| panic!("no `{}`: build it with `scripts/test.sh`", path.display()))
}

fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// The user's cache, by the XDG Base Directory Specification.
fn user_cache() -> PathBuf {
    set("XDG_CACHE_HOME")
        .or_else(|| Some(set("HOME")?.join(".cache")))
        .unwrap_or_default()
}

/// The folder of the compiler for handlers, which may be in the user's cache.
pub fn toolchain() -> PathBuf {
    set("WASM_TOOLCHAIN_DIR").unwrap_or_else(|| user_cache().join("wasm-guest-toolchain"))
}

/// Folders in the user's cache.
const TOOL_CACHES: [(&str, &str); 3] = [
    ("GOCACHE", "go-build"),
    ("PIP_CACHE_DIR", "pip"),
    ("ZIG_GLOBAL_CACHE_DIR", "zig"),
];

/// Variables for tools of other languages that `bootstream` runs: their caches stay the user's, with the standard libraries
/// that `scripts/build-language-guests.sh` has compiled, while `XDG_CACHE_HOME` is for `bootstream` alone.
pub fn tool_caches() -> [(&'static str, PathBuf); 3] {
    TOOL_CACHES.map(|(variable, folder)| {
        let own = set(variable).unwrap_or_else(|| user_cache().join(folder));
        (variable, own)
    })
}

/// One cache for all commands of this run of a test target, whose files are in `folder`. Initially empty.
pub fn cache_home(folder: &str) -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(folder).join("cache");
        // It does not exist before the first run.
        let _ = std::fs::remove_dir_all(&folder);
        folder
    })
}
