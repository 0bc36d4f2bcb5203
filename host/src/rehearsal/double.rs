//! Which answer a request gets. Decides, and does no I/O.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands in for another host, for the requests that it matches.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Double {
    /// The method. `None`: any.
    pub method: Option<String>,
    /// The URL with its query, without a default port. `*` stands for any text.
    pub url: String,
    /// How many requests it serves. `None`: any number.
    pub times: Option<u32>,
    /// What it does.
    pub reaction: Reaction,
}

/// What a double does with a request.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reaction {
    /// It answers.
    Answer(Answer),
    /// There is no answer.
    Fail(Failing),
}

/// An answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answer {
    /// Time between the end of the request and the head, in milliseconds.
    pub delay_ms: u64,
    /// The status.
    pub status: u16,
    /// The headers, beside those that frame the body.
    pub headers: Vec<(String, String)>,
    /// The body. More than one piece is sent in chunks.
    pub body: Vec<Piece>,
    /// Closes the connection after this many bytes of the body, although the head has promised all of it.
    pub cut_after: Option<u64>,
}

/// A part of a body.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Piece {
    /// Time before it, in milliseconds.
    pub pause_ms: u64,
    /// Its content, in Base64.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub bytes: Vec<u8>,
}

/// How a request stays without an answer.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failing {
    /// The name of the host is not known.
    NameLookup,
    /// The host refuses the connection.
    Refused,
    /// The connection is never open, until the timeout of the request.
    ConnectTimeout,
    /// The certificate of the host is not valid.
    Certificate,
    /// The host takes the request and closes the connection.
    Closed,
    /// The host takes the request and never answers, until the timeout of the request.
    Timeout,
}

pub(super) fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

pub(super) fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(serde::de::Error::custom)
}

/// The doubles of a process, and how many requests each has served.
#[derive(Debug)]
pub(crate) struct Doubles {
    all: Vec<Double>,
    served: Mutex<Vec<u32>>,
}

/// A double that serves a request.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// Its place in the list.
    pub(crate) index: usize,
    pub(crate) reaction: Reaction,
}

impl Doubles {
    pub(super) fn new(all: Vec<Double>) -> Self {
        let served = Mutex::new(vec![0; all.len()]);
        Self { all, served }
    }

    /// Returns the first double that matches a request and has not served all of its requests, and counts the request.
    pub(crate) fn choose(&self, method: &str, url: &str) -> Option<Chosen> {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all.iter().zip(served.iter_mut()).enumerate();
        let (index, (double, count)) = all.find(|(_, (double, count))| {
            double.matches(method, url) && double.times.is_none_or(|times| **count < times)
        })?;
        *count += 1;
        Some(Chosen {
            index,
            reaction: double.reaction.clone(),
        })
    }
}

impl Double {
    fn matches(&self, method: &str, url: &str) -> bool {
        self.method.as_deref().is_none_or(|it| it == method) && is_like(url, &self.url)
    }
}

/// Whether `text` is `pattern`, in which each `*` stands for any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "abcd", false),
            ("abc", "*", true),
            ("", "*", true),
            ("abc", "a*", true),
            ("abc", "*c", true),
            ("abc", "a*c", true),
            ("ac", "a*c", true),
            ("a", "a*a", false),
            ("aXbYbZ", "a*b*Z", true),
            ("aXbY", "a*c*Y", false),
            ("ab", "a*b*b", false),
            ("aab", "*ab", true),
            ("abc", "", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} {pattern}");
        }
    }

    fn double(method: Option<&str>, url: &str, times: Option<u32>) -> Double {
        Double {
            method: method.map(str::to_owned),
            url: url.to_owned(),
            times,
            reaction: Reaction::Fail(Failing::Refused),
        }
    }

    #[test]
    fn the_first_that_matches_and_has_requests_left_is_chosen() {
        let doubles = Doubles::new(vec![
            double(Some("POST"), "https://a.example/", None),
            double(None, "https://a.example/", Some(2)),
            double(None, "https://a.example/*", Some(1)),
        ]);
        let choose = |method, url| doubles.choose(method, url).map(|it| it.index);
        assert_eq!(choose("POST", "https://a.example/"), Some(0));
        assert_eq!(choose("GET", "https://a.example/"), Some(1));
        assert_eq!(choose("GET", "https://b.example/"), None);
        assert_eq!(choose("PUT", "https://a.example/"), Some(1));
        assert_eq!(choose("GET", "https://a.example/"), Some(2));
        assert_eq!(choose("GET", "https://a.example/"), None);
        assert_eq!(choose("POST", "https://a.example/"), Some(0));
    }
}
