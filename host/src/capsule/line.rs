//! One line of a capsule: a JSON array that begins with the name of what happened.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A value of a line.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(any(test, feature = "outbound-http")),
    expect(dead_code, reason = "some are values of requests only")
)]
pub(crate) enum Field<'a> {
    Number(u64),
    Flag(bool),
    Text(&'a str),
    /// Text if it is UTF-8, else `{"base64": "..."}`.
    Bytes(&'a [u8]),
    Numbers(&'a [u32]),
    /// A list of pairs of texts.
    Pairs(&'a [(String, String)]),
    /// A list of pairs of a name and bytes.
    Headers(&'a http::HeaderMap),
    /// A value that may be absent: `null`.
    Optional(Option<&'a str>),
    /// JSON as it is.
    Json(&'a str),
}

/// Appends a line.
pub(super) fn push(out: &mut Vec<u8>, name: &str, fields: &[Field<'_>]) {
    out.push(b'[');
    text(out, name);
    for field in fields {
        out.push(b',');
        field.push(out);
    }
    out.extend_from_slice(b"]\n");
}

impl Field<'_> {
    fn push(self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => push_number(out, number),
            Self::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
            Self::Text(value) => text(out, value),
            Self::Bytes(value) => bytes(out, value),
            Self::Numbers(numbers) => list(out, numbers, |out, number| {
                push_number(out, u64::from(*number));
            }),
            Self::Pairs(pairs) => list(out, pairs, |out, (name, value)| {
                pair(out, name, value.as_bytes());
            }),
            Self::Headers(headers) => list(out, headers, |out, (name, value)| {
                pair(out, name.as_str(), value.as_bytes());
            }),
            Self::Optional(None) => out.extend_from_slice(b"null"),
            Self::Optional(Some(value)) => text(out, value),
            Self::Json(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(number.to_string().as_bytes());
}

fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

fn pair(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.push(b'[');
    text(out, name);
    out.push(b',');
    bytes(out, value);
    out.push(b']');
}

fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(value) => text(out, value),
        Err(_) => {
            out.extend_from_slice(b"{\"base64\":");
            text(out, &BASE64_STANDARD.encode(value));
            out.push(b'}');
        }
    }
}

fn text(out: &mut Vec<u8>, value: &str) {
    // A string in memory serializes.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn every_line_is_json() {
        let mut headers = HeaderMap::new();
        headers.append(HeaderName::from_static("a"), HeaderValue::from_static("1"));
        headers.append(
            HeaderName::from_static("a"),
            HeaderValue::from_bytes(b"\xff").unwrap(),
        );
        let mut out = Vec::new();
        push(
            &mut out,
            "all",
            &[
                Field::Number(u64::MAX),
                Field::Flag(true),
                Field::Text("a \"b\"\n"),
                Field::Bytes("\u{fc}".as_bytes()),
                Field::Bytes(b"\xff\x00"),
                Field::Numbers(&[1, 2]),
                Field::Pairs(&[("n".to_owned(), "v".to_owned())]),
                Field::Headers(&headers),
                Field::Optional(None),
                Field::Json("{}"),
            ],
        );
        let expected = "[\"all\",18446744073709551615,true,\"a \\\"b\\\"\\n\",\"\u{fc}\",{\"base64\":\"/wA=\"},[1,2],\
            [[\"n\",\"v\"]],[[\"a\",\"1\"],[\"a\",{\"base64\":\"/w==\"}]],null,{}]\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
