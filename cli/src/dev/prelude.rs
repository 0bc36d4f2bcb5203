//! The prelude of a streamed response: JSON, then eight zero bytes, then the body.
//!
//! Chunks may be cut anywhere, so bytes are collected until the delimiter is complete.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The content type that says a prelude comes first.
pub(crate) const INTEGRATION_RESPONSE: &str = "application/vnd.awslambda.http-integration-response";

const DELIMITER: [u8; 8] = [0; 8];

/// Lambda's front ends look for the delimiter no further than this, in bytes.
const SCAN_LIMIT_BYTES: usize = 16 * 1024;

/// What a handler's own `content-length` is called when it reaches the caller: the framing is not
/// the handler's to choose.
const REMAPPED_CONTENT_LENGTH: HeaderName =
    HeaderName::from_static("x-amzn-remapped-content-length");

/// Headers that belong to one connection, not to the response.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The head of a response, as the caller gets it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// Collects bytes until the prelude is complete.
#[derive(Debug, Default)]
pub(crate) struct PreludeReader {
    buffer: BytesMut,
    /// Bytes that cannot be the start of the delimiter.
    searched: usize,
}

impl PreludeReader {
    /// Takes the next bytes. Returns the head and the start of the body once both are known.
    ///
    /// # Errors
    ///
    /// The delimiter is too far away, or what stands before it is not a valid prelude.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<Option<(ResponseHead, Bytes)>, String> {
        self.buffer.extend_from_slice(chunk);
        let found = self.buffer.get(self.searched..).and_then(|rest| {
            rest.windows(DELIMITER.len())
                .position(|window| window == DELIMITER)
        });
        let Some(found) = found else {
            self.searched = self.buffer.len().saturating_sub(DELIMITER.len() - 1);
            return if self.buffer.len() >= SCAN_LIMIT_BYTES {
                Err(too_far())
            } else {
                Ok(None)
            };
        };
        let end = self.searched + found;
        if end + DELIMITER.len() > SCAN_LIMIT_BYTES {
            return Err(too_far());
        }
        let json = self.buffer.split_to(end);
        let body = std::mem::take(&mut self.buffer)
            .freeze()
            .slice(DELIMITER.len()..);
        Ok(Some((parse(&json)?, body)))
    }
}

fn too_far() -> String {
    format!("no prelude delimiter in the first {SCAN_LIMIT_BYTES} bytes of the response")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prelude {
    #[serde(default = "default_status")]
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
}

fn default_status() -> u16 {
    200
}

/// Parses the JSON of a prelude, as a function URL does: `multiValueHeaders` is ignored.
fn parse(json: &[u8]) -> Result<ResponseHead, String> {
    let prelude: Prelude =
        from_object(json).map_err(|error| format!("the prelude is invalid: {error}"))?;
    head(prelude.status_code, &prelude.headers, &prelude.cookies)
}

/// Parses a JSON object. serde by itself also takes an array for a struct.
///
/// # Errors
///
/// The text is not a JSON object, or not one of this kind.
pub(crate) fn from_object<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json)?;
    serde_json::from_value(object.into())
}

/// Builds the head that the caller gets from what a handler asked for.
///
/// # Errors
///
/// A status, header or cookie is not valid HTTP.
pub(crate) fn head(
    status: u16,
    asked: &BTreeMap<String, String>,
    cookies: &[String],
) -> Result<ResponseHead, String> {
    let status = StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational() && status.as_u16() < 600)
        .ok_or_else(|| format!("status {status} cannot be the status of a response"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        let invalid = || format!("header `{name}` of the response is not valid HTTP");
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        if HOP_BY_HOP.contains(&header.as_str()) {
            continue;
        }
        let header = if header == CONTENT_LENGTH {
            REMAPPED_CONTENT_LENGTH
        } else {
            header
        };
        headers.append(header, HeaderValue::from_str(value).map_err(|_| invalid())?);
    }
    for cookie in cookies {
        let value = HeaderValue::from_str(cookie)
            .map_err(|_| "a cookie of the response is not valid HTTP".to_owned())?;
        headers.append(SET_COOKIE, value);
    }
    Ok(ResponseHead { status, headers })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\
        \"content-length\":\"5\",\"Connection\":\"close\"},\"cookies\":[\"a=1\",\"b=2\"]}\
        \0\0\0\0\0\0\0\0he\0\0\0\0\0\0\0\0llo";
    const BODY: &[u8] = b"he\0\0\0\0\0\0\0\0llo";

    /// Feeds the pieces and returns the head and the whole body.
    fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<(ResponseHead, Vec<u8>)> {
        let mut reader = PreludeReader::default();
        let mut found: Option<(ResponseHead, Vec<u8>)> = None;
        for piece in pieces {
            match &mut found {
                Some((_, body)) => body.extend_from_slice(piece),
                None => {
                    found = reader
                        .push(piece)
                        .unwrap()
                        .map(|(head, body)| (head, body.into()));
                }
            }
        }
        found
    }

    fn expect_whole(found: Option<(ResponseHead, Vec<u8>)>, case: &str) {
        let (head, body) = found.expect(case);
        assert_eq!(head.status, 201, "{case}");
        assert_eq!(head.headers["content-type"], "text/plain", "{case}");
        assert_eq!(
            head.headers["x-amzn-remapped-content-length"], "5",
            "{case}"
        );
        assert!(!head.headers.contains_key("connection"), "{case}");
        let cookies: Vec<_> = head.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"], "{case}");
        assert_eq!(body, BODY, "{case}");
    }

    #[test]
    fn the_prelude_may_be_cut_at_every_byte() {
        for cut in 0..=STREAM.len() {
            let (first, second) = STREAM.split_at(cut);
            expect_whole(read([first, second].into_iter()), &format!("cut at {cut}"));
        }
    }

    #[test]
    fn the_prelude_may_come_byte_by_byte() {
        expect_whole(read(STREAM.chunks(1)), "one byte per chunk");
    }

    #[test]
    fn an_empty_prelude_means_200() {
        let (head, body) = read([b"{}\0\0\0\0\0\0\0\0".as_slice()].into_iter()).unwrap();

        assert_eq!(head.status, 200);
        assert!(head.headers.is_empty());
        assert!(body.is_empty());
    }

    #[test]
    fn the_delimiter_must_end_within_16_kib() {
        let prelude = |length: usize| {
            let mut bytes = b"{}".to_vec();
            bytes.resize(length, b' ');
            bytes.extend(DELIMITER);
            bytes
        };

        assert!(
            PreludeReader::default()
                .push(&prelude(SCAN_LIMIT_BYTES - 8))
                .unwrap()
                .is_some()
        );
        assert!(
            PreludeReader::default()
                .push(&prelude(SCAN_LIMIT_BYTES - 7))
                .is_err()
        );
        assert!(
            PreludeReader::default()
                .push(&[b' '; SCAN_LIMIT_BYTES])
                .is_err()
        );
    }

    #[test]
    fn what_is_not_a_prelude_is_refused() {
        for json in [
            "nonsense",
            "[]",
            r#"{"statusCode":99}"#,
            r#"{"statusCode":103}"#,
            r#"{"statusCode":700}"#,
            r#"{"headers":{"a b":"c"}}"#,
            r#"{"headers":{"a":"b\nc"}}"#,
            r#"{"headers":{"a":["b"]}}"#,
            r#"{"cookies":["a\u0000"]}"#,
        ] {
            let bytes = [json.as_bytes(), &DELIMITER].concat();
            assert!(PreludeReader::default().push(&bytes).is_err(), "{json}");
        }
    }
}
