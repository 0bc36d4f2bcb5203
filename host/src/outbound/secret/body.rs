//! Placeholders in the body of a request.

use std::fmt;
use std::ops::Range;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::{Filling, GROWTH_LIMIT_BYTES, Secret, form, json};

/// A kind of body in which placeholders are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One JSON text or several: `application/json`, `application/x-ndjson`, any `...+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// A string of a body that has a placeholder.
pub(super) struct Piece {
    /// Its bytes in the body, quotes included.
    pub(super) range: Range<usize>,
    /// Whether it is the name of a member or a field.
    pub(super) is_name: bool,
    /// Its text, decoded.
    pub(super) text: String,
}

/// What is to be replaced in a body.
pub(crate) struct Plan<'a> {
    kind: Kind,
    pieces: Vec<Piece>,
    /// The secrets whose placeholders the body has.
    pub(crate) secrets: Vec<&'a Secret>,
}

/// Why a request with a placeholder in its body is denied. The text follows ``denied a request to `…`: ``.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Misplaced<'a> {
    /// The placeholder is a name, not a value.
    Name(&'a str),
    /// The body is not JSON.
    NotJson(&'a str),
    /// The values lengthen the body by too much.
    TooLong,
}

impl fmt::Display for Misplaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "the secret `{name}` is in a name in its body; secrets can only be in values"
            ),
            Self::NotJson(name) => write!(
                f,
                "the secret `{name}` is in its body, which is not the JSON that its `content-type` says"
            ),
            Self::TooLong => write!(
                f,
                "its secrets lengthen its body by more than {} KiB; use fewer placeholders",
                GROWTH_LIMIT_BYTES / 1024
            ),
        }
    }
}

impl Kind {
    /// Returns the kind of the body of a request with these headers. Returns `None` for one in which nothing is
    /// replaced.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key(CONTENT_ENCODING) {
            return None;
        }
        let mut types = headers.get_all(CONTENT_TYPE).iter();
        let (Some(one), None) = (types.next(), types.next()) else {
            return None;
        };
        let essence = one.to_str().ok()?.split(';').next()?.trim();
        let essence = essence.to_ascii_lowercase();
        match essence.strip_prefix("application/")? {
            "x-www-form-urlencoded" => Some(Self::Form),
            "json" | "jsonl" | "x-ndjson" | "x-amz-json-1.0" | "x-amz-json-1.1" => Some(Self::Json),
            other => other.ends_with("+json").then_some(Self::Json),
        }
    }

    fn pieces(self, body: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Piece> {
        match self {
            Self::Json => json::pieces(body, is_wanted),
            Self::Form => form::pieces(body, is_wanted),
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Json => json::encode(text),
            Self::Form => form::encode(text),
        }
    }
}

/// Returns what is to be replaced in `body`, or `None` if it has no placeholder of `secrets`, which its host gets
/// in bodies.
///
/// # Errors
///
/// When a placeholder is where none can be replaced.
pub(crate) fn plan<'a>(
    kind: Kind,
    body: &[u8],
    secrets: &[&'a Secret],
) -> Result<Option<Plan<'a>>, Misplaced<'a>> {
    let pieces = kind.pieces(body, |text| secrets.iter().any(|secret| secret.is_in(text)));
    let is_used = |secret: &&&Secret| pieces.iter().any(|it| secret.is_in(it.text.as_bytes()));
    let used: Vec<&Secret> = secrets.iter().filter(is_used).copied().collect();
    let Some(first) = used.first() else {
        return Ok(None);
    };
    if let Some(piece) = pieces.iter().find(|piece| piece.is_name) {
        let named = used.iter().find(|it| it.is_in(piece.text.as_bytes()));
        return Err(Misplaced::Name(&named.unwrap_or(first).name));
    }
    if kind == Kind::Json && !json::is_valid(body) {
        return Err(Misplaced::NotJson(&first.name));
    }
    Ok(Some(Plan {
        kind,
        pieces,
        secrets: used,
    }))
}

impl Plan<'_> {
    /// Returns `body` with its placeholders replaced. The values are escaped as its kind demands.
    ///
    /// # Errors
    ///
    /// When the values lengthen it by too much.
    pub(crate) fn fill<'a>(
        &self,
        body: &[u8],
        fillings: &[Filling<'a>],
    ) -> Result<Vec<u8>, Misplaced<'a>> {
        let limit = body.len() + GROWTH_LIMIT_BYTES;
        let (mut filled, mut at) = (Vec::with_capacity(body.len()), 0);
        let mut room = GROWTH_LIMIT_BYTES;
        for piece in &self.pieces {
            let mut text = piece.text.clone().into_bytes();
            for filling in fillings {
                text = filling.fill(&text, &mut room).ok_or(Misplaced::TooLong)?;
            }
            // Placeholders and values are whole characters.
            let text = String::from_utf8_lossy(&text);
            filled.extend_from_slice(body.get(at..piece.range.start).unwrap_or_default());
            filled.extend_from_slice(&self.kind.encode(&text));
            at = piece.range.end;
            if filled.len() > limit {
                return Err(Misplaced::TooLong);
            }
        }
        filled.extend_from_slice(body.get(at..).unwrap_or_default());
        if filled.len() > limit {
            return Err(Misplaced::TooLong);
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::Place;
    use super::super::samples::{VALUE, fillings, secret};
    use super::*;

    fn secrets() -> [Secret; 2] {
        [("KEY", VALUE), ("OTHER", "0ther")]
            .map(|(name, value)| secret(name, value, &[Place::Body]))
    }

    /// Fills as a request does. Returns `None` if there is nothing to replace.
    fn fill<'a>(
        kind: Kind,
        body: &str,
        secrets: &'a [Secret],
    ) -> Result<Option<String>, Misplaced<'a>> {
        let secrets: Vec<&Secret> = secrets.iter().collect();
        let Some(plan) = plan(kind, body.as_bytes(), &secrets)? else {
            return Ok(None);
        };
        let filled = plan.fill(body.as_bytes(), &fillings(&plan.secrets))?;
        Ok(Some(String::from_utf8(filled).unwrap()))
    }

    #[test]
    fn a_value_is_escaped_in_json_and_the_rest_stays_as_it_is() {
        let secrets = secrets();
        let [key, other] = secrets.each_ref().map(|it| it.placeholder.as_str());
        let body = format!(
            "{{ \"n\": 1.0e+400,\"\\u0061\":\"a\\/b\", \"key\" :\t\"{key}\", \"l\":[\"{other}{key}\",\"{other}\"]}}\n"
        );
        let filled = fill(Kind::Json, &body, &secrets).unwrap().unwrap();
        let escaped = serde_json::to_string(VALUE).unwrap();
        let escaped = escaped.trim_matches('"');
        assert!(escaped.contains(r#"\"\\"#), "{escaped}");
        let expected = body.replace(key, escaped).replace(other, "0ther");
        assert_eq!(filled, expected);
    }

    #[test]
    fn a_placeholder_that_is_written_with_escapes_is_replaced() {
        let secrets = secrets();
        let escaped = |text: &str| -> String {
            let units = text.encode_utf16();
            units.map(|unit| format!("\\u{unit:04X}")).collect()
        };
        let key = &secrets[0].placeholder;
        let (start, end) = key.split_at(7);
        for written in [escaped(key), format!("{}{end}", escaped(start))] {
            let body = format!("{{\"k\":\"\\\"{written}\\\\\"}}");
            let filled = fill(Kind::Json, &body, &secrets).unwrap().unwrap();
            let document: HashMap<String, String> = serde_json::from_str(&filled).unwrap();
            assert_eq!(document["k"], format!("\"{VALUE}\\"));
        }
    }

    #[test]
    fn lines_of_json_are_filled_each() {
        let secrets = secrets();
        let key = &secrets[1].placeholder;
        let body = format!("{{\"a\":\"{key}\"}}\n{{}}\n\"{key}\"\n");
        let filled = fill(Kind::Json, &body, &secrets).unwrap().unwrap();
        assert_eq!(filled, "{\"a\":\"0ther\"}\n{}\n\"0ther\"\n");
    }

    #[test]
    fn a_value_is_escaped_in_a_form() {
        let secrets = secrets();
        let [key, other] = secrets.each_ref().map(|it| it.placeholder.as_str());
        let encoded: String = other.bytes().map(|it| format!("%{it:02x}")).collect();
        let body = format!("a=%20x&grant+type=code&secret={key}&both={encoded}+{key}&empty=&flag");
        let filled = fill(Kind::Form, &body, &secrets).unwrap().unwrap();
        let value = "s3cret+%22%5C%C3%A9%26%3D%2B%25";
        let expected =
            format!("a=%20x&grant+type=code&secret={value}&both=0ther+{value}&empty=&flag");
        assert_eq!(filled, expected);
    }

    #[test]
    fn a_placeholder_in_a_name_is_refused() {
        let secrets = secrets();
        let key = &secrets[0].placeholder;
        for (kind, body) in [
            (Kind::Json, format!("{{\"{key}\":1}}")),
            (
                Kind::Json,
                format!("[{{\"a\":{{\"x{key}\" \n:\"{key}\"}}}}]"),
            ),
            (Kind::Form, format!("{key}=1")),
            (Kind::Form, format!("a=1&{key}")),
        ] {
            assert_eq!(
                fill(kind, &body, &secrets),
                Err(Misplaced::Name("KEY")),
                "{body}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_json_is_refused_if_it_has_a_placeholder() {
        let secrets = secrets();
        let key = &secrets[0].placeholder;
        for body in [
            format!("{{\"a\":\"{key}\""),
            format!("{{\"a\":\"{key}\"]"),
            format!("a=\"{key}\""),
        ] {
            assert_eq!(
                fill(Kind::Json, &body, &secrets),
                Err(Misplaced::NotJson("KEY")),
                "{body}"
            );
        }
        for body in ["{\"a\":", "a=b", "\"", "\"\\", "\\\"", "{}}", ""] {
            assert_eq!(fill(Kind::Json, body, &secrets), Ok(None), "{body}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        let secrets = secrets();
        let key = &secrets[0].placeholder;
        let (start, end) = key.split_at(7);
        for body in [
            format!("[\"{}\"]", key.to_ascii_uppercase()),
            format!("[\"{start}\",\"{end}\"]"),
            // It is not a string, so no value could be escaped.
            key.clone(),
            format!("[\"{key}\\ud800\"]"),
            "[\"bootstream-secret-KEY-\"]".to_owned(),
        ] {
            assert_eq!(fill(Kind::Json, &body, &secrets), Ok(None), "{body}");
        }
    }

    #[test]
    fn a_body_does_not_grow_without_bound() {
        let long = [secret("KEY", &"x".repeat(4096), &[Place::Body])];
        let body = |count| format!("[\"{}\"]", long[0].placeholder.repeat(count));
        assert!(fill(Kind::Json, &body(16), &long).unwrap().is_some());
        assert_eq!(fill(Kind::Json, &body(17), &long), Err(Misplaced::TooLong));
        let many = format!(
            "[{}1]",
            format!("\"{}\",", long[0].placeholder).repeat(1000)
        );
        assert_eq!(fill(Kind::Json, &many, &long), Err(Misplaced::TooLong));
        // Filling this body whole would take 8 GiB.
        let largest = [secret("KEY", &"x".repeat(64 * 1024), &[Place::Body])];
        let repeated = largest[0].placeholder.repeat(128 * 1024);
        for (kind, body) in [
            (Kind::Json, format!("[\"{repeated}\"]")),
            (Kind::Form, format!("k={repeated}")),
        ] {
            assert_eq!(fill(kind, &body, &largest), Err(Misplaced::TooLong));
        }
        let escaped = [secret("KEY", &"\u{1}".repeat(12 * 1024), &[Place::Body])];
        let body = format!("[\"{}\"]", escaped[0].placeholder);
        assert_eq!(fill(Kind::Json, &body, &escaped), Err(Misplaced::TooLong));
    }

    #[test]
    fn the_content_type_names_the_kind() {
        let of = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            Kind::of(&headers)
        };
        for (value, kind) in [
            ("application/json", Some(Kind::Json)),
            ("Application/JSON; charset=utf-8", Some(Kind::Json)),
            ("application/vnd.api+json", Some(Kind::Json)),
            ("application/x-ndjson", Some(Kind::Json)),
            ("application/x-amz-json-1.1", Some(Kind::Json)),
            ("application/x-www-form-urlencoded", Some(Kind::Form)),
            ("text/json", None),
            ("multipart/form-data; boundary=x", None),
            ("text/plain", None),
            ("", None),
        ] {
            assert_eq!(of("content-type", value), kind, "{value}");
        }
        let mut headers = HeaderMap::new();
        headers.append("content-type", "application/json".parse().unwrap());
        headers.append("content-type", "text/plain".parse().unwrap());
        assert_eq!(Kind::of(&headers), None);
        assert_eq!(of("content-encoding", "gzip"), None);
    }
}
