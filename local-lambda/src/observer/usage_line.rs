//! Lines about usage in the log of `bootstrap`.

use std::collections::HashMap;
use std::str::FromStr;

/// Makes `bootstrap` log usage at any log level.
pub(crate) const VARIABLE: (&str, &str) = ("BOOTSTREAM_LOG_USAGE", "info");

/// What follows the time in such a line: the level and the target. A handler's log lines never have that
/// target, and its output without a target, such as a metric, does not begin with a time.
const MARK: [&str; 2] = ["INFO", "usage:"];

/// The fields of a line, by name.
pub(super) struct UsageLine<'a>(HashMap<&'a str, &'a str>);

impl<'a> UsageLine<'a> {
    /// Reads a line of a log in text. `None` if its message is not `message`.
    pub(super) fn parse(line: &'a [u8], message: &str) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let mut words = line.split_whitespace();
        let is_time =
            |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with('Z');
        if !words.next().is_some_and(is_time)
            || !MARK.iter().all(|mark| words.next() == Some(mark))
            || words.next() != Some(message)
        {
            return None;
        }
        Some(Self(
            words.filter_map(|word| word.split_once('=')).collect(),
        ))
    }

    /// Returns a field without its quotation marks.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        Some(self.0.get(name)?.trim_matches('"').to_owned())
    }

    pub(super) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.0.get(name)?.parse().ok()
    }
}
