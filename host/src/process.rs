//! The process that Lambda starts: its first thread, from the settings of the log to the end.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::Runtime;

use crate::config::{ProcessVars, event_level, log_settings, max_concurrency};
use crate::platform::prepare_process;
use crate::worker::{end, run};
use crate::{executor, logging};

/// Serves invocations until the process is asked to end, with the configuration in its environment.
///
/// Call it before the process starts a thread.
pub fn serve() -> ! {
    // Tools look for these texts in the file. A static that nothing uses would be dropped by the linker.
    std::hint::black_box(artifact::release::MARK);
    #[cfg(feature = "wasi-p3")]
    std::hint::black_box(artifact::Concurrency::HOST_MARK);
    prepare_process();
    let (format, level) = log_settings(&ProcessVars);
    logging::set_event_level(event_level(&ProcessVars));
    logging::init(format, level);
    match runtime() {
        // The runtime is never dropped, because that would wait for threads that block.
        Ok(runtime) => end(runtime.block_on(run(&ProcessVars))),
        Err(error) => end(Err(error.into())),
    }
}

/// Prints the release if the process was started with `--version`, and returns whether it was.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn print_version() -> io::Result<bool> {
    let is_asked = std::env::args_os().nth(1).as_deref() == Some(OsStr::new("--version"));
    if is_asked {
        writeln!(io::stdout(), "bootstrap {}", artifact::release::VERSION)?;
    }
    Ok(is_asked)
}

/// One thread serves one invocation at a time. Concurrent invocations share at most a thread for each
/// processor.
fn runtime() -> io::Result<Runtime> {
    executor::start(match max_concurrency(&ProcessVars).unwrap_or(1) {
        1 => 1,
        // Counting the processors takes a fortieth of a start, because a control group may limit them.
        concurrency => concurrency.min(available_parallelism().map_or(1, NonZero::get)),
    })
}
