//! Paths and queries as they are in a URI: RFC 3986.

use std::{borrow::Cow, fmt::Write as _};

use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, PercentDecode, percent_decode_str, utf8_percent_encode,
};

/// Characters that a query cannot have. All others stay as the caller sent them.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const ENCODED_VALUE: &AsciiSet = &QUERY.add(b'&');
const ENCODED_NAME: &AsciiSet = &ENCODED_VALUE.add(b'=');
const DECODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Normalizes a path by RFC 3986, 6.2.2: a leading `/`, characters not allowed in a path
/// percent-encoded, hex digits in upper case, and no letter, digit, `-`, `.`, `_` or `~` encoded.
///
/// Some front ends decode and others do not; this produces one form for both. An encoded `/` stays
/// encoded, and a `%` that encodes nothing becomes `%25`.
pub(super) fn path(raw: &str) -> String {
    let mut path = String::with_capacity(raw.len() + 1);
    if !raw.starts_with('/') {
        path.push('/');
    }
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let encoded = (byte == b'%').then(|| octet(after)).flatten();
        if let Some((octet, after)) = encoded {
            push(&mut path, octet, is_unreserved(octet));
            rest = after;
        } else {
            push(&mut path, byte, is_path(byte));
            rest = after;
        }
    }
    path
}

fn push(path: &mut String, octet: u8, is_plain: bool) {
    if is_plain {
        path.push(char::from(octet));
    } else {
        write!(path, "%{octet:02X}").expect("a string takes everything");
    }
}

/// Reads two hex digits.
fn octet(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, after @ ..] = bytes else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let octet = digit(*high)? * 16 + digit(*low)?;
    Some((u8::try_from(octet).ok()?, after))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn is_path(byte: u8) -> bool {
    is_unreserved(byte) || b"/!$&'()*+,;=:@".contains(&byte)
}

/// Splits a path at each `/` and decodes the segments. `/` has none.
pub(crate) fn decoded_segments(path: &str) -> Vec<Cow<'_, str>> {
    let segments = path.strip_prefix('/').unwrap_or(path);
    if segments.is_empty() {
        return Vec::new();
    }
    let segments = segments.split('/').map(percent_decode_str);
    segments.map(PercentDecode::decode_utf8_lossy).collect()
}

/// Encodes the characters of a raw query that a query cannot have.
pub(super) fn query(raw: &str) -> String {
    utf8_percent_encode(raw, QUERY).to_string()
}

/// Joins names and values that are still encoded.
pub(super) fn joined_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    join(pairs, ENCODED_NAME, ENCODED_VALUE)
}

/// Encodes and joins names and values that were decoded.
pub(super) fn encoded_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    join(pairs, DECODED, DECODED)
}

fn join<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    name_set: &'static AsciiSet,
    value_set: &'static AsciiSet,
) -> String {
    let pairs = pairs.map(|(name, value)| {
        let name = utf8_percent_encode(name, name_set);
        format!("{name}={}", utf8_percent_encode(value, value_set))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Splits a query into decoded names and values, in which `+` stands for a space.
pub(crate) fn parse_query(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    })
}

fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let text = text.replace('+', " ");
        return Cow::Owned(percent_decode_str(&text).decode_utf8_lossy().into_owned());
    }
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::{decoded_segments, encoded_query, joined_query, parse_query, path, query};

    #[test]
    fn a_path_has_one_form_whether_it_was_decoded_or_not() {
        // What a caller sent, and how an HTTP API passes it on: captures of July 2026.
        for (sent, decoded, expected) in [
            ("/a%20b", "/a b", "/a%20b"),
            ("/%CE%BB", "/\u{3bb}", "/%CE%BB"),
            ("/%ce%bb", "/\u{3bb}", "/%CE%BB"),
            ("/h%23v", "/h#v", "/h%23v"),
            ("/%41%2D%7e", "/A-~", "/A-~"),
            (
                "/a;b=1,2:@!$&'()*+",
                "/a;b=1,2:@!$&'()*+",
                "/a;b=1,2:@!$&'()*+",
            ),
            ("/[x]", "/[x]", "/%5Bx%5D"),
        ] {
            assert_eq!(path(sent), expected, "{sent}");
            assert_eq!(path(decoded), expected, "{decoded}");
        }
    }

    #[test]
    fn what_encodes_something_else_stays_encoded() {
        for kept in ["/s%2Fv", "/q%3Fv", "/p%25d", "/l%252Fv", "/%00", "/%FF"] {
            assert_eq!(path(kept), kept);
        }
    }

    #[test]
    fn a_percent_sign_that_encodes_nothing_is_encoded() {
        for (raw, expected) in [
            ("/100%", "/100%25"),
            ("/%z1", "/%25z1"),
            ("/%1", "/%251"),
            ("/%\u{e9}", "/%25%C3%A9"),
            ("/%%41", "/%25A"),
        ] {
            assert_eq!(path(raw), expected);
            assert_eq!(path(expected), expected);
        }
    }

    #[test]
    fn a_path_begins_with_a_slash() {
        assert_eq!(path(""), "/");
        assert_eq!(path("a/b"), "/a/b");
        assert_eq!(path("//a"), "//a");
    }

    #[test]
    fn segments_are_decoded_one_by_one() {
        assert_eq!(decoded_segments("/a%2Fb/%CE%BB/"), ["a/b", "\u{3bb}", ""]);
        assert_eq!(decoded_segments("/%FF"), ["\u{fffd}"]);
        assert!(decoded_segments("/").is_empty());
    }

    #[test]
    fn decoded_parameters_come_back_as_they_were() {
        let pairs = [
            ("a", "1"),
            ("a", "a+b"),
            ("r", "https://x/y?z#&=%"),
            ("\u{e9} ", ""),
        ];
        let query = encoded_query(pairs.into_iter());

        assert_eq!(
            query,
            "a=1&a=a%2Bb&r=https%3A%2F%2Fx%2Fy%3Fz%23%26%3D%25&%C3%A9%20="
        );
        let parsed: Vec<_> = parse_query(&query).collect();
        assert_eq!(parsed, pairs.map(|(n, v)| (n.into(), v.into())));
    }

    #[test]
    fn encoded_parameters_are_joined_as_they_are() {
        let pairs = [
            ("p", "a%2Bb"),
            ("amp", "1%262"),
            ("odd", "x & y"),
            ("bad", "%ZZ"),
        ];

        let query = joined_query(pairs.into_iter());

        assert_eq!(query, "p=a%2Bb&amp=1%262&odd=x%20%26%20y&bad=%ZZ");
        let values: Vec<_> = parse_query(&query).map(|(_, value)| value).collect();
        assert_eq!(values, ["a+b", "1&2", "x & y", "%ZZ"]);
    }

    #[test]
    fn a_query_is_left_as_it_was_sent() {
        let sent = "a[]=1&b={x}|y&c=a+b&d=%zz&e";

        assert_eq!(query(sent), sent);
        assert_eq!(query("a=b c\u{e9}#\""), "a=b%20c%C3%A9%23%22");
    }
}
