//! The level and the format of the log.

use lambda_protocol::LogLevel;
use tracing::Level;

/// The format of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object with `timestamp`, `level`, `message` and fields such as `requestId`.
    Json,
}

impl LogFormat {
    /// Parses Lambda's format names. Anything but `json`, in any case, is text.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        if value.eq_ignore_ascii_case("json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// Parses Lambda's level names. Anything else is INFO.
#[must_use]
pub fn parse_level(value: &str) -> Level {
    match LogLevel::parse(value) {
        LogLevel::Trace => Level::TRACE,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Info => Level::INFO,
        LogLevel::Warn => Level::WARN,
        LogLevel::Error => Level::ERROR,
    }
}

/// Returns the least level with which a record passes the filter of Lambda, by the name of the function's level.
/// Lambda takes a record without a level for INFO.
#[must_use]
pub fn least_level(function_level: &str) -> &'static str {
    if function_level.eq_ignore_ascii_case("FATAL") {
        return "FATAL";
    }
    match LogLevel::parse(function_level) {
        LogLevel::Trace | LogLevel::Debug | LogLevel::Info => "INFO",
        LogLevel::Warn => "WARN",
        LogLevel::Error => "ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_names_are_known_in_any_case() {
        assert_eq!(LogFormat::parse("JSON"), LogFormat::Json);
        assert_eq!(LogFormat::parse("json"), LogFormat::Json);
        assert_eq!(LogFormat::parse("Text"), LogFormat::Text);
        assert_eq!(parse_level("warn"), Level::WARN);
        assert_eq!(parse_level("FATAL"), Level::ERROR);
        assert_eq!(parse_level("nonsense"), Level::INFO);
    }
}
