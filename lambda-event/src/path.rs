//! Paths as they are in a URI: RFC 3986.

use std::borrow::Cow;

use http::uri::PathAndQuery;
use percent_encoding::{PercentDecode, percent_decode_str, percent_encode_byte};

use crate::ReadError;

/// Appends a path, which is encoded or decoded, in a form that a URI can have.
///
/// Bytes that cannot stand in a path are percent-encoded: controls, spaces, `"`, `<`, `>`, `?`, `#`, `\`, `^`,
/// `` ` ``, `{`, `|`, `}`, everything beyond ASCII, and a `%` without two hex digits. All others stay as they are.
/// A path that is encoded already is therefore appended byte for byte, and one that a front end has decoded
/// becomes safe. A leading `/` is added if it is missing.
#[inline(never)]
pub(crate) fn push_escaped(target: &mut String, raw: &str) {
    if !raw.starts_with('/') {
        target.push('/');
    }
    if raw.bytes().all(may_stand) {
        target.push_str(raw);
        return;
    }
    each_octet(raw.as_bytes(), |octet| match octet {
        Octet::Plain(byte) if may_stand(byte) => target.push(char::from(byte)),
        Octet::Plain(byte) => push_encoded(target, byte),
        Octet::Encoded(digits, _) => {
            target.push('%');
            target.extend(digits.map(char::from));
        }
    });
}

/// Returns a path in a form that a URI can have; see [`HttpRequest::target`](crate::HttpRequest::target).
#[must_use]
pub fn escaped_path(raw: &str) -> String {
    let mut path = String::with_capacity(raw.len() + 1);
    push_escaped(&mut path, raw);
    path
}

/// Returns a target whose path has the normal form of RFC 3986, 6.2.2: hex digits are in upper case, and
/// only characters that a path cannot have are encoded.
///
/// It hides whether a front end has decoded the path. An encoded `/` stays encoded, and so does `%25`.
///
/// # Errors
///
/// When the target becomes longer than a URI can be.
#[inline(never)]
pub fn normal_form(target: &PathAndQuery) -> Result<PathAndQuery, ReadError> {
    let mut normal = String::with_capacity(target.as_str().len());
    push_normal(&mut normal, target.path());
    if let Some(query) = target.query() {
        normal.push('?');
        normal.push_str(query);
    }
    path_and_query(normal)
}

/// Returns whether two segments of a path are the same once they are decoded.
pub fn is_same_segment(one: &str, other: &str) -> bool {
    percent_decode_str(one).eq(percent_decode_str(other))
}

/// Splits a path at each `/` and decodes the segments. `/` has none.
pub fn decoded_segments(path: &str) -> Vec<Cow<'_, str>> {
    let segments = path.strip_prefix('/').unwrap_or(path);
    if segments.is_empty() {
        return Vec::new();
    }
    let segments = segments.split('/').map(percent_decode_str);
    segments.map(PercentDecode::decode_utf8_lossy).collect()
}

/// Parses path and query. An event may have longer ones than a URI of the crate `http`.
pub(crate) fn path_and_query(target: String) -> Result<PathAndQuery, ReadError> {
    let bytes = target.len();
    PathAndQuery::try_from(target).map_err(|error| ReadError::Target(bytes, error))
}

fn push_normal(normal: &mut String, path: &str) {
    each_octet(path.as_bytes(), |octet| match octet {
        Octet::Plain(byte) if is_path(byte) => normal.push(char::from(byte)),
        Octet::Encoded(_, byte) if is_unreserved(byte) => normal.push(char::from(byte)),
        Octet::Plain(byte) | Octet::Encoded(_, byte) => push_encoded(normal, byte),
    });
}

/// One byte of a path.
enum Octet {
    /// As it is.
    Plain(u8),
    /// Percent-encoded: the digits as written, and the byte.
    Encoded([u8; 2], u8),
}

fn each_octet(path: &[u8], mut take: impl FnMut(Octet)) {
    let mut rest = path;
    loop {
        rest = match rest {
            [b'%', high, low, after @ ..] if let Some(byte) = hex(*high, *low) => {
                take(Octet::Encoded([*high, *low], byte));
                after
            }
            [byte, after @ ..] => {
                take(Octet::Plain(*byte));
                after
            }
            [] => return,
        };
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn push_encoded(path: &mut String, byte: u8) {
    path.push_str(percent_encode_byte(byte));
}

fn may_stand(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'<' | b'>' | b'?' | b'#' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'%'
        )
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn is_path(byte: u8) -> bool {
    is_unreserved(byte) || b"/!$&'()*+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The normal form of a path from an event.
    fn path(raw: &str) -> String {
        let target = path_and_query(escaped_path(raw)).unwrap();
        normal_form(&target).unwrap().path().to_owned()
    }

    #[test]
    fn an_encoded_path_stays_byte_for_byte() {
        for sent in [
            "/a%20b",
            "/q%3Fv",
            "/h%23v",
            "/s%2Fv",
            "/p%25d",
            "/l%252Fv",
            "/l%253Fv",
            "/l%2525v",
            "/%CE%BB",
            "/%ce%bb",
            "/%41%7e",
            "/%00%FF",
            "//a/../b/./",
            "/a;b=1,2:@!$&'()*+[x]-._~",
        ] {
            assert_eq!(escaped_path(sent), sent);
        }
    }

    #[test]
    fn what_cannot_stand_in_a_path_is_encoded() {
        for (raw, expected) in [
            ("/capture/space value", "/capture/space%20value"),
            ("/unicode-\u{3bb}-\u{4e16}", "/unicode-%CE%BB-%E4%B8%96"),
            ("/q?v", "/q%3Fv"),
            ("/h#v", "/h%23v"),
            ("/l%v", "/l%25v"),
            ("/100%", "/100%25"),
            ("/%4", "/%254"),
            ("/%%41", "/%25%41"),
            ("/%\u{e9}", "/%25%C3%A9"),
            ("/\"<>\\^`{|}", "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
            ("/\r\n\t\0\u{7f}", "/%0D%0A%09%00%7F"),
        ] {
            assert_eq!(escaped_path(raw), expected);
            assert_eq!(escaped_path(expected), expected);
        }
    }

    #[test]
    fn every_byte_leaves_a_path_that_a_uri_has() {
        for byte in 0..=0xff_u8 {
            let raw = format!("/a{}b", char::from(byte));
            let path = escaped_path(&raw);
            assert_eq!(path_and_query(path.clone()).unwrap().path(), path);
            let decoded = percent_decode_str(&path).decode_utf8().unwrap();
            assert_eq!(decoded, raw);
        }
    }

    #[test]
    fn segments_are_compared_decoded() {
        assert!(is_same_segment("caf%C3%A9", "caf%c3%a9"));
        assert!(is_same_segment("%61pi", "api"));
        assert!(!is_same_segment("api", "API"));
        assert!(!is_same_segment("ap", "api"));
    }

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
}
