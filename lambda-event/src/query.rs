//! Queries as they are in a URI: RFC 3986.

use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

use crate::fields::Fields;

/// Characters that a query cannot have. All others stay as the caller sent them.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const ENCODED_VALUE: &AsciiSet = &QUERY.add(b'&');
const ENCODED_NAME: &AsciiSet = &ENCODED_VALUE.add(b'=');
const DECODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Appends a raw query, whose characters are encoded if a query cannot have them.
pub(crate) fn push_escaped(target: &mut String, raw: &str) {
    target.extend(utf8_percent_encode(raw, QUERY));
}

/// How names and values are encoded that are joined to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// They were decoded.
    Full,
    /// They are still encoded.
    Rest,
}

impl Encoding {
    /// Returns the characters of names and those of values that are encoded.
    fn sets(self) -> (&'static AsciiSet, &'static AsciiSet) {
        match self {
            Self::Full => (DECODED, DECODED),
            Self::Rest => (ENCODED_NAME, ENCODED_VALUE),
        }
    }
}

/// Appends names and values as a query.
pub(crate) fn push_joined(target: &mut String, parameters: &Fields<'_>, encoding: Encoding) {
    let (of_names, of_values) = encoding.sets();
    let mut separator = "";
    for (name, value) in parameters.pairs() {
        target.push_str(separator);
        target.extend(utf8_percent_encode(name, of_names));
        target.push('=');
        target.extend(utf8_percent_encode(value, of_values));
        separator = "&";
    }
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
    use crate::fields::Values;

    fn joined(pairs: &[(&'static str, &'static str)], encoding: Encoding) -> String {
        let mut fields = Fields::EMPTY;
        for &(name, value) in pairs {
            fields.push(name.into(), Values::One(value.into()));
        }
        let mut query = String::new();
        push_joined(&mut query, &fields, encoding);
        query
    }

    fn escaped(raw: &str) -> String {
        let mut query = String::new();
        push_escaped(&mut query, raw);
        query
    }

    #[test]
    fn decoded_parameters_come_back_as_they_were() {
        let pairs = [
            ("a", "1"),
            ("a", "a+b"),
            ("r", "https://x/y?z#&=%"),
            ("\u{e9} ", ""),
        ];
        let query = joined(&pairs, Encoding::Full);

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

        let query = joined(&pairs, Encoding::Rest);

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
