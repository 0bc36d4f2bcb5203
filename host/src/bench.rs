//! Entry points of benchmarks.

pub use crate::guest::bench::Guest;

use crate::config::{Config, Vars};
use crate::platform::{epoch_timer, prepare_process};
use crate::worker::load_handler;

/// Loads the handler that `vars` name, and starts the timer that preempts it, as a start does. Call once in a
/// process: the timer serves the first handler only.
///
/// # Errors
///
/// When a start would fail.
pub fn load(vars: &dyn Vars) -> anyhow::Result<Guest> {
    let config = Config::read(vars)?;
    let handler = load_handler(&config).map_err(|report| anyhow::anyhow!(report.message))?;
    prepare_process();
    epoch_timer::start(&handler.engine)?;
    Ok(Guest::new(handler))
}
