//! Heads and policies for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Request;
use http::request::Parts;

use crate::{Ask, Credentials, CustomEndpoint, Grant, PayloadHash, Placeholder, Policy, ask};

pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// SHA-256 of nothing.
pub(crate) const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(crate) fn placeholder() -> Placeholder {
    Placeholder::from_random(*b"sixteen bytes...")
}

/// A policy of a function in eu-central-1.
pub(crate) fn policy(allow: &[&str]) -> Policy {
    let parsed = allow.iter().map(|text| text.parse().unwrap());
    Policy {
        allow: parsed.collect(),
        endpoints: Vec::new(),
        region: Some("eu-central-1".to_owned()),
    }
}

pub(crate) fn with_endpoint(policy: Policy, prefix: &str, url: &str) -> Policy {
    let endpoints = vec![CustomEndpoint::new(prefix, url).unwrap()];
    Policy {
        endpoints,
        ..policy
    }
}

/// The header of a thin client.
pub(crate) fn authorization(service: &str, region: &str) -> String {
    let key = placeholder();
    format!(
        "AWS4-HMAC-SHA256 Credential={}/00000000/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0",
        key.as_str()
    )
}

/// A head with these headers. `KEY` in a value is the placeholder.
pub(crate) fn head(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, value.replace("KEY", placeholder().as_str()));
    }
    request.body(()).unwrap().into_parts().0
}

/// A head that asks for a signature.
pub(crate) fn signed_head(
    method: &str,
    uri: &str,
    scope: (&str, &str),
    headers: &[(&str, &str)],
) -> Parts {
    let authorization = authorization(scope.0, scope.1);
    let mut all = vec![("authorization", authorization.as_str())];
    all.extend(headers);
    head(method, uri, &all)
}

/// Returns the text of the refusal, or `granted`, or `not ours`.
pub(crate) fn answer(policy: &Policy, head: &Parts) -> String {
    match ask(&placeholder(), policy, head) {
        Ask::NotOurs => "not ours".to_owned(),
        Ask::Granted(_) => "granted".to_owned(),
        Ask::Refused(refusal) => refusal.to_string(),
    }
}

pub(crate) fn granted(policy: &Policy, head: &Parts) -> Grant {
    match ask(&placeholder(), policy, head) {
        Ask::Granted(grant) => *grant,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn credentials(token: Option<&str>) -> Credentials {
    let token = token.map(str::to_owned);
    Credentials::new("AKIDEXAMPLE".to_owned(), SECRET.to_owned(), token).unwrap()
}

/// 2015-08-30, 12:36 UTC.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_440_938_160)
}

/// Prepares and signs a head with an empty body.
pub(crate) fn sign(policy: &Policy, mut head: Parts, token: Option<&str>) -> Parts {
    let grant = granted(policy, &head);
    grant.prepare(&mut head);
    let none = PayloadHash::of::<&[u8]>([]);
    let hash = grant.payload().hash().unwrap_or(none);
    grant
        .sign(&mut head, &hash, &credentials(token), now())
        .unwrap();
    head
}

pub(crate) fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name).map(|value| value.to_str().unwrap())
}

/// Returns the value of `SignedHeaders` or `Signature`.
pub(crate) fn part<'a>(head: &'a Parts, name: &str) -> &'a str {
    let value = header(head, "authorization").unwrap();
    let (_, rest) = value.split_once(&format!("{name}=")).unwrap();
    rest.split(',').next().unwrap()
}
