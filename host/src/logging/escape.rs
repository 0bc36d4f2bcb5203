//! Escapes control characters, so that one log event is one line.

use std::borrow::Cow;

use super::settings::LogFormat;

/// Whether `c` could end a line or control a terminal: every control character but the tab, and the two
/// Unicode line separators.
pub(crate) fn is_control(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns `line` with such characters escaped: as in Rust in text, and as in JSON in JSON, where they only
/// occur within strings.
pub(super) fn escaped(line: &str, format: LogFormat) -> Cow<'_, str> {
    if !line.contains(is_control) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 32);
    for c in line.chars() {
        match format {
            _ if !is_control(c) => escaped.push(c),
            LogFormat::Text => escaped.extend(c.escape_default()),
            LogFormat::Json => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_no_character_that_ends_it_or_moves_a_cursor() {
        for code in (0..0xa0).chain([0x2028, 0x2029]) {
            let c = char::from_u32(code).unwrap();
            let line = format!("a{c}b\u{e9}");
            let text = escaped(&line, LogFormat::Text);
            assert!(!text.contains(is_control), "{code:#x}: {text:?}");
            let is_kept = c == '\t' || ('\u{20}'..'\u{7f}').contains(&c);
            assert_eq!(text == line, is_kept, "{code:#x}: {text:?}");
        }
        assert_eq!(
            escaped("\r\n\0\u{1b}[2K\u{85}", LogFormat::Text),
            "\\r\\n\\u{0}\\u{1b}[2K\\u{85}"
        );
    }

    #[test]
    fn json_stays_the_same_document() {
        let text = "\u{7f}\u{85}\u{2028}\u{2029}\u{e9}\u{1f600}";
        let json = serde_json::to_string(text).unwrap();
        let line = escaped(&json, LogFormat::Json);
        assert!(!line.contains(is_control), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
