//! The executable Lambda starts.

use std::sync::Arc;

use bootstream_host::config::{ProcessVars, log_settings};
use bootstream_host::{Team, end, logging, run};

/// Threads that look up names, which is all that blocks here. Lambda allows 1,024 in all.
const LOOKUP_THREADS: usize = 32;

fn main() {
    let (format, level) = log_settings(&ProcessVars);
    logging::init(format, level);
    match team() {
        Ok(team) => {
            let service = run(&ProcessVars, Arc::clone(&team));
            team.run(service)
        }
        Err(error) => end(Err(error)),
    }
}

fn team() -> anyhow::Result<Arc<Team>> {
    // One thread at a time drives it, and a follower takes over where a guest would hold that up.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(LOOKUP_THREADS)
        .build()?;
    Ok(Team::new(runtime, end)?)
}
