//! How much is logged, and in which format.

use lambda_protocol::LogLevel;
use tracing::Level;

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object with `timestamp`, `level`, `message` and fields such as `requestId`.
    Json,
}

impl LogFormat {
    /// Anything but `json`, in any case, is text.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        if value.eq_ignore_ascii_case("json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// Lambda's level names; anything else is INFO.
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
