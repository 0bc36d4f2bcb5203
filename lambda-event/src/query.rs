//! Queries as they are in a URI: RFC 3986.

use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
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

/// Encodes the characters of a raw query that a query cannot have.
pub(crate) fn escaped(raw: &str) -> String {
    utf8_percent_encode(raw, QUERY).to_string()
}

/// Joins names and values that are still encoded.
pub(crate) fn joined<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    join(pairs, ENCODED_NAME, ENCODED_VALUE)
}

/// Encodes and joins names and values that were decoded.
pub(crate) fn encoded<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
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
pub fn parse_query(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
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
    use super::*;

    #[test]
    fn decoded_parameters_come_back_as_they_were() {
        let pairs = [
            ("a", "1"),
            ("a", "a+b"),
            ("r", "https://x/y?z#&=%"),
            ("\u{e9} ", ""),
        ];
        let query = encoded(pairs.into_iter());

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

        let query = joined(pairs.into_iter());

        assert_eq!(query, "p=a%2Bb&amp=1%262&odd=x%20%26%20y&bad=%ZZ");
        let values: Vec<_> = parse_query(&query).map(|(_, value)| value).collect();
        assert_eq!(values, ["a+b", "1&2", "x & y", "%ZZ"]);
    }

    #[test]
    fn a_query_is_left_as_it_was_sent() {
        let sent = "a[]=1&b={x}|y&c=a+b&d=%zz&e";

        assert_eq!(escaped(sent), sent);
        assert_eq!(escaped("a=b c\u{e9}#\""), "a=b%20c%C3%A9%23%22");
    }
}
