//! The `authorization` header of a handler.

use http::{HeaderName, HeaderValue};

use crate::placeholder::Placeholder;
use crate::refusal::Refusal;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a handler signed for with the placeholder. Date and signature do not matter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) region: String,
    pub(crate) service: String,
    /// The headers that the handler signed.
    pub(crate) named: Vec<HeaderName>,
}

impl Authorization {
    /// Reads a header that contains the placeholder.
    pub(crate) fn parse(value: &HeaderValue, placeholder: &Placeholder) -> Result<Self, Refusal> {
        let text = value.to_str().map_err(|_| Refusal::Authorization)?;
        let (algorithm, rest) = text.split_once(' ').ok_or(Refusal::Authorization)?;
        if algorithm != ALGORITHM {
            return Err(if algorithm.starts_with("AWS4-ECDSA") {
                Refusal::SigV4a
            } else {
                Refusal::Algorithm(Refusal::shown(algorithm.as_bytes()))
            });
        }
        let [mut credential, mut named, mut signature] = [None; 3];
        for part in rest.split(',') {
            let (key, value) = part.trim().split_once('=').ok_or(Refusal::Authorization)?;
            let place = match key {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut named,
                "Signature" => &mut signature,
                _ => return Err(Refusal::Authorization),
            };
            if place.replace(value).is_some() {
                return Err(Refusal::Authorization);
            }
        }
        let (Some(credential), Some(named), Some(signature)) = (credential, named, signature)
        else {
            return Err(Refusal::Authorization);
        };
        if signature.is_empty() || !signature.bytes().all(|it| it.is_ascii_hexdigit()) {
            return Err(Refusal::Authorization);
        }
        let scope: Vec<&str> = credential.split('/').collect();
        let [key_id, date, region, service, "aws4_request"] = scope.as_slice() else {
            return Err(Refusal::Authorization);
        };
        if *key_id != placeholder.as_str() {
            return Err(Refusal::Misplaced(
                "`authorization`, and not as its key".to_owned(),
            ));
        }
        if date.len() != 8 || !date.bytes().all(|it| it.is_ascii_digit()) {
            return Err(Refusal::Authorization);
        }
        let names = named
            .split(';')
            .map(|name| HeaderName::from_bytes(name.as_bytes()));
        Ok(Self {
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            named: names
                .collect::<Result<_, _>>()
                .map_err(|_| Refusal::Authorization)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Authorization, Refusal> {
        let placeholder = Placeholder::from_random([1; 16]);
        let text = text.replace("KEY", placeholder.as_str());
        Authorization::parse(&text.parse().unwrap(), &placeholder)
    }

    #[test]
    fn date_and_signature_do_not_matter() {
        for text in [
            "AWS4-HMAC-SHA256 Credential=KEY/00000000/eu-west-1/dynamodb/aws4_request, SignedHeaders=host;X-Amz-Date, Signature=0",
            "AWS4-HMAC-SHA256 Signature=abcdef09,Credential=KEY/20261129/eu-west-1/dynamodb/aws4_request,  SignedHeaders=host;x-amz-date",
        ] {
            let read = parse(text).unwrap();
            assert_eq!(
                (read.region.as_str(), read.service.as_str()),
                ("eu-west-1", "dynamodb")
            );
            assert_eq!(read.named, ["host", "x-amz-date"]);
        }
    }

    #[test]
    fn other_algorithms_are_refused_by_name() {
        let rest = "Credential=KEY/20260101/r/s/aws4_request, SignedHeaders=host, Signature=0";
        for (algorithm, text) in [
            (
                "AWS4-HMAC-SHA512",
                "the algorithm `AWS4-HMAC-SHA512` is not supported; use `AWS4-HMAC-SHA256`",
            ),
            ("AWS4-ECDSA-P256-SHA256", "SigV4a is not supported"),
            (
                "aws4-hmac-sha256",
                "the algorithm `aws4-hmac-sha256` is not supported; use `AWS4-HMAC-SHA256`",
            ),
            (
                "Bearer",
                "the algorithm `Bearer` is not supported; use `AWS4-HMAC-SHA256`",
            ),
        ] {
            let refusal = parse(&format!("{algorithm} {rest}")).unwrap_err();
            assert_eq!(refusal.to_string(), text);
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        let valid = "AWS4-HMAC-SHA256 Credential=KEY/20260101/r/s/aws4_request, SignedHeaders=host, Signature=0";
        assert!(parse(valid).is_ok());
        for (part, replacement) in [
            ("Credential=", "credential="),
            ("/s/aws4_request", "/s/aws4"),
            ("/r/s", "/s"),
            ("/r/s", "/r/s/t"),
            ("20260101", "2026010"),
            ("20260101", "2026010x"),
            (", Signature=0", ""),
            ("Signature=0", "Signature="),
            ("Signature=0", "Signature=xyz"),
            (", SignedHeaders=host", ""),
            ("=host", "=ho st"),
            ("=host", "="),
            ("Signature=0", "Signature=0, Signature=0"),
            (
                "Signature=0",
                "Signature=0, Credential=KEY/20260101/r/t/aws4_request",
            ),
            ("Signature=0", "Signature=0, Other=1"),
            ("Signature=0", "Signature=0,"),
        ] {
            let text = valid.replacen(part, replacement, 1);
            assert_eq!(parse(&text), Err(Refusal::Authorization), "{text}");
        }
    }

    #[test]
    fn the_placeholder_is_the_whole_key() {
        let text = "AWS4-HMAC-SHA256 Credential=AKID/20260101/KEY/s/aws4_request, SignedHeaders=host, Signature=0";
        assert!(matches!(parse(text), Err(Refusal::Misplaced(_))));
    }
}
