//! What a case expects of a response, and where the response differs.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::Value;

use super::matcher::Matcher;
use super::observed::{End, Observed};

/// What a case expects. What is left out may be anything, but a failure is always told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expectation {
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, Matcher>,
    /// The values of all `set-cookie` headers.
    cookies: Option<Vec<Matcher>>,
    body: Option<Matcher>,
    /// The chunks as they arrive. What a handler writes without a pause may arrive as one.
    chunks: Option<Vec<Matcher>>,
    /// Values by JSON pointer in a body of JSON.
    #[serde(default)]
    json: BTreeMap<String, Value>,
    error: Option<Failure>,
    #[serde(default)]
    time: Bounds,
}

/// The failure that is expected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    r#type: Option<Matcher>,
    message: Option<Matcher>,
}

/// Bounds of times, in milliseconds since the invocation.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bounds {
    /// The first byte of the body arrives in time.
    first_byte_ms: Option<u64>,
    /// The end arrives in time.
    total_ms: Option<u64>,
    /// No pause between two chunks is longer.
    longest_pause_ms: Option<u64>,
    /// No pause between two chunks is shorter: the handler streams.
    shortest_pause_ms: Option<u64>,
}

impl Expectation {
    /// Returns the differences. None means that the case passes.
    pub(super) fn differences(&self, observed: &Observed) -> Vec<String> {
        let mut found = Vec::new();
        self.check_end(observed, &mut found);
        self.check_head(observed, &mut found);
        self.check_body(observed, &mut found);
        self.time.check(observed, &mut found);
        found
    }

    fn check_end(&self, observed: &Observed, found: &mut Vec<String>) {
        match (&self.error, &observed.end) {
            (None, End::Failed { kind, message }) => {
                let when = if observed.head.is_some() {
                    "in the middle of the response"
                } else {
                    "before the response"
                };
                found.push(format!("failed {when}: {kind}: {message}"));
            }
            (Some(_), End::Complete | End::ReaderLeft) => {
                found.push("expected a failure, got a response without one".to_owned());
            }
            (Some(error), End::Failed { kind, message }) => {
                let texts = [
                    ("error type", &error.r#type, kind),
                    ("error message", &error.message, message),
                ];
                for (what, expected, text) in texts {
                    check(what, expected.as_ref(), text, found);
                }
            }
            (None, End::Complete | End::ReaderLeft) => {}
        }
    }

    fn check_head(&self, observed: &Observed, found: &mut Vec<String>) {
        let Some((status, headers)) = &observed.head else {
            if self.status.is_some() || !self.headers.is_empty() || self.cookies.is_some() {
                found.push("expected a head, got none".to_owned());
            }
            return;
        };
        if let Some(expected) = self.status
            && expected != *status
        {
            found.push(format!("status: expected {expected}, got {status}"));
        }
        for (name, expected) in &self.headers {
            match values(headers, name).as_slice() {
                [] => found.push(format!("header `{name}`: expected {expected}, got none")),
                all => check(
                    &format!("header `{name}`"),
                    Some(expected),
                    &all.join(", "),
                    found,
                ),
            }
        }
        if let Some(expected) = &self.cookies {
            let cookies = values(headers, SET_COOKIE.as_str());
            check_list("cookie", expected, &cookies, found);
        }
    }

    fn check_body(&self, observed: &Observed, found: &mut Vec<String>) {
        let body = observed.body();
        match std::str::from_utf8(&body) {
            Ok(text) => check("body", self.body.as_ref(), text, found),
            Err(_) if self.body.is_some() => {
                found.push(format!(
                    "body: expected text, got {} bytes that are not UTF-8",
                    body.len()
                ));
            }
            Err(_) => {}
        }
        if let Some(expected) = &self.chunks {
            let chunks: Vec<_> = observed
                .chunks
                .iter()
                .map(|(_, chunk)| String::from_utf8_lossy(chunk).into_owned())
                .collect();
            check_list("chunk", expected, &chunks, found);
        }
        if !self.json.is_empty() {
            check_json("", &self.json, &body, found);
        }
    }

    /// Whether the expectation has the body in some form.
    pub(super) fn has_body(&self) -> bool {
        self.body.is_some() || self.chunks.is_some() || !self.json.is_empty()
    }

    pub(super) fn has_chunks(&self) -> bool {
        self.chunks.is_some()
    }

    pub(super) fn has_cookies(&self) -> bool {
        self.cookies.is_some()
    }

    /// The names of the headers that are expected.
    pub(super) fn header_names(&self) -> impl Iterator<Item = &String> {
        self.headers.keys()
    }

    /// The JSON pointers that are expected.
    pub(super) fn json_pointers(&self) -> impl Iterator<Item = &String> {
        self.json.keys()
    }
}

impl Bounds {
    fn check(self, observed: &Observed, found: &mut Vec<String>) {
        let first = observed.chunks.first().map(|(at, _)| *at);
        at_most("first byte", self.first_byte_ms, first, found);
        at_most("end", self.total_ms, Some(observed.total), found);
        let pauses = || {
            let pairs = observed.chunks.iter().zip(observed.chunks.iter().skip(1));
            pairs.map(|((one, _), (next, _))| next.saturating_sub(*one))
        };
        at_most(
            "longest pause",
            self.longest_pause_ms,
            pauses().max(),
            found,
        );
        let shortest = pauses().min();
        if let Some(bound) = self.shortest_pause_ms
            && shortest.is_none_or(|pause| pause < Duration::from_millis(bound))
        {
            found.push(match shortest {
                Some(pause) => format!(
                    "shortest pause: expected at least {bound} ms, got {} ms",
                    pause.as_millis()
                ),
                None => format!(
                    "shortest pause: expected at least {bound} ms, got {} chunks",
                    observed.chunks.len()
                ),
            });
        }
    }
}

fn at_most(what: &str, bound: Option<u64>, time: Option<Duration>, found: &mut Vec<String>) {
    let Some(bound) = bound else { return };
    match time {
        Some(time) if time <= Duration::from_millis(bound) => {}
        Some(time) => found.push(format!(
            "{what}: expected within {bound} ms, got {} ms",
            time.as_millis()
        )),
        None => found.push(format!("{what}: expected within {bound} ms, got none")),
    }
}

/// Compares a text.
pub(super) fn check(what: &str, expected: Option<&Matcher>, text: &str, found: &mut Vec<String>) {
    let mismatch = expected.and_then(|expected| expected.mismatch(text));
    found.extend(mismatch.map(|why| format!("{what}: {why}")));
}

/// Compares values by JSON pointer in a body. Differences begin with `of`.
pub(super) fn check_json(
    of: &str,
    expected: &BTreeMap<String, Value>,
    body: &[u8],
    found: &mut Vec<String>,
) {
    let document: Value = match serde_json::from_slice(body) {
        Ok(document) => document,
        Err(error) => return found.push(format!("{of}body: expected JSON: {error}")),
    };
    for (pointer, expected) in expected {
        match document.pointer(pointer) {
            Some(value) if value == expected => {}
            Some(value) => found.push(format!(
                "{of}json `{pointer}`: expected {expected}, got {value}"
            )),
            None => found.push(format!(
                "{of}json `{pointer}`: expected {expected}, got nothing"
            )),
        }
    }
}

fn check_list(what: &str, expected: &[Matcher], texts: &[String], found: &mut Vec<String>) {
    for (index, (expected, text)) in expected.iter().zip(texts).enumerate() {
        check(
            &format!("{what} {}", index + 1),
            Some(expected),
            text,
            found,
        );
    }
    if expected.len() != texts.len() {
        found.push(format!(
            "expected {} {what}s, got {}",
            expected.len(),
            texts.len()
        ));
    }
}

/// The values of a header, in order.
pub(super) fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const COMPLETE: &str = r#"
        status = 200
        headers = { content-type = "text/plain", x-a = { contains = "2" } }
        cookies = ["a=1", { matches = "^b=" }]
        body = "onetwo"
        chunks = ["one", "two"]
        time = { first-byte-ms = 100, total-ms = 500, longest-pause-ms = 300, shortest-pause-ms = 200 }
    "#;

    fn observed() -> Observed {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "text/plain"),
            ("x-a", "1"),
            ("x-a", "2"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        Observed {
            head: Some((200, headers)),
            chunks: vec![
                (Duration::from_millis(100), "one".into()),
                (Duration::from_millis(350), "two".into()),
            ],
            end: End::Complete,
            total: Duration::from_millis(500),
            ..Observed::nothing()
        }
    }

    fn differences(expectation: &str, observed: &Observed) -> Vec<String> {
        let expectation: Expectation = toml::from_str(expectation).unwrap();
        expectation.differences(observed)
    }

    #[test]
    fn a_response_as_expected_has_no_difference() {
        assert_eq!(differences(COMPLETE, &observed()), [""; 0]);
        assert_eq!(differences("", &observed()), [""; 0]);
    }

    #[test]
    fn each_difference_is_named() {
        for (expectation, expected) in [
            ("status = 404", "status: expected 404, got 200"),
            (
                "headers = { x-b = \"1\" }",
                "header `x-b`: expected \"1\", got none",
            ),
            (
                "headers = { x-a = \"1\" }",
                "header `x-a`: expected \"1\", got \"1, 2\"",
            ),
            ("cookies = [\"a=1\"]", "expected 1 cookies, got 2"),
            ("cookies = [\"a=1\", \"b=3\"]", "cookie 2: expected \"b=3\""),
            ("body = \"one\"", "different at byte 3"),
            ("chunks = [\"onetwo\"]", "expected 1 chunks, got 2"),
            ("json = { \"/a\" = 1 }", "body: expected JSON"),
            ("error = {}", "expected a failure"),
            (
                "time = { first-byte-ms = 99 }",
                "first byte: expected within 99 ms, got 100 ms",
            ),
            (
                "time = { total-ms = 499 }",
                "end: expected within 499 ms, got 500 ms",
            ),
            (
                "time = { longest-pause-ms = 249 }",
                "within 249 ms, got 250 ms",
            ),
            (
                "time = { shortest-pause-ms = 251 }",
                "at least 251 ms, got 250 ms",
            ),
        ] {
            let found = differences(expectation, &observed()).join("; ");
            assert!(found.contains(expected), "{expectation}: {found}");
        }
    }

    #[test]
    fn values_in_json_are_compared() {
        let mut observed = observed();
        observed.chunks = vec![(Duration::ZERO, r#"{"a": [1, {"b": null}]}"#.into())];
        assert_eq!(differences("json = { \"/a/0\" = 1 }", &observed), [""; 0]);
        for (expectation, expected) in [
            ("json = { \"/a/0\" = 2 }", "json `/a/0`: expected 2, got 1"),
            (
                "json = { \"/a/2\" = 2 }",
                "json `/a/2`: expected 2, got nothing",
            ),
        ] {
            assert_eq!(differences(expectation, &observed), [expected]);
        }
    }

    #[test]
    fn a_failure_is_a_difference_unless_it_is_expected() {
        let mut observed = observed();
        observed.end = End::Failed {
            kind: "Function.Panic".to_owned(),
            message: "no luck".to_owned(),
        };
        assert_eq!(
            differences("", &observed),
            ["failed in the middle of the response: Function.Panic: no luck"]
        );
        let error = "error = { type = \"Function.Panic\", message = { contains = \"luck\" } }";
        assert_eq!(differences(error, &observed), [""; 0]);
        let other = differences("error = { type = \"Function.Trap\" }", &observed);
        assert!(
            other[0].starts_with("error type: expected \"Function.Trap\""),
            "{other:?}"
        );
        observed.head = None;
        assert_eq!(
            differences("status = 200", &observed),
            [
                "failed before the response: Function.Panic: no luck",
                "expected a head, got none"
            ]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        let mut observed = observed();
        observed.chunks = vec![(Duration::ZERO, vec![0xff].into())];
        assert_eq!(
            differences("body = \"x\"", &observed),
            ["body: expected text, got 1 bytes that are not UTF-8"]
        );
    }
}
