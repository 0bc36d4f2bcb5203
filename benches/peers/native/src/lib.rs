//! Runs a handler on `lambda_runtime`, AWS's runtime for Rust.
//!
//! The runtime runs as shipped, unless the environment says otherwise:
//!
//! - `PEER_NODELAY=1` sets `TCP_NODELAY` on its connections, which the runtime leaves off;
//! - `PEER_THREADS=1` runs it on one thread instead of one for each processor.

mod nodelay;

use lambda_runtime::Error;
use tokio::runtime::{Builder, Runtime};

/// Runs `serving`, such as `lambda_runtime::run_concurrent`, until it ends.
///
/// # Errors
///
/// When `serving` fails, or no thread can be started.
pub fn run(serving: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    if is_set("PEER_NODELAY") {
        nodelay::enable();
    }
    runtime()?.block_on(serving)
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

fn runtime() -> std::io::Result<Runtime> {
    if is_set("PEER_THREADS") {
        Builder::new_current_thread().enable_all().build()
    } else {
        Builder::new_multi_thread().enable_all().build()
    }
}
