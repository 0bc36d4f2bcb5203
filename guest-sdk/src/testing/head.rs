//! The rules of the host for a head, and its size on the wire.

use std::collections::BTreeMap;

use http::{HeaderName, header};
use serde::Serialize;

use crate::{Head, StreamError};

/// What the encoded head may take, in bytes, with the eight that separate it from the body.
const HEAD_LIMIT_BYTES: usize = 16_000;

const DELIMITER_BYTES: usize = 8;

/// The content type of a stream with a head.
const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// Refuses the heads the host refuses, in the order it does.
pub(super) fn check(head: &Head) -> Result<(), StreamError> {
    if !(100..=599).contains(&head.status) {
        return Err(StreamError::InvalidStatus(head.status));
    }
    for (name, value) in &head.headers {
        let name = parse_name(name)?;
        check_value(name.as_str(), value)?;
    }
    for cookie in &head.cookies {
        check_value(header::SET_COOKIE.as_str(), cookie)?;
    }
    let size = encoded_bytes(head);
    if size > HEAD_LIMIT_BYTES {
        return Err(StreamError::HeadTooLarge {
            actual_bytes: as_u64(size),
            limit_bytes: as_u64(HEAD_LIMIT_BYTES),
        });
    }
    Ok(())
}

/// Refuses the content types of raw streams that the host refuses.
pub(super) fn check_content_type(content_type: &str) -> Result<(), StreamError> {
    check_value(header::CONTENT_TYPE.as_str(), content_type)?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| HeaderName::try_from(part).is_ok();
    let parts = essence.split_once('/');
    let is_media_type = parts.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if !content_type.is_ascii() || !is_media_type {
        let shown = content_type.escape_debug();
        let reason = format!("`{shown}` is not a media type");
        return Err(StreamError::InvalidHeader(reason));
    }
    if essence.eq_ignore_ascii_case(HTTP_INTEGRATION) {
        return Err(StreamError::InvalidHeader(format!(
            "`{essence}` says that a head comes first: start the response with `write-headers`"
        )));
    }
    Ok(())
}

fn parse_name(name: &str) -> Result<HeaderName, StreamError> {
    HeaderName::try_from(name).map_err(|_| {
        StreamError::InvalidHeader(format!(
            "`{}` is not a valid header name",
            name.escape_debug()
        ))
    })
}

fn check_value(name: &str, value: &str) -> Result<(), StreamError> {
    match value.chars().find(|c| c.is_control() && *c != '\t') {
        None => Ok(()),
        Some(c) => Err(StreamError::InvalidHeader(format!(
            "the value of header `{name}` contains the control character U+{:04X}",
            u32::from(c)
        ))),
    }
}

/// The head as the host sends it: a JSON document in which a repeated header is both joined and
/// listed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude<'a> {
    status_code: u16,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    multi_value_headers: BTreeMap<String, Vec<&'a str>>,
    cookies: Vec<&'a str>,
}

impl<'a> From<&'a Head> for Prelude<'a> {
    fn from(head: &'a Head) -> Self {
        let mut fields = BTreeMap::<String, Vec<&str>>::new();
        for (name, value) in &head.headers {
            fields
                .entry(name.to_ascii_lowercase())
                .or_default()
                .push(value);
        }
        let mut cookies = fields
            .remove(header::SET_COOKIE.as_str())
            .unwrap_or_default();
        cookies.extend(head.cookies.iter().map(String::as_str));
        let joined = fields
            .iter()
            .map(|(name, values)| (name.clone(), values.join(", ")));
        let headers = joined.collect();
        fields.retain(|_, values| values.len() > 1);
        Self {
            status_code: head.status,
            headers,
            multi_value_headers: fields,
            cookies,
        }
    }
}

/// Counts the bytes of the encoded head and of the delimiter behind it.
fn encoded_bytes(head: &Head) -> usize {
    let json = serde_json::to_vec(&Prelude::from(head)).expect("texts serialize");
    json.len() + DELIMITER_BYTES
}

fn as_u64(size: usize) -> u64 {
    size.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{check, encoded_bytes};
    use crate::{Head, StreamError};

    #[test]
    fn the_size_is_that_of_the_prelude() {
        let json = r#"{"statusCode":200,"headers":{"x-a":"1, 2","y":"z"},"multiValueHeaders":{"x-a":["1","2"]},"cookies":["a=1","b=2"]}"#;
        let head = Head::new(200)
            .header("x-a", "1")
            .header("y", "z")
            .header("X-A", "2")
            .header("Set-Cookie", "a=1")
            .cookie("b=2");

        assert_eq!(encoded_bytes(&head), json.len() + 8);
    }

    /// The host writes the list of cookies also when there are none.
    #[test]
    fn the_size_counts_an_empty_list_of_cookies() {
        let json = r#"{"statusCode":200,"headers":{},"cookies":[]}"#;

        assert_eq!(encoded_bytes(&Head::new(200)), json.len() + 8);
    }

    #[test]
    fn the_limit_is_exact() {
        let overhead = encoded_bytes(&Head::new(200).header("x", ""));
        let fits = Head::new(200).header("x", "a".repeat(16_000 - overhead));
        let is_too_large = Head::new(200).header("x", "a".repeat(16_001 - overhead));

        assert_eq!(check(&fits), Ok(()));
        assert_eq!(
            check(&is_too_large),
            Err(StreamError::HeadTooLarge {
                actual_bytes: 16_001,
                limit_bytes: 16_000
            })
        );
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for status in [0, 99, 600] {
            assert_eq!(
                check(&Head::new(status)),
                Err(StreamError::InvalidStatus(status))
            );
        }
        let cases = [
            (
                Head::new(200).header("a b", "x"),
                "`a b` is not a valid header name",
            ),
            (
                Head::new(200).header("", "x"),
                "`` is not a valid header name",
            ),
            (
                Head::new(200).header("X", "a\r\nb: c"),
                "the value of header `x` contains the control character U+000D",
            ),
            (
                Head::new(200).cookie("a\0"),
                "the value of header `set-cookie` contains the control character U+0000",
            ),
        ];
        for (head, reason) in cases {
            assert_eq!(
                check(&head),
                Err(StreamError::InvalidHeader(reason.to_owned()))
            );
        }
        let allowed = Head::new(200).header("x", "tab\tand \u{e9}\u{20ac}");
        assert_eq!(check(&allowed), Ok(()));
    }
}
