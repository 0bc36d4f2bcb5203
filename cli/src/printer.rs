//! Prints all output of the commands: data to stdout, messages to stderr.
//!
//! The only file that prints. A closed pipe (`| head`) is not an error for messages. For data, it ends the
//! command silently.

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

/// Whether the reader of stdout has gone, which silences all output.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

/// Where output goes, and whether it may be coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    colour: bool,
    /// Whether messages are JSON objects, one per line.
    json: bool,
}

/// Why data could not be written to stdout.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) enum OutputError {
    /// The reader has closed the pipe, as `head` does after some lines.
    ReaderLeft,
    Failed(#[source] io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderLeft,
            _ => Self::Failed(error),
        }
    }
}

/// The colours of messages, as ANSI parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
    Faint,
}

impl Tone {
    fn level(self) -> &'static str {
        match self {
            Self::Plain | Self::Good => "info",
            Self::Warn => "warn",
            Self::Bad => "error",
            Self::Faint => "debug",
        }
    }

    fn parameters(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "1;31",
            Self::Faint => "2",
        }
    }
}

impl Printer {
    /// Colours messages when stderr is a terminal and `NO_COLOR` is unset or empty.
    pub(crate) fn from_terminal() -> Self {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: io::stderr().is_terminal() && !forbidden,
            json: false,
        }
    }

    /// Makes every message a JSON object with a `type`.
    pub(crate) fn in_json(self) -> Self {
        Self { json: true, ..self }
    }

    /// Writes data to stdout at once.
    ///
    /// # Errors
    ///
    /// The reader has closed the pipe, or the data cannot be written.
    pub(crate) fn data(&self, bytes: &[u8]) -> Result<(), OutputError> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(OutputError::from).inspect_err(|error| {
            if matches!(error, OutputError::ReaderLeft) {
                IS_SILENT.store(true, Ordering::Relaxed);
            }
        })
    }

    /// Writes one line of data to stdout.
    ///
    /// # Errors
    ///
    /// As for [`data`](Self::data).
    pub(crate) fn data_line(&self, text: &str) -> Result<(), OutputError> {
        self.data(format!("{text}\n").as_bytes())
    }

    /// Writes a message.
    pub(crate) fn message(&self, tone: Tone, text: &str) {
        if self.json {
            self.object(&json!({ "type": "message", "level": tone.level(), "text": text }));
            return;
        }
        let line = match tone.parameters() {
            parameters if self.colour && !parameters.is_empty() => {
                format!("\x1b[{parameters}m{text}\x1b[0m\n")
            }
            _ => format!("{text}\n"),
        };
        self.raw_message(line.as_bytes());
    }

    /// Writes the reason why a command failed.
    pub(crate) fn error(&self, text: &str) {
        let label = if self.colour {
            "\x1b[1;31merror:\x1b[0m"
        } else {
            "error:"
        };
        self.raw_message(format!("{label} {text}\n").as_bytes());
    }

    /// Writes a record about an invocation: as text, or as a JSON object.
    pub(crate) fn record(&self, tone: Tone, request_id: Option<&str>, text: &str, object: &Value) {
        if self.json {
            self.object(object);
        } else {
            self.message(tone, &format!("{}  {text}", tag(request_id)));
        }
    }

    /// Warns about an invocation.
    pub(crate) fn warning(&self, request_id: Option<&str>, text: &str) {
        let object = json!({
            "type": "message", "level": Tone::Warn.level(), "requestId": request_id, "text": text,
        });
        let line = format!("warning: {text}");
        self.record(Tone::Warn, request_id, &line, &object);
    }

    /// Passes on a line of a function's output.
    pub(crate) fn log(&self, line: &[u8], request_id: Option<&str>) {
        if self.json {
            let text = String::from_utf8_lossy(line);
            let line = text.trim_end_matches('\n');
            self.object(&json!({ "type": "log", "requestId": request_id, "line": line }));
            return;
        }
        let tag = if self.colour {
            format!(
                "\x1b[{}m{} |\x1b[0m ",
                Tone::Faint.parameters(),
                tag(request_id)
            )
        } else {
            format!("{} | ", tag(request_id))
        };
        self.raw_message(&shown(&tag, line));
    }

    fn object(&self, object: &Value) {
        self.raw_message(format!("{object}\n").as_bytes());
    }

    fn raw_message(&self, line: &[u8]) {
        if IS_SILENT.load(Ordering::Relaxed) {
            return;
        }
        let _ = io::stderr().lock().write_all(line);
    }
}

/// The start of a traceback in a text log of `bootstrap`, where it is one record.
const TRACEBACK: &str = "Traceback (most recent call last):\\n";

/// Formats a record of output, which may have several lines: runtimes separate them by carriage returns, as
/// Lambda requires, and `bootstrap` escapes them. Indents all but the first, so that none looks like a record
/// of its own.
fn shown(tag: &str, line: &[u8]) -> Vec<u8> {
    let inner = line.strip_suffix(b"\n").unwrap_or(line);
    let traceback = std::str::from_utf8(inner)
        .ok()
        .filter(|text| text.contains(TRACEBACK))
        .map(|text| text.replace("\\n", "\r").into_bytes());
    let inner = traceback.as_deref().unwrap_or(inner);
    let mut shown = Vec::with_capacity(line.len() + tag.len());
    for (number, line) in inner.split(|byte| *byte == b'\r').enumerate() {
        shown.extend_from_slice(tag.as_bytes());
        if number > 0 {
            shown.extend_from_slice(b"  ");
        }
        shown.extend_from_slice(line);
        shown.push(b'\n');
    }
    shown
}

/// Returns the start of a request id, the prefix of all output about the invocation: long enough to
/// distinguish those on one screen.
fn tag(request_id: Option<&str>) -> String {
    format!("{:<8.8}", request_id.unwrap_or("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_behind_a_carriage_return_are_set_back_and_pass_for_no_record() {
        let shown = shown("id | ", b"first\r2026 INFO second\n");
        assert_eq!(shown, b"id | first\nid |   2026 INFO second\n");
        assert_eq!(super::shown("id | ", b"one\n"), b"id | one\n");
        assert_eq!(super::shown("id | ", b"one\\ntwo\n"), b"id | one\\ntwo\n");
        let line = b"WARN handler: Traceback (most recent call last):\\n  File\\nValueError\n";
        assert_eq!(
            super::shown("id | ", line),
            b"id | WARN handler: Traceback (most recent call last):\nid |     File\nid |   ValueError\n"
        );
    }
}
