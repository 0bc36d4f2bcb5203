//! The prelude: status, headers and cookies of a response as Lambda's front ends read them.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderName, header};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

/// Ends the prelude: eight zero bytes, which cannot occur inside JSON.
pub const DELIMITER: [u8; 8] = [0; 8];

/// Largest prelude, in bytes, delimiter included. API Gateway documents "the first 16 KB" without
/// saying which; this is the safe reading.
pub const PRELUDE_LIMIT_BYTES: usize = 16_000;

/// Bytes of names, values and cookies that are looked at. More than the limit of the result, because
/// a name that is repeated is encoded once or twice.
const RAW_LIMIT_BYTES: usize = 2 * PRELUDE_LIMIT_BYTES;

/// Headers and cookies that are looked at. Each takes at least three bytes of a prelude.
const FIELD_LIMIT: usize = PRELUDE_LIMIT_BYTES / 3;

const VALID_STATUS: std::ops::RangeInclusive<u16> = 100..=599;

/// An encoded prelude, delimiter included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prelude(Bytes);

/// Why a head cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHead {
    /// The status is not one of HTTP.
    #[error("status {0} is outside 100 to 599")]
    Status(u16),
    /// A header name, header value or cookie is not one of HTTP.
    #[error("{0}")]
    Header(String),
    /// The encoded prelude is over [`PRELUDE_LIMIT_BYTES`].
    #[error("the head takes {actual_bytes} bytes, more than the limit of {PRELUDE_LIMIT_BYTES}")]
    TooLarge {
        /// What it would take, in bytes.
        actual_bytes: usize,
    },
}

impl Prelude {
    /// What a response starts with whose handler wrote without a head: status 200, nothing else.
    #[must_use]
    pub fn implied() -> Self {
        Self(Bytes::from_static(b"{\"statusCode\":200}\0\0\0\0\0\0\0\0"))
    }

    /// Checks and encodes a head. Header names are folded to lower case and keep the order of
    /// their first occurrence.
    ///
    /// # Errors
    ///
    /// Names the first thing that is not valid HTTP, or the size of a head that is too large.
    pub fn encode(
        status: u16,
        headers: Vec<(String, String)>,
        cookies: Vec<String>,
    ) -> Result<Self, InvalidHead> {
        if !VALID_STATUS.contains(&status) {
            return Err(InvalidHead::Status(status));
        }
        check_raw_size(&headers, &cookies)?;
        let mut head = Head {
            status,
            fields: Vec::with_capacity(headers.len()),
            cookies: vec![],
        };
        for (name, value) in headers {
            head.add(&name, value)?;
        }
        for cookie in cookies {
            check_value(header::SET_COOKIE.as_str(), &cookie)?;
            head.cookies.push(cookie);
        }
        head.into_prelude()
    }

    /// The bytes that go on the wire.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// A checked head, in the form Lambda's front ends want it.
struct Head {
    status: u16,
    fields: Vec<Field>,
    cookies: Vec<String>,
}

struct Field {
    name: HeaderName,
    values: Vec<String>,
}

impl Head {
    fn add(&mut self, name: &str, value: String) -> Result<(), InvalidHead> {
        let name = HeaderName::try_from(name).map_err(|_| {
            InvalidHead::Header(format!("`{}` is not a valid header name", shown(name)))
        })?;
        check_value(name.as_str(), &value)?;
        if name == header::SET_COOKIE {
            self.cookies.push(value);
        } else if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.values.push(value);
        } else {
            self.fields.push(Field {
                name,
                values: vec![value],
            });
        }
        Ok(())
    }

    fn into_prelude(self) -> Result<Prelude, InvalidHead> {
        let json = serde_json::to_vec(&self).expect("text serializes");
        let actual_bytes = json.len() + DELIMITER.len();
        if actual_bytes > PRELUDE_LIMIT_BYTES {
            return Err(InvalidHead::TooLarge { actual_bytes });
        }
        let mut bytes = BytesMut::with_capacity(actual_bytes);
        bytes.put_slice(&json);
        bytes.put_slice(&DELIMITER);
        Ok(Prelude(bytes.freeze()))
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut prelude = serializer.serialize_struct("Prelude", 4)?;
        prelude.serialize_field("statusCode", &self.status)?;
        prelude.serialize_field("headers", &SingleValues(&self.fields))?;
        // Function URLs read `headers`, which has room for one text per name; API Gateway prefers
        // `multiValueHeaders`. A repeated header is therefore in both.
        if self.fields.iter().any(Field::is_repeated) {
            prelude.serialize_field("multiValueHeaders", &MultiValues(&self.fields))?;
        }
        if !self.cookies.is_empty() {
            prelude.serialize_field("cookies", &self.cookies)?;
        }
        prelude.end()
    }
}

impl Field {
    fn is_repeated(&self) -> bool {
        self.values.len() > 1
    }
}

struct SingleValues<'a>(&'a [Field]);

impl Serialize for SingleValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            map.serialize_entry(field.name.as_str(), &field.values.join(", "))?;
        }
        map.end()
    }
}

struct MultiValues<'a>(&'a [Field]);

impl Serialize for MultiValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in self.0.iter().filter(|field| field.is_repeated()) {
            map.serialize_entry(field.name.as_str(), &field.values)?;
        }
        map.end()
    }
}

/// Refuses at once what cannot fit however it is encoded, so that the work on a head is bounded.
fn check_raw_size(headers: &[(String, String)], cookies: &[String]) -> Result<(), InvalidHead> {
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    let cookie_bytes: usize = cookies.iter().map(String::len).sum();
    let actual_bytes = header_bytes + cookie_bytes;
    if actual_bytes > RAW_LIMIT_BYTES || headers.len() + cookies.len() > FIELD_LIMIT {
        return Err(InvalidHead::TooLarge { actual_bytes });
    }
    Ok(())
}

/// Refuses what could end a header line early or is not text.
fn check_value(name: &str, value: &str) -> Result<(), InvalidHead> {
    match value.chars().find(|c| c.is_control() && *c != '\t') {
        None => Ok(()),
        Some(c) => Err(InvalidHead::Header(format!(
            "the value of header `{name}` contains the control character U+{:04X}",
            u32::from(c)
        ))),
    }
}

/// The beginning of a name that may hold anything, as it can be shown in a message.
fn shown(name: &str) -> String {
    const SHOWN_CHARS: usize = 64;
    name.chars()
        .take(SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn encode(headers: &[(&str, &str)], cookies: &[&str]) -> Result<String, InvalidHead> {
        let cookies = cookies.iter().map(|c| (*c).to_owned()).collect();
        let bytes = Prelude::encode(200, pairs(headers), cookies)?.into_bytes();
        let json = bytes.strip_suffix(&DELIMITER).unwrap();
        Ok(String::from_utf8(json.to_vec()).unwrap())
    }

    #[test]
    fn names_are_folded_and_keep_their_order() {
        assert_eq!(
            encode(&[("X-B", "1"), ("Content-Type", "text/plain")], &[]).unwrap(),
            r#"{"statusCode":200,"headers":{"x-b":"1","content-type":"text/plain"}}"#
        );
    }

    #[test]
    fn a_repeated_header_is_joined_and_listed() {
        assert_eq!(
            encode(&[("x-a", "1"), ("y", "z"), ("X-A", "2")], &[]).unwrap(),
            r#"{"statusCode":200,"headers":{"x-a":"1, 2","y":"z"},"multiValueHeaders":{"x-a":["1","2"]}}"#
        );
    }

    #[test]
    fn cookies_from_both_places_are_kept_apart_in_order() {
        assert_eq!(
            encode(
                &[("Set-Cookie", "a=1; Path=/"), ("set-cookie", "b=2")],
                &["c=3"]
            )
            .unwrap(),
            r#"{"statusCode":200,"headers":{},"cookies":["a=1; Path=/","b=2","c=3"]}"#
        );
    }

    #[test]
    fn what_json_must_escape_is_escaped_and_no_zero_byte_precedes_the_delimiter() {
        let json = encode(&[("x", "\"\\\t\u{e9}")], &[]).unwrap();
        assert_eq!(
            json,
            "{\"statusCode\":200,\"headers\":{\"x\":\"\\\"\\\\\\t\u{e9}\"}}"
        );
        assert!(json.bytes().all(|b| b >= 0x20));
    }

    #[test]
    fn a_status_outside_http_is_refused() {
        for status in [0, 1, 99, 600, u16::MAX] {
            assert_eq!(
                Prelude::encode(status, vec![], vec![]),
                Err(InvalidHead::Status(status))
            );
        }
        for status in [100, 204, 599] {
            Prelude::encode(status, vec![], vec![]).unwrap();
        }
    }

    #[test]
    fn nothing_can_be_injected() {
        for name in ["", "a b", ":status", "x\r\ny", "x\0", "caf\u{e9}"] {
            assert!(
                matches!(encode(&[(name, "v")], &[]), Err(InvalidHead::Header(_))),
                "{name:?}"
            );
        }
        for value in ["x\r\nset-cookie: y", "\n", "\0", "\u{7f}", "\u{1b}[0m"] {
            assert!(matches!(
                encode(&[("x", value)], &[]),
                Err(InvalidHead::Header(_))
            ));
            assert!(matches!(
                encode(&[("set-cookie", value)], &[]),
                Err(InvalidHead::Header(_))
            ));
            assert!(matches!(encode(&[], &[value]), Err(InvalidHead::Header(_))));
        }
    }

    #[test]
    fn a_head_that_cannot_fit_is_refused_before_it_is_looked_at() {
        let many = (0..1_000_000)
            .map(|n| (format!("x-{n}"), String::new()))
            .collect();
        let refused = Prelude::encode(200, many, vec![]);
        assert!(matches!(refused, Err(InvalidHead::TooLarge { .. })));
        let refused = Prelude::encode(200, vec![], vec![String::new(); 1_000_000]);
        assert!(matches!(refused, Err(InvalidHead::TooLarge { .. })));
    }

    #[test]
    fn the_limit_counts_the_delimiter() {
        let overhead = encode(&[("x", "")], &[]).unwrap().len() + DELIMITER.len();
        let fits = "v".repeat(PRELUDE_LIMIT_BYTES - overhead);
        encode(&[("x", &fits)], &[]).unwrap();
        assert_eq!(
            encode(&[("x", &format!("{fits}v"))], &[]),
            Err(InvalidHead::TooLarge {
                actual_bytes: PRELUDE_LIMIT_BYTES + 1
            })
        );
    }
}
