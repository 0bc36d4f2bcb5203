//! Python's tracebacks: consecutive lines on standard error that form one log record.

/// First line of a traceback.
const START: &str = "Traceback (most recent call last):";

/// Longest traceback logged as one record, in bytes.
const LIMIT_BYTES: usize = 32 * 1024;

/// The lines of an unfinished traceback.
#[derive(Debug, Default)]
pub(super) struct Traceback(String);

/// The outcome of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The line begins or continues a traceback.
    Kept,
    /// The line ends this traceback: it names the exception.
    Whole(String),
    /// The line is not part of a traceback.
    Other,
    /// The line is not kept: it makes the traceback, whose beginning this is, too long.
    TooLong(String),
}

impl Traceback {
    /// Takes the next line, without its end.
    pub(super) fn take(&mut self, line: &str) -> Taken {
        if self.0.is_empty() {
            if line != START {
                return Taken::Other;
            }
            self.0.push_str(line);
            return Taken::Kept;
        }
        if self.0.len() + line.len() > LIMIT_BYTES {
            return Taken::TooLong(std::mem::take(&mut self.0));
        }
        self.0.push('\n');
        self.0.push_str(line);
        if line.starts_with(char::is_whitespace) {
            return Taken::Kept;
        }
        Taken::Whole(std::mem::take(&mut self.0))
    }

    /// Returns an unfinished traceback.
    pub(super) fn end(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.0)).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_goes_to_the_line_that_names_the_exception() {
        let lines = [
            START,
            "  File \"/app.py\", line 3, in handle",
            "    raise ValueError('no luck')",
            "ValueError: no luck",
        ];
        let mut traceback = Traceback::default();
        assert_eq!(traceback.take("before"), Taken::Other);
        for line in &lines[..3] {
            assert_eq!(traceback.take(line), Taken::Kept);
        }
        assert_eq!(traceback.take(lines[3]), Taken::Whole(lines.join("\n")));
        assert_eq!(traceback.take("after"), Taken::Other);
        assert_eq!(traceback.end(), None);
    }

    #[test]
    fn one_that_is_not_ended_is_given_back() {
        let mut traceback = Traceback::default();
        traceback.take(START);
        assert_eq!(traceback.take("  File"), Taken::Kept);
        assert_eq!(traceback.end().unwrap(), format!("{START}\n  File"));
        assert_eq!(traceback.end(), None);
    }

    #[test]
    fn one_that_is_too_long_is_not_kept_together() {
        let mut traceback = Traceback::default();
        traceback.take(START);
        let long = " ".repeat(LIMIT_BYTES);
        assert_eq!(traceback.take(&long), Taken::TooLong(START.to_owned()));
        assert_eq!(traceback.take(&long), Taken::Other);
    }
}
