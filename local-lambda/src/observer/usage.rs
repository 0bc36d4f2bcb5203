//! The usage of an invocation, read from the log of `bootstrap`.

use std::collections::HashMap;

/// Makes `bootstrap` log usage at any log level.
pub(crate) const VARIABLE: (&str, &str) = ("BOOTSTREAM_LOG_USAGE", "info");

/// What follows the time in such a line: the level, the target and the message. A handler's log lines
/// never have that target, and its output without a target, such as a metric, does not begin with a
/// time.
const MARK: [&str; 3] = ["INFO", "usage:", "used"];

/// One invocation's memory, time and bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Usage {
    /// The invocation.
    pub request_id: String,
    /// Peak memory of the handler, in MiB.
    pub memory_mib: u64,
    /// Duration of the invocation.
    pub milliseconds: u64,
    /// Size of the response.
    pub bytes: u64,
}

impl Usage {
    /// Reads a line of a log in text. `None` if it is about something else.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let mut words = line.split_whitespace();
        let is_time =
            |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with('Z');
        if !words.next().is_some_and(is_time) || !MARK.iter().all(|mark| words.next() == Some(mark))
        {
            return None;
        }
        let fields: HashMap<&str, &str> = words.filter_map(|word| word.split_once('=')).collect();
        let number = |name| fields.get(name)?.parse().ok();
        Some(Self {
            request_id: (*fields.get("requestId")?).to_owned(),
            memory_mib: number("memoryMib")?,
            milliseconds: number("milliseconds")?,
            bytes: number("bytes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_host_is_read_and_none_of_a_handler() {
        let line = "2026-01-02T03:04:05.678901Z  INFO usage: used requestId=r-1 tenantId=\"t\" \
                    memoryMib=14 milliseconds=3 bytes=1200\n";
        let usage = Usage::parse(line.as_bytes()).unwrap();
        assert_eq!(usage.request_id, "r-1");
        assert_eq!((usage.memory_mib, usage.milliseconds), (14, 3));
        assert_eq!(usage.bytes, 1200);
        for other in [
            line.replace("usage:", "handler: usage:"),
            line.replace("memoryMib=14", "memoryMib=many"),
            line.replace("2026-01-02T03:04:05.678901Z", "{\"_aws\":"),
            line.replace("used", "lost"),
            String::new(),
        ] {
            assert_eq!(Usage::parse(other.as_bytes()), None, "{other}");
        }
    }
}
