//! Whether a text is the expected one.

use std::fmt::{self, Display, Formatter};

use regex_lite::Regex;
use serde::Deserialize;

/// Characters of a text that are shown around a difference.
const SHOWN: usize = 60;

/// An expected text: all of it, a part of it, or a pattern.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(super) enum Matcher {
    Equals(String),
    Contains(String),
    Matches(Regex),
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "text, `{ contains = \"a part\" }` or `{ matches = \"a regular expression\" }`"
)]
enum Written {
    Equals(String),
    Contains(Contains),
    Matches(Matches),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contains {
    contains: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matches {
    matches: String,
}

impl TryFrom<Written> for Matcher {
    type Error = regex_lite::Error;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        Ok(match written {
            Written::Equals(text) => Self::Equals(text),
            Written::Contains(part) => Self::Contains(part.contains),
            Written::Matches(pattern) => Self::Matches(Regex::new(&pattern.matches)?),
        })
    }
}

impl Matcher {
    /// Returns why `text` is not the expected one, if it is not.
    pub(super) fn mismatch(&self, text: &str) -> Option<String> {
        match self {
            Self::Equals(expected) => difference(expected, text),
            Self::Contains(part) if text.contains(part) => None,
            Self::Matches(pattern) if pattern.is_match(text) => None,
            Self::Contains(_) | Self::Matches(_) => {
                Some(format!("expected {self}, got {}", shown(text, 0)))
            }
        }
    }
}

impl Display for Matcher {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(text) => formatter.write_str(&shown(text, 0)),
            Self::Contains(part) => write!(formatter, "a text with {}", shown(part, 0)),
            Self::Matches(pattern) => write!(formatter, "a match of `{pattern}`"),
        }
    }
}

/// Where two texts differ first, if they do.
fn difference(expected: &str, text: &str) -> Option<String> {
    if expected == text {
        return None;
    }
    let same = expected.bytes().zip(text.bytes());
    let at = same.take_while(|(one, other)| one == other).count();
    let at = text.floor_char_boundary(expected.floor_char_boundary(at));
    Some(format!(
        "expected {}, got {}, different at byte {at}",
        shown(expected, at),
        shown(text, at)
    ))
}

/// A text around its byte `at`, quoted.
fn shown(text: &str, at: usize) -> String {
    let start = text.floor_char_boundary(at.saturating_sub(SHOWN / 2));
    let end = text.ceil_char_boundary(start.saturating_add(SHOWN).min(text.len()));
    let before = if start > 0 { "..." } else { "" };
    let after = if end < text.len() { "..." } else { "" };
    let part = text.get(start..end).unwrap_or_default();
    format!("{before}{part:?}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(toml: &str) -> Result<Matcher, toml::de::Error> {
        #[derive(Deserialize)]
        struct File {
            it: Matcher,
        }
        toml::from_str::<File>(&format!("it = {toml}")).map(|file| file.it)
    }

    fn mismatch(toml: &str, text: &str) -> Option<String> {
        matcher(toml).unwrap().mismatch(text)
    }

    #[test]
    fn a_text_equals_contains_or_matches() {
        for (toml, text) in [
            ("\"abc\"", "abc"),
            ("{ contains = \"b\" }", "abc"),
            ("{ matches = '^a.c$' }", "abc"),
        ] {
            assert_eq!(mismatch(toml, text), None);
            assert!(mismatch(toml, "xyz").is_some());
        }
    }

    #[test]
    fn the_first_difference_is_shown() {
        let long = "x".repeat(100);
        let shown = mismatch(&format!("\"{long}a\""), &format!("{long}b")).unwrap();
        assert!(shown.contains("different at byte 100"), "{shown}");
        assert!(shown.contains("xa\"") && shown.contains("xb\""), "{shown}");
        assert!(shown.len() < 200, "{shown}");
        // The end of one is within a character of the other.
        assert!(mismatch("\"\u{e9}\"", "\u{e8}").is_some());
        assert!(mismatch("\"ab\"", "a").unwrap().ends_with("byte 1"));
    }

    #[test]
    fn what_is_no_matcher_is_named() {
        for (toml, expected) in [
            ("1", "`{ contains = \"a part\" }`"),
            ("{ has = \"x\" }", "`{ contains = \"a part\" }`"),
            ("{ matches = \"(\" }", "open group"),
        ] {
            let error = matcher(toml).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
