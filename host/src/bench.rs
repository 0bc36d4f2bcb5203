//! Entry points of benchmarks.

pub use crate::guest::bench::Guest;

use crate::config::{Config, Vars};
use crate::worker::load_handler;

/// Loads the handler that `vars` name, as a start does.
///
/// # Errors
///
/// When a start would fail.
pub fn load(vars: &dyn Vars) -> anyhow::Result<Guest> {
    let config = Config::read(vars)?;
    let handler = load_handler(&config).map_err(|report| anyhow::anyhow!(report.message))?;
    Ok(Guest::new(handler))
}
