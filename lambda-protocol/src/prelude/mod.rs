//! The prelude: status, headers and cookies of a response, as Lambda's front ends read them.
//!
//! [`Prelude`] encodes one, [`PreludeDecoder`] finds the end of one in a stream.

mod decoder;

use bytes::Bytes;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::fields::{MultiValues, SingleValues};
use crate::head::{Field, Head, InvalidHead};
use crate::limits::PRELUDE_LIMIT_BYTES;

pub use decoder::{Decoded, NoDelimiter, PreludeDecoder};

/// Ends the prelude: eight zero bytes, which cannot occur inside JSON.
pub const DELIMITER: [u8; 8] = [0; 8];

/// An encoded prelude.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prelude {
    json: Bytes,
    /// The encoded head, for front ends that need another form.
    head: Head,
}

impl Prelude {
    /// The prelude of a response whose handler wrote without a head: status 200, nothing else.
    #[must_use]
    pub fn implied() -> Self {
        Self {
            json: Bytes::from_static(br#"{"statusCode":200,"headers":{},"cookies":[]}"#),
            head: Head::implied(),
        }
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
        let head = Head::check(status, headers, cookies)?;
        let json = serde_json::to_vec(&head).expect("text serializes");
        let actual_bytes = json.len() + DELIMITER.len();
        if actual_bytes > PRELUDE_LIMIT_BYTES {
            return Err(InvalidHead::TooLarge { actual_bytes });
        }
        Ok(Self {
            json: json.into(),
            head,
        })
    }

    /// Whether the head has a `content-length`.
    #[must_use]
    pub fn has_length(&self) -> bool {
        self.head.has_length()
    }

    /// Number of cookies the head sets.
    #[must_use]
    pub fn cookies(&self) -> usize {
        self.head.cookies.len()
    }

    /// The head that this prelude encodes.
    #[must_use]
    pub fn into_head(self) -> Head {
        self.head
    }

    /// Returns the bytes on the wire: the JSON, then the delimiter, each a chunk of its own. AWS's runtimes
    /// send them like this, and cargo-lambda takes the first chunk for the JSON.
    #[must_use]
    pub fn into_chunks(self) -> [Bytes; 2] {
        [self.json, Bytes::from_static(&DELIMITER)]
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut prelude = serializer.serialize_struct("Prelude", 4)?;
        prelude.serialize_field("statusCode", &self.status)?;
        prelude.serialize_field("headers", &SingleValues::of(self))?;
        // Function URLs read `headers`, which has one string per name; API Gateway prefers
        // `multiValueHeaders`. A repeated header is therefore in both.
        if self.fields.iter().any(Field::is_repeated) {
            prelude.serialize_field("multiValueHeaders", &MultiValues::repeated(self))?;
        }
        // Also if empty: cargo-lambda refuses a prelude without it.
        prelude.serialize_field("cookies", &self.cookies)?;
        prelude.end()
    }
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
        let [json, delimiter] = Prelude::encode(200, pairs(headers), cookies)?.into_chunks();
        assert_eq!(delimiter, &DELIMITER[..]);
        Ok(String::from_utf8(json.to_vec()).unwrap())
    }

    #[test]
    fn names_are_folded_and_keep_their_order() {
        assert_eq!(
            encode(&[("X-B", "1"), ("Content-Type", "text/plain")], &[]).unwrap(),
            r#"{"statusCode":200,"headers":{"x-b":"1","content-type":"text/plain"},"cookies":[]}"#
        );
    }

    #[test]
    fn a_repeated_header_is_joined_and_listed() {
        assert_eq!(
            encode(&[("x-a", "1"), ("y", "z"), ("X-A", "2")], &[]).unwrap(),
            r#"{"statusCode":200,"headers":{"x-a":"1, 2","y":"z"},"multiValueHeaders":{"x-a":["1","2"]},"cookies":[]}"#
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
            "{\"statusCode\":200,\"headers\":{\"x\":\"\\\"\\\\\\t\u{e9}\"},\"cookies\":[]}"
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
    fn a_repeated_name_does_not_count_each_time() {
        let name = "x".repeat(1000);
        let headers = vec![(name, "v".to_owned()); 100];
        let prelude = Prelude::encode(200, headers, vec![]).unwrap();
        assert!(prelude.json.len() < 3000);
    }

    #[test]
    fn a_content_length_is_one_number() {
        let length = |values: &[&str]| {
            let headers: Vec<_> = values.iter().map(|v| ("Content-Length", *v)).collect();
            encode(&headers, &[])
        };
        assert!(length(&["0"]).unwrap().contains(r#""content-length":"0""#));
        for values in [
            &["5", "5"][..],
            &["5", "6"],
            &[""],
            &["-1"],
            &["+1"],
            &["0x10"],
            &["5, 5"],
            &["99999999999999999999"],
        ] {
            let refused = length(values).unwrap_err();
            assert!(refused.to_string().contains("content-length"), "{refused}");
        }
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
