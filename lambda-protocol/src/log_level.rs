//! Levels of a function's log, by Lambda's names.

/// A level of the function's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `TRACE`
    Trace,
    /// `DEBUG`
    Debug,
    /// `INFO`, the default.
    Info,
    /// `WARN`
    Warn,
    /// `ERROR` and `FATAL`
    Error,
}

impl LogLevel {
    /// The function's variable that holds the level's name.
    pub const VARIABLE: &str = "AWS_LAMBDA_LOG_LEVEL";

    /// Parses a name, in any case. An unknown name is [`LogLevel::Info`].
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("TRACE") {
            Self::Trace
        } else if is("DEBUG") {
            Self::Debug
        } else if is("WARN") {
            Self::Warn
        } else if is("ERROR") || is("FATAL") {
            Self::Error
        } else {
            Self::Info
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case_and_the_default_is_info() {
        for (name, level) in [
            ("TRACE", LogLevel::Trace),
            ("Debug", LogLevel::Debug),
            ("INFO", LogLevel::Info),
            ("warn", LogLevel::Warn),
            ("ERROR", LogLevel::Error),
            ("FATAL", LogLevel::Error),
            ("nonsense", LogLevel::Info),
            ("", LogLevel::Info),
        ] {
            assert_eq!(LogLevel::parse(name), level, "{name}");
        }
    }
}
