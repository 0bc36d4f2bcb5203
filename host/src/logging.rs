//! The host's log: one line per event on standard output, in the format Lambda asks for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

pub use tracing::Level;

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

/// Installs the log of this process. To be called once.
pub fn init(format: LogFormat, level: Level) {
    let level = LevelFilter::from_level(level);
    let builder = fmt().with_max_level(level).with_ansi(false);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init(),
    }
}

/// Keeps a warning that would come with every event from filling the log.
#[derive(Debug)]
pub(crate) struct OncePerMinute {
    last: Mutex<Option<Instant>>,
}

impl OncePerMinute {
    pub(crate) const fn new() -> Self {
        Self {
            last: Mutex::new(None),
        }
    }

    /// Whether the last time is a minute ago. If so, the next minute begins now.
    pub(crate) fn is_due(&self) -> bool {
        const MINUTE: Duration = Duration::from_secs(60);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= MINUTE);
        if due {
            *last = Some(Instant::now());
        }
        due
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
