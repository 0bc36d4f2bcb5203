//! Signature version 4: canonical request, string to sign, signature.

use http::{HeaderMap, HeaderName, Method};

use crate::credentials::Credentials;
use crate::date::Stamp;
use crate::hash::{hex, hmac, sha256_hex};
use crate::headers;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature is for.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

/// The parts of a canonical request but its headers.
#[derive(Clone, Copy)]
pub(crate) struct Canonical<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) payload: &'a str,
}

impl Scope<'_> {
    fn text(&self, stamp: &Stamp) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            stamp.date(),
            self.region,
            self.service
        )
    }
}

impl Canonical<'_> {
    /// Returns the canonical request. Values need not be UTF-8.
    pub(crate) fn request(&self, map: &HeaderMap, names: &[&HeaderName]) -> Vec<u8> {
        let mut text = Vec::with_capacity(1024);
        for line in [self.method.as_str(), self.path, self.query] {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        for &name in names {
            text.extend_from_slice(name.as_str().as_bytes());
            let mut separator = b':';
            for value in map.get_all(name) {
                text.push(separator);
                push_folded(value.as_bytes(), &mut text);
                separator = b',';
            }
            text.push(b'\n');
        }
        text.push(b'\n');
        text.extend_from_slice(joined(names).as_bytes());
        text.push(b'\n');
        text.extend_from_slice(self.payload.as_bytes());
        text
    }
}

/// Appends a value without spaces at both ends, and one space for each run of them.
fn push_folded(value: &[u8], text: &mut Vec<u8>) {
    let words = value
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

fn joined(names: &[&HeaderName]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    names.join(";")
}

/// Returns the names of the headers to sign, in order. `named` are those of the handler.
pub(crate) fn signed_names<'a>(map: &'a HeaderMap, named: &[HeaderName]) -> Vec<&'a HeaderName> {
    let mut names: Vec<_> = map
        .keys()
        .filter(|name| headers::is_signed(name, named))
        .collect();
    names.sort_unstable_by_key(|name| name.as_str());
    names
}

pub(crate) fn string_to_sign(canonical_request: &[u8], scope: Scope<'_>, stamp: &Stamp) -> String {
    let hash = sha256_hex(canonical_request);
    format!(
        "{ALGORITHM}\n{}\n{}\n{hash}",
        stamp.as_str(),
        scope.text(stamp)
    )
}

pub(crate) fn signature(
    string_to_sign: &str,
    scope: Scope<'_>,
    secret: &str,
    stamp: &Stamp,
) -> String {
    let first = zeroize::Zeroizing::new(format!("AWS4{secret}"));
    let mut key = hmac(first.as_bytes(), stamp.date());
    for part in [scope.region, scope.service, "aws4_request"] {
        key = hmac(key.as_ref(), part);
    }
    hex(hmac(key.as_ref(), string_to_sign).as_ref())
}

/// Returns the value of `authorization`.
pub(crate) fn authorization(
    canonical: &Canonical<'_>,
    map: &HeaderMap,
    named: &[HeaderName],
    scope: Scope<'_>,
    (credentials, stamp): (&Credentials, &Stamp),
) -> String {
    let names = signed_names(map, named);
    let request = canonical.request(map, &names);
    let to_sign = string_to_sign(&request, scope, stamp);
    let signature = signature(&to_sign, scope, credentials.secret(), stamp);
    format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
        credentials.key_id(),
        scope.text(stamp),
        joined(&names),
    )
}

#[cfg(test)]
mod tests;
