//! Takes secrets out of a capsule that goes to the log.
//!
//! A secret is found by its name: a header, a field of the event, a variable. It is then replaced wherever else its
//! value is, so that a handler that passes it on writes the same in a replay.

use std::cmp::Reverse;

use serde_json::Value;

use super::Hidden;

/// Stands in for a secret.
const MASK: &[u8] = b"***";

/// Headers and fields with secrets.
const SECRET_NAMES: [&str; 8] = [
    "authorization",
    "cookie",
    "cookies",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-amzn-oidc-data",
    "x-api-key",
];

/// Parts of the names of variables and of fields with secrets.
const SECRET_WORDS: [&str; 8] = [
    "api_key",
    "apikey",
    "credential",
    "password",
    "private_key",
    "secret",
    "signature",
    "token",
];

/// Shorter values are no secrets, and are everywhere.
const LEAST_BYTES: usize = 4;

/// Returns a capsule without secrets, those that are `hidden` and those that it names. A line says how many it had.
pub(super) fn masked(text: Vec<u8>, hidden: &[Hidden]) -> Vec<u8> {
    let mut secrets = secrets(&text);
    secrets.extend(hidden.iter().map(|hidden| hidden.0.clone()));
    without(text, secrets)
}

/// Returns a capsule without secrets that are `hidden`. A line says how many it had.
pub(super) fn without_hidden(text: Vec<u8>, hidden: &[Hidden]) -> Vec<u8> {
    without(text, hidden.iter().map(|hidden| hidden.0.clone()).collect())
}

fn without(mut text: Vec<u8>, mut secrets: Vec<String>) -> Vec<u8> {
    secrets.retain(|secret| secret.len() >= LEAST_BYTES);
    // A secret may be a part of another.
    secrets.sort_by_key(|secret| Reverse(secret.len()));
    let mut count = 0;
    for secret in &secrets {
        let once = escaped(secret);
        let twice = escaped(&once);
        count += replace(&mut text, twice.as_bytes());
        count += replace(&mut text, once.as_bytes());
    }
    if count > 0 {
        super::line::push(&mut text, "masked", &[super::Field::Number(count)]);
    }
    text
}

/// Whether the value of a header, a field or a variable with this name is secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = name.replace('-', "_");
    SECRET_NAMES.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| words.contains(word))
}

/// Returns the secrets in a capsule.
fn secrets(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = serde_json::from_slice(line).unwrap_or(Value::Null);
        match (line.get(0).and_then(Value::as_str), line.get(1)) {
            (Some("event" | "head"), Some(Value::String(document))) => {
                collect(
                    &serde_json::from_str(document).unwrap_or_default(),
                    &mut found,
                );
            }
            (Some("variables"), Some(pairs)) => collect_pairs(pairs, &mut found),
            (Some("answer"), _) => collect_pairs(line.get(4).unwrap_or(&Value::Null), &mut found),
            _ => {}
        }
    }
    found
}

/// Collects the secrets below a value.
fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if is_secret(name) {
                    collect_all(name, value, found);
                } else {
                    collect(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// Collects each text below a value as a secret.
fn collect_all(name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => collect_text(name, text, found),
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect_all(name, value, found)),
        Value::Object(object) => object
            .values()
            .for_each(|value| collect_all(name, value, found)),
        _ => {}
    }
}

fn collect_pairs(pairs: &Value, found: &mut Vec<String>) {
    for pair in pairs.as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get(0).and_then(Value::as_str), pair.get(1))
            && is_secret(name)
        {
            collect_all(name, value, found);
        }
    }
}

/// Collects the secret parts of a text: the values of cookies without names, and the credentials of an authorization
/// without its scheme.
fn collect_text(name: &str, text: &str, found: &mut Vec<String>) {
    let name = name.to_ascii_lowercase();
    let mut add = |text: &str| {
        let text = text.trim();
        if text.len() >= LEAST_BYTES {
            found.push(text.to_owned());
        }
    };
    if name.contains("cookie") {
        let is_one = name == "set-cookie";
        let cookies = text.split(';').take(if is_one { 1 } else { usize::MAX });
        for cookie in cookies {
            add(cookie.split_once('=').map_or(cookie, |(_, value)| value));
        }
    } else if name.ends_with("authorization") {
        add(text
            .split_once(' ')
            .map_or(text, |(_, credentials)| credentials));
    } else {
        add(text);
    }
}

/// Returns a text as it is within a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inner = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or_default().to_owned()
}

/// Replaces each occurrence of `secret`, and returns how many there were.
fn replace(text: &mut Vec<u8>, secret: &[u8]) -> u64 {
    let (mut out, mut rest, mut count) = (Vec::new(), text.as_slice(), 0);
    while let Some(at) = rest.windows(secret.len()).position(|part| part == secret) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(MASK);
        rest = rest.get(at + secret.len()..).unwrap_or_default();
        count += 1;
    }
    if count > 0 {
        out.extend_from_slice(rest);
        *text = out;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::Field;
    use super::super::line::push;
    use super::*;

    fn masked_text(lines: &[(&str, &[Field<'_>])]) -> String {
        let mut text = Vec::new();
        for (name, fields) in lines {
            push(&mut text, name, fields);
        }
        let hidden = [Hidden("f1lled-in".to_owned())];
        String::from_utf8(masked(text, &hidden)).unwrap()
    }

    #[test]
    fn a_secret_is_replaced_wherever_it_is() {
        for event in [
            r#"{"headers":{"Authorization":"Bearer s3cret","accept":"*/*"}}"#,
            r#"{"headers":{"x-api-key":"s3cret"}}"#,
            r#"{"multiValueHeaders":{"COOKIE":["a=s3cret; b=s3cret"]}}"#,
            r#"{"cookies":["session=s3cret"]}"#,
            r#"{"requestContext":{"authorizer":{"accessToken":"s3cret"}}}"#,
            r#"{"queryStringParameters":{"X-Amz-Signature":"s3cret"}}"#,
            r#"{"detail":{"password":["s3cret"]}}"#,
        ] {
            let echo = format!("you sent {event}");
            let text = masked_text(&[
                ("event", &[Field::Bytes(event.as_bytes())]),
                (
                    "write",
                    &[Field::Bytes(b"token: s3cret!"), Field::Text("taken")],
                ),
                (
                    "write",
                    &[Field::Bytes(echo.as_bytes()), Field::Text("taken")],
                ),
            ]);
            assert!(!text.contains("s3cret"), "{text}");
            assert!(text.contains("token: ***!"), "{text}");
            assert!(text.contains("[\"masked\","), "{text}");
        }
    }

    #[test]
    fn secrets_of_variables_and_answers_are_replaced_and_names_remain() {
        let variables = [
            ("STRIPE_API_KEY".to_owned(), "sk_\"live\"".to_owned()),
            ("STAGE".to_owned(), "production".to_owned()),
        ];
        let mut headers = http::HeaderMap::new();
        headers.insert("set-cookie", "id=c00kie; Path=/home".parse().unwrap());
        let number = Field::Number(0);
        let text = masked_text(&[
            ("variables", &[Field::Pairs(&variables)]),
            (
                "answer",
                &[number, number, number, Field::Headers(&headers)],
            ),
            (
                "write",
                &[Field::Text(
                    "{\"key\":\"sk_\\\"live\\\"\",\"cookie\":\"c00kie\"}",
                )],
            ),
        ]);
        assert!(!text.contains("live") && !text.contains("c00kie"), "{text}");
        for kept in ["STRIPE_API_KEY", "production", "id=***; Path=/home"] {
            assert!(text.contains(kept), "{text}");
        }
    }

    #[test]
    fn what_the_host_fills_in_is_replaced_in_every_capsule() {
        let hidden = [Hidden("f1lled-in".to_owned()), Hidden(String::new())];
        let mut text = Vec::new();
        push(&mut text, "data", &[Field::Bytes(b"you sent f1lled-in")]);
        push(
            &mut text,
            "event",
            &[Field::Bytes(br#"{"authorization":"Bearer s3cret"}"#)],
        );
        let kept = String::from_utf8(without_hidden(text, &hidden)).unwrap();
        assert!(
            kept.contains("you sent ***") && kept.contains("s3cret"),
            "{kept}"
        );
        assert!(kept.ends_with("[\"masked\",1]\n"), "{kept}");
    }

    #[test]
    fn a_capsule_without_secrets_stays_as_it_is() {
        let event = r#"{"headers":{"accept":"*/*","authorization":"x"},"cookies":null}"#;
        let text = masked_text(&[("event", &[Field::Text(event)])]);
        assert!(!text.contains("masked") && text.contains("*/*"), "{text}");
    }
}
