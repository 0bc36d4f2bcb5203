//! Hides secrets in what the console shows.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a secret.
const MASK: &str = "\u{2022}\u{2022}\u{2022}\u{2022}";

/// Headers whose values are secrets.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
];

/// The field of events and preludes that lists cookies.
const COOKIES: &str = "cookies";

/// Whether secrets are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Secrets {
    Masked,
    Shown,
}

impl Secrets {
    /// Returns the value of a header as it is shown.
    pub(crate) fn header<'a>(self, name: &str, value: &'a str) -> Cow<'a, str> {
        if self == Self::Masked && is_secret(name) {
            masked(name, value).into()
        } else {
            value.into()
        }
    }

    /// Returns a JSON document as it is shown: byte for byte, unless there is something to hide.
    pub(crate) fn document<'a>(self, text: &'a str) -> Cow<'a, str> {
        if self == Self::Shown {
            return text.into();
        }
        let Ok(mut value) = serde_json::from_str::<Value>(text) else {
            return text.into();
        };
        if mask_fields(&mut value) {
            value.to_string().into()
        } else {
            text.into()
        }
    }
}

fn is_secret(name: &str) -> bool {
    SECRET_HEADERS
        .iter()
        .any(|it| name.eq_ignore_ascii_case(it))
}

/// Masks the value of a header. Names and attributes of cookies remain.
fn masked(name: &str, value: &str) -> String {
    if name.eq_ignore_ascii_case("set-cookie") {
        return masked_cookie(value);
    }
    if name.eq_ignore_ascii_case("cookie") {
        let cookies: Vec<_> = value.split(';').map(masked_cookie).collect();
        return cookies.join(";");
    }
    MASK.to_owned()
}

fn masked_cookie(cookie: &str) -> String {
    let (pair, attributes) = match cookie.split_once(';') {
        Some((pair, attributes)) => (pair, format!(";{attributes}")),
        None => (cookie, String::new()),
    };
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}{attributes}"),
        None => MASK.to_owned(),
    }
}

/// Masks secrets below a value. Returns whether there were any.
fn mask_fields(value: &mut Value) -> bool {
    let mut has_changed = false;
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let name = if name == COOKIES { "set-cookie" } else { name };
                has_changed |= if is_secret(name) {
                    mask_value(name, value)
                } else {
                    mask_fields(value)
                };
            }
        }
        Value::Array(values) => {
            for value in values {
                has_changed |= mask_fields(value);
            }
        }
        _ => {}
    }
    has_changed
}

fn mask_value(name: &str, value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            *text = masked(name, text);
            true
        }
        Value::Array(values) => {
            let mut has_changed = false;
            for value in values {
                has_changed |= mask_value(name, value);
            }
            has_changed
        }
        other => mask_fields(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_are() {
        for (name, value, expected) in [
            (
                "Authorization",
                "Bearer s3cret",
                "\u{2022}\u{2022}\u{2022}\u{2022}",
            ),
            (
                "cookie",
                "a=s3cret; b=s3cret",
                "a=\u{2022}\u{2022}\u{2022}\u{2022}; b=\u{2022}\u{2022}\u{2022}\u{2022}",
            ),
            (
                "Set-Cookie",
                "a=s3cret; Path=/",
                "a=\u{2022}\u{2022}\u{2022}\u{2022}; Path=/",
            ),
            (
                "x-amz-security-token",
                "s3cret",
                "\u{2022}\u{2022}\u{2022}\u{2022}",
            ),
            ("accept", "*/*", "*/*"),
        ] {
            assert_eq!(Secrets::Masked.header(name, value), expected, "{name}");
            assert_eq!(Secrets::Shown.header(name, value), value, "{name}");
        }
        for event in [
            r#"{"headers":{"Authorization":"s3cret"}}"#,
            r#"{"multiValueHeaders":{"COOKIE":["a=s3cret","b=s3cret"]}}"#,
            r#"{"cookies":["a=s3cret"],"b":[{"authorization":"s3cret"}]}"#,
        ] {
            let masked = Secrets::Masked.document(event);
            assert!(!masked.contains("s3cret"), "{masked}");
            assert_eq!(Secrets::Shown.document(event), event);
        }
    }

    #[test]
    fn a_document_without_secrets_stays_as_it_is() {
        for text in [
            "{\"b\": 1.50,\n \"a\":2}",
            "not json",
            "[]",
            "{\"cookies\":null}",
        ] {
            assert_eq!(Secrets::Masked.document(text), text);
        }
    }
}
