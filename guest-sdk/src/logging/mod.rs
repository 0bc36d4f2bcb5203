//! The crate `log`, connected to the function's log.

#[cfg(feature = "kv")]
mod kv;

use std::env::var_os;
use std::sync::Once;

use lambda_protocol::LogLevel;
use log::{Level, LevelFilter, Log, Metadata, Record, set_logger, set_max_level};

use crate::bindings::bootstream::handler::logging as host;

/// Connects the crate `log`, unless the handler has installed a logger of its own.
pub(crate) fn install() {
    // Natively, where handlers are tested, there is no host to log to.
    if cfg!(target_arch = "wasm32") && set_logger(&HostLog).is_ok() {
        // The level is read with the first record: most invocations have none, and reading the
        // environment costs time.
        set_max_level(LevelFilter::Trace);
    }
}

/// Reads the function's log level, once.
fn read_level() {
    static READ: Once = Once::new();
    READ.call_once(|| {
        // A handler that has set a level of its own keeps it. The host filters what `Trace` lets through.
        if log::max_level() == LevelFilter::Trace {
            set_max_level(function_level());
        }
    });
}

/// The function's log level.
pub(crate) fn function_level() -> LevelFilter {
    let level = var_os(LogLevel::VARIABLE).and_then(|level| level.into_string().ok());
    parse_level(level.as_deref().unwrap_or_default())
}

/// Parses Lambda's level names. The host filters as well; this saves the handler formatting records that
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
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = host_level(record.level());
        let message = record.args().to_string();
        #[cfg(feature = "kv")]
        host::log_record(level, &message, Some(record.target()), &kv::fields(record));
        #[cfg(not(feature = "kv"))]
        host::log(level, &message);
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
