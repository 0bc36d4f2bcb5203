//! The executable Lambda starts.

use std::io;
use std::num::NonZero;
use std::thread::available_parallelism;

use bootstream_host::config::{ProcessVars, log_settings, max_concurrency};
use bootstream_host::{end, logging, run};
use tokio::runtime::{Builder, Runtime};

/// Threads for blocking work: DNS lookups and files. Lambda allows 1,024 in all.
const BLOCKING_THREADS: usize = 32;

fn main() {
    let (format, level) = log_settings(&ProcessVars);
    logging::init(format, level);
    bootstream_host::keep_blocks();
    let ended = match runtime() {
        Ok(runtime) => runtime.block_on(run(&ProcessVars)),
        Err(error) => Err(error.into()),
    };
    end(ended)
}

/// One thread is enough for one invocation at a time.
fn runtime() -> io::Result<Runtime> {
    let concurrency = max_concurrency(&ProcessVars).unwrap_or(1);
    let threads = available_parallelism().map_or(1, NonZero::get);
    let mut builder = if concurrency.min(threads) > 1 {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(concurrency.min(threads));
        builder
    } else {
        Builder::new_current_thread()
    };
    builder
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .on_thread_start(bootstream_host::keep_blocks)
        .build()
}
