//! The output of a function during an invocation.

use serde_json::{Value, json};

/// Largest output kept of an invocation, in bytes. The beginning is kept.
const LIMIT_BYTES: usize = 512 * 1024;

/// A line of the output.
#[derive(Debug)]
struct Line {
    /// In microseconds from the start of the request.
    at: u64,
    text: String,
}

/// The output of an invocation.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    lines: Vec<Line>,
    bytes: usize,
    dropped: usize,
}

impl Logs {
    pub(super) fn push(&mut self, at: u64, line: &[u8]) {
        let size = line.len() + size_of::<Line>();
        if self.bytes + size > LIMIT_BYTES {
            self.dropped += 1;
            return;
        }
        self.bytes += size;
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\n').to_owned();
        self.lines.push(Line { at, text });
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(super) fn size(&self) -> usize {
        self.bytes
    }

    /// Returns the lines from index `from` on.
    pub(super) fn json(&self, from: usize) -> Vec<Value> {
        let lines = self.lines.iter().enumerate().skip(from);
        let objects = lines.map(|(index, line)| {
            let level = level(&line.text);
            json!({ "n": index, "at": line.at, "level": level, "line": line.text })
        });
        objects.collect()
    }
}

/// Returns the level in a line of `bootstrap`, such as `2026-01-02T03:04:05Z  INFO handler: text`.
fn level(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let time = words.next()?;
    let is_time = time.starts_with(|c: char| c.is_ascii_digit()) && time.ends_with('Z');
    let level = words.next().filter(|_| is_time)?;
    ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
        .into_iter()
        .find(|known| *known == level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_has_a_limit_and_what_is_dropped_is_counted() {
        let mut logs = Logs::default();
        for _ in 0..1000 {
            logs.push(1, &[b'x'; 1000]);
        }
        assert!(logs.size() <= LIMIT_BYTES);
        assert_eq!(logs.len() + logs.dropped(), 1000);
    }

    #[test]
    fn only_a_line_of_the_host_has_a_level() {
        assert_eq!(
            level("2026-01-02T03:04:05.1Z  WARN handler: x"),
            Some("WARN")
        );
        for other in [
            "INFO x",
            "WARN",
            "",
            "2026-01-02T03:04:05.1Z  NOISE x",
            "oZ INFO x",
        ] {
            assert_eq!(level(other), None, "{other}");
        }
    }
}
