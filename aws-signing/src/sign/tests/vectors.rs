//! The complete test suite for signature version 4 of `awslabs/aws-c-auth`.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use super::super::*;
use crate::uri::{Encoding, Path, Query};

const SUITE: &str = include_str!("../../../tests/vectors/sigv4.json");

#[derive(Deserialize)]
struct Suite {
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Case {
    context: Context,
    request: String,
    header_canonical_request: String,
    header_string_to_sign: String,
    header_signature: String,
    header_signed_request: String,
}

#[derive(Deserialize)]
struct Context {
    credentials: Keys,
    normalize: bool,
    region: String,
    service: String,
    sign_body: bool,
    timestamp: String,
    #[serde(default)]
    omit_session_token: bool,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

/// Method, target, headers and body.
fn parse(text: &str) -> (Method, &str, HeaderMap, &str) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (line, lines) = head.split_once('\n').unwrap();
    let (method, target) = line.split_once(' ').unwrap();
    let target = target.strip_suffix(" HTTP/1.1").unwrap();
    // A line that starts with a space continues the value before.
    let unfolded = lines.trim_end().replace("\n ", " ");
    let mut headers = HeaderMap::new();
    for line in unfolded.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    (method.parse().unwrap(), target, headers, body)
}

fn check(name: &str, case: &Case) {
    let context = &case.context;
    assert_eq!(context.timestamp, "2015-08-30T12:36:00Z", "{name}");
    let stamp = Stamp::of(UNIX_EPOCH + Duration::from_secs(1_440_938_160)).unwrap();
    let (method, target, mut headers, body) = parse(&case.request);
    let keys = &context.credentials;
    let token = keys.token.clone().filter(|_| !context.omit_session_token);
    let credentials = Credentials::new(
        keys.access_key_id.clone(),
        keys.secret_access_key.clone(),
        token,
    )
    .unwrap();
    let hash = sha256_hex(body.as_bytes());
    headers.insert(headers::DATE, stamp.as_str().parse().unwrap());
    if let Some(token) = credentials.token_value() {
        headers.insert(headers::TOKEN, token);
    }
    if context.sign_body {
        headers.insert(crate::payload::HEADER, hash.parse().unwrap());
    }
    // The suite's paths are not encoded. With `normalize` they are what is sent, and encoded the second time.
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = match context.normalize {
        true => Path::as_sent(path).canonical(Encoding::Twice),
        false => Path::parse(path).unwrap().canonical(Encoding::Once),
    };
    let canonical = Canonical {
        method: &method,
        path: &path,
        query: &Query::parse(query).unwrap().canonical(),
        payload: &hash,
    };
    let scope = Scope {
        region: &context.region,
        service: &context.service,
    };
    // The suite signs all headers, `content-length` among them.
    let mut names: Vec<&HeaderName> = headers.keys().collect();
    names.sort_unstable_by_key(|name| name.as_str());
    let request = canonical.request(&headers, &names);
    let request = String::from_utf8(request).unwrap();
    assert_eq!(request, case.header_canonical_request, "{name}");
    let to_sign = string_to_sign(request.as_bytes(), scope, &stamp);
    assert_eq!(to_sign, case.header_string_to_sign, "{name}");
    let signature = signature(&to_sign, scope, credentials.secret(), &stamp);
    assert_eq!(signature, case.header_signature, "{name}");
    if headers.contains_key("content-length") {
        return;
    }
    let named: Vec<HeaderName> = names.iter().map(|&name| name.clone()).collect();
    let value = authorization(&canonical, &headers, &named, scope, (&credentials, &stamp));
    assert!(
        case.header_signed_request.contains(&value),
        "{name}: {value}"
    );
}

#[test]
fn the_test_suite_passes() {
    let suite: Suite = serde_json::from_str(SUITE).unwrap();
    assert_eq!(suite.cases.len(), 38);
    for (name, case) in &suite.cases {
        check(name, case);
    }
}
