//! The head of a component's response, as Lambda takes it. Pure functions.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use lambda_protocol::headers::JSON;
use lambda_protocol::prelude::Prelude;
use lambda_protocol::raw_content_type;

/// The statuses that a response on Lambda can end with. Those below announce a response that is still to come.
const FINAL_STATUS: std::ops::RangeInclusive<u16> = 200..=599;

/// Returns the prelude of a response.
///
/// # Errors
///
/// Returns why Lambda does not take such a head.
pub(in super::super) fn prelude(
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Prelude, String> {
    let status = final_status(status)?;
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value)));
    Prelude::encode(status, headers.collect(), vec![]).map_err(|error| error.to_string())
}

/// Returns the content type of a document, JSON if the response has none.
///
/// # Errors
///
/// Returns why Lambda does not take such a head.
pub(in super::super) fn content_type(
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<HeaderValue, String> {
    final_status(status)?;
    match headers.get(header::CONTENT_TYPE) {
        Some(value) => raw_content_type(&text(value)),
        None => Ok(JSON),
    }
}

/// Returns the length that a response announces.
///
/// # Errors
///
/// It is not a number of bytes.
pub(in super::super) fn content_length(headers: &HeaderMap) -> Result<Option<u64>, InvalidLength> {
    let mut values = headers.get_all(header::CONTENT_LENGTH).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let digits = value.to_str().ok().filter(|text| is_digits(text));
    match (digits.and_then(|digits| digits.parse().ok()), values.next()) {
        (Some(length), None) => Ok(Some(length)),
        _ => Err(InvalidLength),
    }
}

/// A `content-length` is not a number of bytes, or there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its `content-length` is not a number of bytes")]
pub(in super::super) struct InvalidLength;

fn final_status(status: StatusCode) -> Result<u16, String> {
    let status = status.as_u16();
    if FINAL_STATUS.contains(&status) {
        Ok(status)
    } else {
        Err(format!(
            "Lambda takes responses of status 200 to 599, and this one has {status}"
        ))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the bytes of a header as text: UTF-8 if they are, else ISO 8859-1, of which each byte is a character.
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn json(status: u16, fields: &[(&'static str, &[u8])]) -> Result<String, String> {
        let status = StatusCode::from_u16(status).unwrap();
        let [json, _] = prelude(status, &headers(fields))?.into_chunks();
        Ok(String::from_utf8(json.to_vec()).unwrap())
    }

    #[test]
    fn only_a_final_status_is_taken() {
        for status in [200, 204, 304, 404, 599] {
            let prelude = json(status, &[]).unwrap();
            assert!(
                prelude.contains(&format!(r#""statusCode":{status},"#)),
                "{prelude}"
            );
        }
        for status in [100, 101, 103, 199, 600, 999] {
            let error = json(status, &[]).unwrap_err();
            assert!(error.contains(&status.to_string()), "{error}");
            assert!(error.contains("200 to 599"), "{error}");
            let code = StatusCode::from_u16(status).unwrap();
            assert_eq!(content_type(code, &HeaderMap::new()), Err(error));
        }
    }

    #[test]
    fn headers_keep_their_order_and_their_bytes() {
        let json = json(
            201,
            &[
                ("x-a", b"1"),
                ("set-cookie", b"a=1; Path=/"),
                ("x-utf-8", "\u{3bb}".as_bytes()),
                ("x-latin-1", b"caf\xe9"),
                ("x-a", b"2"),
                ("set-cookie", b"b=2"),
            ],
        );
        assert_eq!(
            json.unwrap(),
            concat!(
                r#"{"statusCode":201,"headers":{"x-a":"1, 2","x-utf-8":"λ","x-latin-1":"café"},"#,
                r#""multiValueHeaders":{"x-a":["1","2"]},"cookies":["a=1; Path=/","b=2"]}"#
            )
        );
    }

    #[test]
    fn a_head_that_is_too_large_is_told_with_the_limit() {
        let large = vec![b'x'; 17_000];
        let error = json(200, &[("x-large", &large)]).unwrap_err();
        assert!(error.contains("more than the limit of 16000"), "{error}");
    }

    #[test]
    fn a_document_has_the_content_type_of_the_component() {
        let of = |fields: &[(&'static str, &[u8])]| content_type(StatusCode::OK, &headers(fields));
        assert_eq!(of(&[]).unwrap(), "application/json");
        assert_eq!(of(&[("content-type", b"text/csv")]).unwrap(), "text/csv");
        for value in [
            &b"nonsense"[..],
            b"caf\xe9/plain",
            b"application/vnd.awslambda.http-integration-response",
        ] {
            of(&[("content-type", value)]).unwrap_err();
        }
    }

    #[test]
    fn a_length_is_digits_only_and_given_once() {
        let of = |values: &[&'static [u8]]| {
            let fields: Vec<_> = values
                .iter()
                .map(|value| ("content-length", *value))
                .collect();
            content_length(&headers(&fields))
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[b"0"]), Ok(Some(0)));
        assert_eq!(of(&[b"18446744073709551615"]), Ok(Some(u64::MAX)));
        for value in [
            &[&b""[..]][..],
            &[b"+1"],
            &[b"-1"],
            &[b"1 "],
            &[b"18446744073709551616"],
            &[b"\xff"],
            &[b"1", b"1"],
        ] {
            assert_eq!(of(value), Err(InvalidLength), "{value:?}");
        }
    }
}
