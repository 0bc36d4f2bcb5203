//! A failure in X-Ray's format, for the header [`XRAY_ERROR_CAUSE`](crate::headers::XRAY_ERROR_CAUSE).
//!
//! The fields are those of the exceptions in X-Ray's segment documents; Lambda copies them into the
//! segment of the function.

use std::collections::BTreeSet;

use http::HeaderValue;
use serde::Serialize;

use crate::error_report::ErrorReport;

/// Largest value of the header, in bytes. X-Ray accepts 64 KiB, but HTTP implementations commonly refuse
/// heads of more than 16 KiB, and with the head the report itself.
const LIMIT_BYTES: usize = 8 * 1024;

/// The working directory that a component sees.
const WORKING_DIRECTORY: &str = "/";

/// Returns the cause in one line of ASCII. A long cause loses its outermost frames first, then the end of its
/// message.
#[must_use]
pub fn error_cause(report: &ErrorReport) -> HeaderValue {
    let mut message = beginning(&report.message, LIMIT_BYTES);
    let mut frames = report.stack_trace.as_slice();
    loop {
        let json = ascii_json(report.error_type.as_str(), message, frames);
        if json.len() <= LIMIT_BYTES {
            return HeaderValue::try_from(json).expect("escaped JSON is printable ASCII");
        }
        if frames.is_empty() {
            message = beginning(message, message.len() / 2);
        } else {
            frames = frames.get(..frames.len() / 2).unwrap_or_default();
        }
    }
}

fn beginning(text: &str, limit: usize) -> &str {
    // `floor_char_boundary` is newer than what handlers may be compiled with.
    let end = (0..=limit.min(text.len())).rev();
    let mut ends = end.filter(|end| text.is_char_boundary(*end));
    text.get(..ends.next().unwrap_or_default())
        .unwrap_or_default()
}

fn ascii_json(error_type: &str, message: &str, frames: &[String]) -> String {
    let stack: Vec<_> = frames.iter().map(|frame| Frame::of(frame)).collect();
    let paths: BTreeSet<_> = stack.iter().filter_map(|frame| frame.path).collect();
    let json = serde_json::to_string(&Cause {
        working_directory: WORKING_DIRECTORY,
        exceptions: [Exception {
            message,
            r#type: error_type,
            stack,
        }],
        paths,
    });
    escape_non_ascii(&json.expect("text serializes"))
}

/// Escapes characters that a header cannot hold, as UTF-16.
fn escape_non_ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("\\u{unit:04x}"));
        }
    }
    escaped
}

#[derive(Serialize)]
struct Cause<'a> {
    working_directory: &'static str,
    exceptions: [Exception<'a>; 1],
    paths: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct Exception<'a> {
    message: &'a str,
    r#type: &'a str,
    stack: Vec<Frame<'a>>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Frame<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    label: &'a str,
}

impl<'a> Frame<'a> {
    /// Parses `function at file:line:column`, in which everything after the function is optional.
    fn of(frame: &'a str) -> Self {
        let Some((label, mut path)) = frame.rsplit_once(" at ") else {
            return Self {
                path: None,
                line: None,
                label: frame,
            };
        };
        let mut line = None;
        while let Some((rest, number)) = path.rsplit_once(':') {
            let Ok(number) = number.parse() else { break };
            (path, line) = (rest, Some(number));
        }
        Self {
            path: Some(path),
            line,
            label,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error_report::ErrorType;

    fn cause(message: &str, frames: usize) -> (Value, usize) {
        let mut report = ErrorReport::new(ErrorType::Trap, message);
        report.stack_trace = (0..frames).map(|n| format!("frame::{n}")).collect();
        let header = error_cause(&report);
        let text = header.to_str().unwrap();
        (serde_json::from_str(text).unwrap(), text.len())
    }

    #[test]
    fn a_cause_is_one_exception_with_its_frames() {
        let (cause, _) = cause("boom", 2);
        let stack = json!([{"label": "frame::0"}, {"label": "frame::1"}]);
        let exception = json!({"message": "boom", "type": "Function.Trap", "stack": stack});
        let expected = json!({"working_directory": "/", "exceptions": [exception], "paths": []});
        assert_eq!(cause, expected);
    }

    #[test]
    fn a_frame_is_taken_apart_as_far_as_it_is_known() {
        let frame = |text, label, path, line| {
            assert_eq!(Frame::of(text), Frame { path, line, label });
        };
        frame("f", "f", None, None);
        frame("a::f at src/a.rs", "a::f", Some("src/a.rs"), None);
        frame("a::f at src/a.rs:7", "a::f", Some("src/a.rs"), Some(7));
        frame("a::f at src/a.rs:7:3", "a::f", Some("src/a.rs"), Some(7));
    }

    #[test]
    fn the_paths_of_the_frames_are_listed_once() {
        let mut report = ErrorReport::new(ErrorType::Trap, "boom");
        report.stack_trace = ["f at b.rs:1:2", "g at a.rs:3:4", "h at b.rs:5:6"]
            .map(ToOwned::to_owned)
            .into();
        let cause: Value = serde_json::from_slice(error_cause(&report).as_bytes()).unwrap();
        assert_eq!(cause["paths"], json!(["a.rs", "b.rs"]));
    }

    #[test]
    fn any_character_survives_as_ascii() {
        for text in ["\u{e9} \u{1f600} \u{2028}", "\r\n\t\0\u{7f}\"\\"] {
            let (cause, _) = cause(text, 0);
            assert_eq!(cause["exceptions"][0]["message"], text);
        }
    }

    #[test]
    fn a_cause_stays_small_and_keeps_its_innermost_frames() {
        let (deep, len) = cause("boom", 5000);
        assert!(len <= LIMIT_BYTES);
        let stack = deep["exceptions"][0]["stack"].as_array().unwrap();
        assert!(stack.len() > 50, "{}", stack.len());
        assert_eq!(stack[0]["label"], "frame::0");

        let (long, len) = cause(&"\u{1f600}".repeat(100_000), 10);
        assert!((1000..=LIMIT_BYTES).contains(&len), "{len}");
        let message = long["exceptions"][0]["message"].as_str().unwrap();
        assert!(message.chars().all(|c| c == '\u{1f600}'));
    }
}
