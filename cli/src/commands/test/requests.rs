//! What a case expects of the requests that the handler sends to a double.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::expectation::{check, check_json};
use super::matcher::Matcher;
use super::observed::{Observed, Request};
use super::outbound::Outbound;

/// What is expected of each request that a double serves. What is left out may be anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requests {
    /// How many there are. By default any number, or at least one if anything else is expected.
    count: Option<usize>,
    #[serde(default)]
    headers: BTreeMap<String, Matcher>,
    url: Option<Matcher>,
    body: Option<Matcher>,
    /// Values by JSON pointer in a body of JSON.
    #[serde(default)]
    json: BTreeMap<String, Value>,
}

/// Returns where the requests differ from what the doubles of a case expect.
pub(super) fn differences(doubles: &[Outbound], observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    for (method, url) in &observed.undeclared {
        found.push(format!(
            "the handler sent `{method} {url}`, which no `[[case.outbound]]` answers"
        ));
    }
    for (index, double) in doubles.iter().enumerate() {
        let requests = observed.requests.iter().filter(|it| it.double == index);
        let requests: Vec<_> = requests.collect();
        double.expect.check(&double.name(), &requests, &mut found);
    }
    found
}

impl Requests {
    fn check(&self, name: &str, requests: &[&Request], found: &mut Vec<String>) {
        if let Some(count) = self.count
            && count != requests.len()
        {
            found.push(format!(
                "`{name}`: expected {count} requests, got {}",
                requests.len()
            ));
        }
        if requests.is_empty() && self.count.is_none() && self.has_content() {
            found.push(format!("`{name}`: expected a request, got none"));
        }
        for (index, request) in requests.iter().enumerate() {
            let of = format!("`{name}`: request {}", index + 1);
            self.check_request(&of, request, found);
        }
    }

    fn has_content(&self) -> bool {
        !self.headers.is_empty()
            || self.url.is_some()
            || self.body.is_some()
            || !self.json.is_empty()
    }

    fn check_request(&self, of: &str, request: &Request, found: &mut Vec<String>) {
        check(
            &format!("{of}: url"),
            self.url.as_ref(),
            &request.url,
            found,
        );
        for (name, expected) in &self.headers {
            let headers = request.headers.iter();
            let values: Vec<_> = headers
                .filter(|(it, _)| it.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
                .collect();
            let what = format!("{of}: header `{name}`");
            if values.is_empty() {
                found.push(format!("{what}: expected {expected}, got none"));
            } else {
                check(&what, Some(expected), &values.join(", "), found);
            }
        }
        match std::str::from_utf8(&request.body) {
            Ok(text) => check(&format!("{of}: body"), self.body.as_ref(), text, found),
            Err(_) if self.body.is_some() => found.push(format!(
                "{of}: body: expected text, got {} bytes that are not UTF-8",
                request.body.len()
            )),
            Err(_) => {}
        }
        if !self.json.is_empty() {
            check_json(&format!("{of}: "), &self.json, &request.body, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expect: &str, bodies: &[&str]) -> Vec<String> {
        let toml = format!("url = \"https://a.example/\"\n[expect]\n{expect}");
        let double: Outbound = toml::from_str(&toml).unwrap();
        let requests = bodies.iter().map(|body| Request {
            double: 0,
            url: "https://a.example/".to_owned(),
            headers: vec![
                ("x-a".to_owned(), "1".to_owned()),
                ("x-a".to_owned(), "2".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
        });
        let observed = Observed {
            requests: requests.collect(),
            ..Observed::nothing()
        };
        differences(&[double], &observed)
    }

    #[test]
    fn requests_as_expected_have_no_difference() {
        let expect = "count = 2\nurl = { contains = \"a.\" }\nheaders = { X-A = \"1, 2\" }\njson = { \"/n\" = 1 }\n";
        assert_eq!(found(expect, &["{\"n\":1}", "{\"n\": 1}"]), [""; 0]);
        assert_eq!(found("", &[]), [""; 0]);
        assert_eq!(found("count = 0", &[]), [""; 0]);
        assert_eq!(found("count = 0\nbody = \"x\"", &[]), [""; 0]);
    }

    #[test]
    fn each_difference_is_named() {
        for (expect, bodies, expected) in [
            ("count = 1", &["", ""][..], "expected 1 requests, got 2"),
            ("body = \"x\"", &[], "expected a request, got none"),
            (
                "body = \"x\"",
                &["x", "y"],
                "request 2: body: expected \"x\", got \"y\"",
            ),
            ("url = \"x\"", &[""], "request 1: url: expected \"x\""),
            (
                "headers = { x-b = \"1\" }",
                &[""],
                "header `x-b`: expected \"1\", got none",
            ),
            (
                "headers = { x-a = \"1\" }",
                &[""],
                "header `x-a`: expected \"1\", got \"1, 2\"",
            ),
            (
                "json = { \"/n\" = 1 }",
                &["{}"],
                "json `/n`: expected 1, got nothing",
            ),
            ("json = { \"/n\" = 1 }", &["-"], "body: expected JSON"),
        ] {
            let found = found(expect, bodies).join("; ");
            assert!(found.contains(expected), "{expect}: {found}");
            assert!(
                found.contains("`* https://a.example/`"),
                "{expect}: {found}"
            );
        }
    }

    #[test]
    fn an_undeclared_request_is_a_difference() {
        let observed = Observed {
            undeclared: vec![("POST".to_owned(), "https://b.example/x".to_owned())],
            ..Observed::nothing()
        };
        assert_eq!(
            differences(&[], &observed),
            ["the handler sent `POST https://b.example/x`, which no `[[case.outbound]]` answers"]
        );
    }
}
