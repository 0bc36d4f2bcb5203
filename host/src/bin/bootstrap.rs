//! The executable Lambda starts.

use std::mem::ManuallyDrop;
use std::process::ExitCode;

use bootstream_host::config::{ProcessVars, log_settings};
use bootstream_host::logging;

/// Threads that look up names, which is all that blocks here. Lambda allows 1,024 in all.
const LOOKUP_THREADS: usize = 32;

fn main() -> ExitCode {
    let (format, level) = log_settings(&ProcessVars);
    logging::init(format, level);
    let status = match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    };
    logging::flush();
    status
}

fn serve() -> anyhow::Result<()> {
    // One thread: with one invocation at a time, more would only wake each other.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(LOOKUP_THREADS)
        .build()?;
    // A handler that does not stop may still wait for its timers: they must not end before the
    // process does.
    let runtime = ManuallyDrop::new(runtime);
    runtime.block_on(bootstream_host::run(&ProcessVars))
}
