//! The prelude of a streamed response: JSON, then eight zero bytes, then the body.
//!
//! What the JSON asks for becomes the head of the answer; buffered answers ask in the same words.

use bytes::Bytes;
use http::header::{
    CONTENT_LENGTH, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE,
};
use http::{HeaderMap, StatusCode};
use lambda_protocol::headers::HOP_BY_HOP;
use lambda_protocol::prelude::{Decoded, PreludeDecoder};
use serde_json::{Map, Value};

use super::door::{Door, MultiValue};
use super::fields::Fields;

/// The error type of a streamed response without a valid prelude.
pub(crate) const INVALID_PRELUDE: &str = "Runtime.InvalidPrelude";

/// The head of a response, as the caller gets it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    /// What stands beside the status, if that is not the usual.
    pub(crate) reason: Option<Bytes>,
    pub(crate) headers: HeaderMap,
    /// What the author of the function should know, for the terminal.
    pub(crate) warnings: Vec<String>,
}

/// Collects bytes until the prelude is complete.
#[derive(Debug)]
pub(crate) struct PreludeReader {
    door: Door,
    decoder: PreludeDecoder,
}

impl PreludeReader {
    pub(crate) fn new(door: Door) -> Self {
        Self {
            door,
            decoder: PreludeDecoder::default(),
        }
    }

    /// Takes the next bytes. Returns the head and the start of the body once both are known.
    ///
    /// # Errors
    ///
    /// The delimiter is too far away, or what stands before it is not a valid prelude.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<Option<(ResponseHead, Bytes)>, String> {
        let decoded = self
            .decoder
            .push(chunk)
            .map_err(|error| error.to_string())?;
        let Some(Decoded { json, body }) = decoded else {
            return Ok(None);
        };
        let invalid = |error| format!("the prelude is invalid: {error}");
        let object = object(&json).map_err(|error| invalid(error.to_string()))?;
        let asked = Asked::read(Fields::new(&object, self.door.reading())).map_err(invalid)?;
        Ok(Some((asked.head(self.door)?, body)))
    }
}

/// Parses a JSON object.
///
/// # Errors
///
/// The text is something else.
pub(crate) fn object(json: &[u8]) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_slice(json)
}

/// What a function asks for, in a prelude or in a buffered answer.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) status_code: Option<u16>,
    headers: Vec<(String, String)>,
    multi_value_headers: Vec<(String, Vec<String>)>,
    cookies: Vec<String>,
    status_description: Option<String>,
}

impl Asked {
    /// Reads what is asked for.
    ///
    /// # Errors
    ///
    /// A field is of a kind that the service does not read.
    pub(crate) fn read(fields: Fields<'_>) -> Result<Self, String> {
        Ok(Self {
            status_code: fields.number("statusCode")?,
            headers: fields.text_of_each("headers")?,
            multi_value_headers: fields.texts_of_each("multiValueHeaders")?,
            cookies: fields.texts("cookies")?,
            status_description: fields.text("statusDescription")?.map(str::to_owned),
        })
    }

    /// Builds the head that the caller gets at this door.
    ///
    /// # Errors
    ///
    /// A status, header or cookie is not valid HTTP.
    pub(crate) fn head(self, door: Door) -> Result<ResponseHead, String> {
        let status = status(self.status_code.unwrap_or(200))?;
        let warnings = [self.unread_headers(door), self.unread_cookies(door)];
        let warnings = warnings.into_iter().flatten().collect();
        let multi_value = door.multi_value_headers();
        let mut headers = HeaderMap::new();
        if multi_value != MultiValue::Only {
            for (name, value) in &self.headers {
                append(&mut headers, door, name, value)?;
            }
        }
        if multi_value != MultiValue::Ignored {
            for (name, values) in &self.multi_value_headers {
                headers.remove(name);
                for value in values {
                    append(&mut headers, door, name, value)?;
                }
            }
        }
        for cookie in self.cookies.iter().filter(|_| door.takes_cookies()) {
            let value = HeaderValue::from_bytes(cookie.as_bytes())
                .map_err(|_| "a cookie of the response is not valid HTTP".to_owned())?;
            headers.append(SET_COOKIE, value);
        }
        let reason = self.status_description.filter(|_| door.is_load_balancer());
        Ok(ResponseHead {
            status,
            reason: reason.map(|text| reason_in(&text, status)),
            headers,
            warnings,
        })
    }

    /// Names the headers that the service does not read where they are, and says where it does.
    fn unread_headers(&self, door: Door) -> Option<String> {
        let ones: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let lists: Vec<_> = self
            .multi_value_headers
            .iter()
            .map(|(name, _)| name)
            .collect();
        let (key, unread, advice) = match door.multi_value_headers() {
            MultiValue::First => return None,
            MultiValue::Only => (
                "headers",
                without(&ones, &lists),
                "write them into `multiValueHeaders`",
            ),
            MultiValue::Ignored => {
                let advice = match door {
                    Door::Alb => {
                        "write them into `headers`, or switch on multi-value headers for the target group"
                    }
                    Door::Lattice => "write them into `headers`",
                    _ => {
                        "write them into `headers`, several values with a comma between, and cookies \
                         into `cookies`"
                    }
                };
                ("multiValueHeaders", without(&lists, &ones), advice)
            }
        };
        (!unread.is_empty()).then(|| {
            let names = unread.join("`, `");
            let (names, service) = (names.escape_debug(), door.service());
            format!("{service} does not read `{key}`, so `{names}` is lost: {advice}")
        })
    }

    fn unread_cookies(&self, door: Door) -> Option<String> {
        (!self.cookies.is_empty() && !door.takes_cookies()).then(|| {
            let service = door.service();
            format!("{service} does not read `cookies`, so they are lost: write `set-cookie` into the headers")
        })
    }
}

/// The names that are not among the others.
fn without<'a>(names: &[&'a String], others: &[&String]) -> Vec<&'a str> {
    let is_other = |name: &str| others.iter().any(|other| other.eq_ignore_ascii_case(name));
    let names = names.iter().map(|name| name.as_str());
    names.filter(|name| !is_other(name)).collect()
}

/// What `statusDescription`, written `200 OK`, says beside the status.
fn reason_in(description: &str, status: StatusCode) -> Bytes {
    let reason = description.strip_prefix(status.as_str());
    let reason = reason.unwrap_or(description).trim();
    Bytes::copy_from_slice(reason.as_bytes())
}

fn status(status: u16) -> Result<StatusCode, String> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational() && status.as_u16() < 600)
        .ok_or_else(|| format!("status {status} cannot be the status of a response"))
}

/// Adds a header, unless it is about the connection, which is not the function's.
fn append(headers: &mut HeaderMap, door: Door, name: &str, value: &str) -> Result<(), String> {
    let invalid = || {
        let name = name.escape_debug();
        format!("header `{name}` of the response is not valid HTTP")
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?;
    if let Some(renamed) = door.renamed(&header) {
        headers.append(renamed, value);
    } else if !is_dropped(&header) {
        headers.append(header, value);
    }
    Ok(())
}

/// Whether the service drops a header of the response: those of the connection, and the length, which a
/// service that buffers knows itself.
fn is_dropped(header: &HeaderName) -> bool {
    HOP_BY_HOP.contains(header)
        || [PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, CONTENT_LENGTH].contains(header)
}

#[cfg(test)]
mod tests {
    use lambda_protocol::limits::PRELUDE_SCAN_LIMIT_BYTES as SCAN_LIMIT_BYTES;
    use lambda_protocol::prelude::DELIMITER;

    use super::*;

    const STREAM: &[u8] = b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\
        \"content-length\":\"5\",\"Connection\":\"close\"},\"cookies\":[\"a=1\",\"b=2\"]}\
        \0\0\0\0\0\0\0\0he\0\0\0\0\0\0\0\0llo";
    const BODY: &[u8] = b"he\0\0\0\0\0\0\0\0llo";

    /// Feeds the pieces and returns the head and the whole body.
    fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<(ResponseHead, Vec<u8>)> {
        let mut reader = PreludeReader::new(Door::Url);
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
            PreludeReader::new(Door::Url)
                .push(&prelude(SCAN_LIMIT_BYTES - 8))
                .unwrap()
                .is_some()
        );
        assert!(
            PreludeReader::new(Door::Url)
                .push(&prelude(SCAN_LIMIT_BYTES - 7))
                .is_err()
        );
        assert!(
            PreludeReader::new(Door::Url)
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
            assert!(
                PreludeReader::new(Door::Url).push(&bytes).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn only_some_doors_read_multi_value_headers_and_there_they_win() {
        let json = br#"{"headers":{"X-A":"joined","b":"1"},"multiValueHeaders":{"x-a":["1","2"]}}"#;
        let head = |door: Door| {
            let object = object(json).unwrap();
            let asked = Asked::read(Fields::new(&object, door.reading())).unwrap();
            asked.head(door).unwrap()
        };

        for (door, expected) in [
            (Door::Rest, vec!["1", "2"]),
            (Door::AlbMulti, vec!["1", "2"]),
            (Door::Alb, vec!["joined"]),
            (Door::Url, vec!["joined"]),
            (Door::Http, vec!["joined"]),
        ] {
            let head = head(door);
            let values: Vec<_> = head.headers.get_all("x-a").iter().collect();
            assert_eq!(values, expected, "{door:?}");
            // A load balancer in this mode reads nothing else.
            let alone = head.headers.contains_key("b");
            assert_eq!(alone, door != Door::AlbMulti, "{door:?}");
        }
    }

    #[test]
    fn what_a_service_does_not_read_is_named() {
        let warnings = |json: &[u8], door: Door| {
            let object = object(json).unwrap();
            let asked = Asked::read(Fields::new(&object, door.reading())).unwrap();
            asked.head(door).unwrap().warnings
        };
        let lost = br#"{"headers":{"a":"1"},"multiValueHeaders":{"A":["1"],"b":["1"],"c":["2"]}}"#;
        for (door, expected) in [
            (Door::Url, Some("`b`, `c` is lost")),
            (Door::Url, Some("several values with a comma")),
            (Door::Http, Some("an HTTP API does not read")),
            (Door::Alb, Some("switch on multi-value headers")),
            (Door::Lattice, Some("write them into `headers`")),
            (Door::Rest, None),
            (Door::AlbMulti, None),
        ] {
            let seen = warnings(lost, door);
            assert_eq!(
                seen.len(),
                usize::from(expected.is_some()),
                "{door:?} {seen:?}"
            );
            let expected = expected.unwrap_or_default();
            assert!(seen.concat().contains(expected), "{door:?} {seen:?}");
        }
        let twice = br#"{"headers":{"X-A":"1, 2"},"multiValueHeaders":{"x-a":["1","2"]}}"#;
        assert!(warnings(twice, Door::Url).is_empty());
        let only = br#"{"headers":{"a":"1","b":"2"},"multiValueHeaders":{"a":["1"]}}"#;
        let seen = warnings(only, Door::AlbMulti);
        assert!(
            seen.concat().contains("`headers`, so `b` is lost"),
            "{seen:?}"
        );
        let cookies = br#"{"cookies":["a=1"]}"#;
        for door in [Door::Alb, Door::AlbMulti, Door::Lattice] {
            let seen = warnings(cookies, door);
            assert!(
                seen.concat().contains("does not read `cookies`"),
                "{door:?} {seen:?}"
            );
        }
        for door in [Door::Url, Door::Rest, Door::Http] {
            assert!(warnings(cookies, door).is_empty(), "{door:?}");
        }
    }

    #[test]
    fn null_is_absent() {
        let json = br#"{"statusCode":null,"headers":null,"multiValueHeaders":null,"cookies":null}"#;

        let object = object(json).unwrap();
        let head = Asked::read(Fields::new(&object, Door::Rest.reading()))
            .unwrap()
            .head(Door::Rest)
            .unwrap();

        assert_eq!(head.status, 200);
        assert!(head.headers.is_empty());
    }
}
