//! How much is logged, and in which format.

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
    match value.to_ascii_uppercase().as_str() {
        "TRACE" => Level::TRACE,
        "DEBUG" => Level::DEBUG,
        "WARN" => Level::WARN,
        "ERROR" | "FATAL" => Level::ERROR,
        _ => Level::INFO,
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
