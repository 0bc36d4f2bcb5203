//! The crate `log`, connected to the function's log.

use std::env::var_os;
use std::sync::Once;

use lambda_protocol::LogLevel;
use log::{Level, LevelFilter, Log, Metadata, Record, set_logger, set_max_level};

use crate::bindings::bootstream::handler::logging as host;

/// Connects the crate `log`, unless the handler has connected it to something of its own.
pub(crate) fn install() {
    // Natively, where handlers are tested, there is no host to log to.
    if cfg!(target_arch = "wasm32") && set_logger(&HostLog).is_ok() {
        // Until the first record: most invocations have none, and the environment is not free.
        set_max_level(LevelFilter::Trace);
    }
}

/// Reads the function's log level, once.
fn read_level() {
    static READ: Once = Once::new();
    READ.call_once(|| {
        // A handler that has set a level of its own keeps it. Of `Trace` the host drops what is too much.
        if log::max_level() == LevelFilter::Trace {
            let level = var_os(LogLevel::VARIABLE).and_then(|level| level.into_string().ok());
            set_max_level(parse_level(level.as_deref().unwrap_or_default()));
        }
    });
}

/// Lambda's level names. The host filters as well; this spares the handler the formatting of what
/// would be dropped.
fn parse_level(level: &str) -> LevelFilter {
    match LogLevel::parse(level) {
        LogLevel::Trace => LevelFilter::Trace,
        LogLevel::Debug => LevelFilter::Debug,
        LogLevel::Info => LevelFilter::Info,
        LogLevel::Warn => LevelFilter::Warn,
        LogLevel::Error => LevelFilter::Error,
    }
}

struct HostLog;

impl Log for HostLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        read_level();
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            host::log(host_level(record.level()), &record.args().to_string());
        }
    }

    fn flush(&self) {}
}

fn host_level(level: Level) -> host::Level {
    match level {
        Level::Trace => host::Level::Trace,
        Level::Debug => host::Level::Debug,
        Level::Info => host::Level::Info,
        Level::Warn => host::Level::Warn,
        Level::Error => host::Level::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_level_names_are_known_and_the_default_is_info() {
        assert_eq!(parse_level("TRACE"), LevelFilter::Trace);
        assert_eq!(parse_level("warn"), LevelFilter::Warn);
        assert_eq!(parse_level("FATAL"), LevelFilter::Error);
        assert_eq!(parse_level(""), LevelFilter::Info);
    }
}
