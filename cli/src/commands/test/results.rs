//! The results of cases: for people, as JSON, and in JUnit's format.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// The result of a case.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) total: Duration,
    /// Where the response differs. None means that the case has passed.
    pub(super) differences: Vec<String>,
    pub(super) log: Vec<String>,
    /// Whether the expectation was updated.
    pub(super) updated: bool,
}

impl Outcome {
    pub(super) fn has_passed(&self) -> bool {
        self.differences.is_empty() || self.updated
    }

    fn word(&self) -> &'static str {
        match (self.differences.is_empty(), self.updated) {
            (true, _) => "ok",
            (false, true) => "updated",
            (false, false) => "FAILED",
        }
    }

    /// The lines for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{:<7}  {}  ({} ms)",
            self.word(),
            self.name,
            self.total.as_millis()
        );
        for difference in &self.differences {
            let _ = write!(text, "\n           {difference}");
        }
        if !self.has_passed() {
            for line in &self.log {
                let _ = write!(text, "\n         | {line}");
            }
        }
        text
    }

    /// The object for programs.
    pub(super) fn object(&self) -> Value {
        json!({
            "type": "case",
            "name": self.name,
            "result": self.word().to_lowercase(),
            "totalMs": u64::try_from(self.total.as_millis()).ok(),
            "differences": self.differences,
            "log": self.log,
        })
    }
}

/// The numbers of cases: all, and those that failed.
pub(super) fn counts(outcomes: &[Outcome]) -> (usize, usize) {
    let failed = outcomes.iter().filter(|it| !it.has_passed()).count();
    (outcomes.len(), failed)
}

/// The last line for people.
pub(super) fn summary(outcomes: &[Outcome]) -> String {
    let (all, failed) = counts(outcomes);
    let updated = outcomes.iter().filter(|it| it.updated).count();
    let mut text = format!("{} passed, {failed} failed", all - failed - updated);
    if updated > 0 {
        let _ = write!(text, ", {updated} updated");
    }
    text
}

/// The document in JUnit's format, as build servers read it.
pub(super) fn junit(suite: &str, outcomes: &[Outcome]) -> String {
    let (all, failed) = counts(outcomes);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"{}\" tests=\"{all}\" failures=\"{failed}\">\n",
        escaped(suite)
    );
    for outcome in outcomes {
        let _ = write!(
            xml,
            "  <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            escaped(&outcome.name),
            escaped(suite),
            outcome.total.as_secs_f64()
        );
        if outcome.has_passed() {
            xml.push_str("/>\n");
            continue;
        }
        let differences = outcome.differences.join("\n");
        let _ = writeln!(
            xml,
            ">\n    <failure message=\"{}\">{}</failure>\n    <system-out>{}</system-out>\n  </testcase>",
            escaped(outcome.differences.first().map_or("", String::as_str)),
            escaped(&differences),
            escaped(&outcome.log.join("\n"))
        );
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Text in XML 1.0, which has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push(c),
            _ if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(differences: &[&str], updated: bool) -> Outcome {
        Outcome {
            name: "a <b> & \"c\"".to_owned(),
            total: Duration::from_millis(12),
            differences: differences.iter().map(|it| (*it).to_owned()).collect(),
            log: vec!["a line\u{1b}[2K".to_owned()],
            updated,
        }
    }

    #[test]
    fn the_log_is_shown_with_a_failure() {
        let failed = outcome(&["status: expected 1, got 2"], false).text();
        assert_eq!(
            failed,
            "FAILED   a <b> & \"c\"  (12 ms)\n           status: expected 1, got 2\n         | a line\u{1b}[2K"
        );
        assert_eq!(
            outcome(&[], false).text(),
            "ok       a <b> & \"c\"  (12 ms)"
        );
        let updated = outcome(&["status"], true);
        assert_eq!(
            updated.text(),
            "updated  a <b> & \"c\"  (12 ms)\n           status"
        );
        assert_eq!(
            summary(&[outcome(&[], false), outcome(&["x"], false), updated]),
            "1 passed, 1 failed, 1 updated"
        );
    }

    #[test]
    fn junit_is_well_formed_whatever_is_in_it() {
        let xml = junit(
            "it's",
            &[outcome(&[], false), outcome(&["a < b\nc"], false)],
        );
        assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
        assert!(
            xml.contains("name=\"a &lt;b&gt; &amp; &quot;c&quot;\""),
            "{xml}"
        );
        assert!(
            xml.contains("<failure message=\"a &lt; b&#10;c\">"),
            "{xml}"
        );
        assert!(!xml.contains('\u{1b}'), "{xml}");
    }
}
