//! Headers with a meaning for signatures.

use http::{HeaderMap, HeaderName, header};

use crate::placeholder::Placeholder;
use crate::refusal::Refusal;

pub(crate) const DATE: HeaderName = HeaderName::from_static("x-amz-date");
pub(crate) const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
pub(crate) const TARGET: &str = "x-amz-target";
pub(crate) const COPY_SOURCE: &str = "x-amz-copy-source";
/// Headers that some servers let override the method.
pub(crate) const METHOD_OVERRIDES: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// Two of these could be read differently by us and by the service.
const SINGLE: [&str; 7] = [
    "authorization",
    "x-amz-date",
    TARGET,
    crate::payload::HEADER,
    "x-amz-security-token",
    COPY_SOURCE,
    "host",
];

/// Session tokens of S3 Express, and the regions of SigV4a.
const UNSUPPORTED: [&str; 2] = ["x-amz-s3session-token", "x-amz-region-set"];

/// Always dropped: we set them, or they were for the connection to the handler.
const DROPPED: [HeaderName; 6] = [
    header::AUTHORIZATION,
    DATE,
    TOKEN,
    HeaderName::from_static(crate::payload::HEADER),
    header::EXPECT,
    header::HOST,
];

/// Not signed even if the handler named them: hop-by-hop, or changed on the way.
const UNSIGNED: [HeaderName; 14] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
    HeaderName::from_static("x-amzn-trace-id"),
];

/// Whether a header is signed. `named` are those of the handler's `SignedHeaders`.
pub(crate) fn is_signed(name: &HeaderName, named: &[HeaderName]) -> bool {
    if UNSIGNED.contains(name) {
        return false;
    }
    [
        header::HOST,
        header::CONTENT_TYPE,
        HeaderName::from_static("content-md5"),
        header::RANGE,
    ]
    .contains(name)
        || name.as_str().starts_with("x-amz-")
        || named.contains(name)
}

/// Refuses heads that have more than one meaning.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    for name in SINGLE {
        if headers.get_all(name).iter().nth(1).is_some() {
            return Err(Refusal::Twice(name));
        }
    }
    match UNSUPPORTED
        .into_iter()
        .find(|name| headers.contains_key(*name))
    {
        Some(name) => Err(Refusal::Header(name)),
        None => Ok(()),
    }
}

/// Refuses the placeholder in all headers but `authorization`.
pub(crate) fn check_misplaced(
    headers: &HeaderMap,
    placeholder: &Placeholder,
) -> Result<(), Refusal> {
    for (name, value) in headers {
        if name != header::AUTHORIZATION && placeholder.is_in(value.as_bytes()) {
            let shown = Refusal::shown(name.as_str().as_bytes());
            return Err(Refusal::Misplaced(format!("the header `{shown}`")));
        }
    }
    Ok(())
}

pub(crate) fn drop_signature(headers: &mut HeaderMap) {
    for name in &DROPPED {
        headers.remove(name);
    }
}

/// Removes trailers that could be read as a part of the signed head.
pub fn drop_signing_trailers(trailers: &mut HeaderMap) {
    drop_signature(trailers);
    for name in SINGLE.into_iter().chain(UNSUPPORTED) {
        trailers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_that_must_be_single_is_refused_twice() {
        for name in SINGLE {
            let mut headers = HeaderMap::new();
            headers.append(name, "1".parse().unwrap());
            assert_eq!(check(&headers), Ok(()), "{name}");
            headers.append(name, "1".parse().unwrap());
            let text = check(&headers).unwrap_err().to_string();
            assert_eq!(text, format!("it has two `{name}` headers"));
        }
    }

    #[test]
    fn tokens_and_regions_of_other_signatures_are_refused() {
        for name in ["x-amz-s3session-token", "x-amz-region-set"] {
            let mut headers = HeaderMap::new();
            headers.insert(name, "x".parse().unwrap());
            let text = check(&headers).unwrap_err().to_string();
            assert_eq!(text, format!("the header `{name}` is not supported"));
        }
    }

    #[test]
    fn trailers_cannot_carry_a_signature() {
        let mut trailers = HeaderMap::new();
        for name in [
            "authorization",
            "x-amz-date",
            "x-amz-target",
            "x-amz-content-sha256",
            "x-amz-security-token",
            "x-amz-s3session-token",
            "x-amz-checksum-crc32",
        ] {
            trailers.append(name, "x".parse().unwrap());
        }
        drop_signing_trailers(&mut trailers);
        let left: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["x-amz-checksum-crc32"]);
    }

    #[test]
    fn headers_of_the_connection_are_not_signed() {
        let named: Vec<HeaderName> = [
            "connection",
            "te",
            "content-length",
            "user-agent",
            "x-amzn-trace-id",
            "accept",
        ]
        .map(|name| name.parse().unwrap())
        .into();
        for (name, signed) in [
            ("host", true),
            ("content-type", true),
            ("content-md5", true),
            ("range", true),
            ("x-amz-anything", true),
            ("accept", true),
            ("accept-language", false),
            ("connection", false),
            ("te", false),
            ("content-length", false),
            ("user-agent", false),
            ("x-amzn-trace-id", false),
        ] {
            assert_eq!(is_signed(&name.parse().unwrap(), &named), signed, "{name}");
        }
    }
}
