//! Strings in a JSON text, or in several that follow each other.

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::body::Piece;

/// Returns the strings of `text` that `is_wanted` takes, decoded.
pub(super) fn pieces(text: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = position(text, at, |byte| byte == b'"') {
        let Some(end) = end_of_string(text, start + 1) else {
            break;
        };
        at = end;
        let Some(text_of) = string(text.get(start..end).unwrap_or_default(), &is_wanted) else {
            continue;
        };
        let next = position(text, end, |byte| !byte.is_ascii_whitespace());
        pieces.push(Piece {
            range: start..end,
            is_name: next.and_then(|next| text.get(next)) == Some(&b':'),
            text: text_of,
        });
    }
    pieces
}

/// Whether `text` consists of JSON texts.
pub(super) fn is_valid(text: &[u8]) -> bool {
    let mut values = Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    values.all(|value| value.is_ok())
}

/// Returns `text` as a string in JSON, with its quotes.
pub(super) fn encode(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_default()
}

fn position(text: &[u8], from: usize, is_it: impl Fn(u8) -> bool) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.iter()
        .position(|byte| is_it(*byte))
        .map(|at| from + at)
}

/// Returns the end of the string whose content begins at `at`, behind its quote.
fn end_of_string(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = position(text, at, |byte| matches!(byte, b'"' | b'\\'))?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        // The escaped character may be a quote or a backslash.
        at += 2;
    }
}

/// Decodes the string `quoted`, if it is wanted and valid.
fn string(quoted: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Option<String> {
    if !quoted.contains(&b'\\') && !is_wanted(quoted) {
        return None;
    }
    let text: String = serde_json::from_slice(quoted).ok()?;
    is_wanted(text.as_bytes()).then_some(text)
}
