//! A response that is posted as a whole: what is collected of it, and the document a front end reads.

use std::io;

use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::head::{Field, Head};
use crate::front_end::FrontEnd;

/// Largest payload of a response that is not a stream, in bytes:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html> says 6 MB, and the error
/// message of Lambda says how many bytes those are.
pub const PAYLOAD_LIMIT_BYTES: usize = 6_291_556;

/// Largest document that a load balancer reads, in bytes:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.
pub const LOAD_BALANCER_LIMIT_BYTES: usize = 1024 * 1024;

/// A document that exceeds its reader's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the response is a document of {at_least}{actual_bytes} bytes, and {reader} takes {limit_bytes} \
     at most: answer with less, or with a stream",
    at_least = if self.is_complete { "" } else { "at least " },
    reader = if self.limit_bytes == LOAD_BALANCER_LIMIT_BYTES { "a load balancer" } else { "Lambda" }
)]
pub struct DocumentTooLarge {
    /// Its size, in bytes, as far as it was collected.
    pub actual_bytes: usize,
    /// Largest size, in bytes.
    pub limit_bytes: usize,
    /// Whether there is nothing to add to its size.
    pub is_complete: bool,
}

/// What a document has for a head.
#[derive(Debug)]
pub(super) enum Envelope {
    /// Nothing: the bytes are the payload.
    Bare,
    /// The response document of a front end.
    FrontEnd(FrontEnd, Head),
}

/// A response in the making, of which nothing leaves before its end.
#[derive(Debug)]
pub(super) struct Document {
    envelope: Envelope,
    body: Vec<u8>,
    too_large: Option<DocumentTooLarge>,
}

impl Document {
    pub(super) fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            body: Vec::new(),
            too_large: None,
        }
    }

    /// Adds a part of the body. One that is too much is not kept, and neither is what was before it.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), DocumentTooLarge> {
        self.check()?;
        let actual_bytes = self.body.len() + chunk.len();
        if actual_bytes > self.limit_bytes() {
            return Err(self.give_up(actual_bytes, false));
        }
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// Makes the payload. One that is too large leaves a document to which nothing can be added.
    pub(super) fn into_payload(mut self) -> Result<Bytes, Self> {
        if self.too_large.is_some() {
            return Err(self);
        }
        let mut payload = Limited::new(self.limit_bytes(), self.body.len());
        match &self.envelope {
            Envelope::Bare => return Ok(std::mem::take(&mut self.body).into()),
            Envelope::FrontEnd(front_end, head) => {
                encode(*front_end, head, &self.body, &mut payload);
            }
        }
        if payload.bytes > payload.limit_bytes {
            self.give_up(payload.bytes, true);
            return Err(self);
        }
        Ok(payload.kept.into())
    }

    /// Why nothing can be added any more.
    pub(super) fn too_large(&self) -> Option<DocumentTooLarge> {
        self.too_large
    }

    fn check(&self) -> Result<(), DocumentTooLarge> {
        self.too_large.map_or(Ok(()), Err)
    }

    fn give_up(&mut self, actual_bytes: usize, is_complete: bool) -> DocumentTooLarge {
        self.body = Vec::new();
        *self.too_large.insert(DocumentTooLarge {
            actual_bytes,
            limit_bytes: self.limit_bytes(),
            is_complete,
        })
    }

    fn limit_bytes(&self) -> usize {
        match self.envelope {
            Envelope::FrontEnd(FrontEnd::LoadBalancer { .. }, _) => LOAD_BALANCER_LIMIT_BYTES,
            Envelope::Bare | Envelope::FrontEnd(..) => PAYLOAD_LIMIT_BYTES,
        }
    }
}

/// Takes bytes up to a limit. What is over it is counted, and nothing is kept then.
struct Limited {
    kept: Vec<u8>,
    bytes: usize,
    limit_bytes: usize,
}

impl Limited {
    fn new(limit_bytes: usize, body_bytes: usize) -> Self {
        Self {
            kept: Vec::with_capacity((body_bytes + HEAD_ROOM_BYTES).min(limit_bytes)),
            bytes: 0,
            limit_bytes,
        }
    }
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        if self.bytes > self.limit_bytes {
            self.kept = Vec::new();
        } else {
            self.kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the response document, in the form that `front_end` reads.
fn encode(front_end: FrontEnd, head: &Head, body: &[u8], output: &mut impl io::Write) {
    let text = std::str::from_utf8(body).ok();
    let document = ResponseDocument {
        status_code: head.status,
        status_description: front_end
            .has_reason_phrase()
            .then(|| description(head.status)),
        headers: (!front_end.lists_values()).then_some(SingleValues {
            head,
            has_cookie: front_end.keeps_one_cookie(),
        }),
        multi_value_headers: front_end.lists_values().then_some(MultiValues(head)),
        cookies: front_end.lists_cookies().then_some(&head.cookies),
        is_base64_encoded: text.is_none(),
        body: text.map_or(BodyText::Base64(body), BodyText::Plain),
    };
    serde_json::to_writer(output, &document).expect("text serializes, and the output takes it");
}

/// What most heads take of a document, in bytes.
const HEAD_ROOM_BYTES: usize = 1024;

/// A body as JSON has it.
enum BodyText<'a> {
    Plain(&'a str),
    Base64(&'a [u8]),
}

impl Serialize for BodyText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            // Without a copy of all of it in between.
            Self::Base64(bytes) => {
                serializer.collect_str(&Base64Display::new(bytes, &BASE64_STANDARD))
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseDocument<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<SingleValues<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<MultiValues<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<&'a Vec<String>>,
    is_base64_encoded: bool,
    body: BodyText<'a>,
}

/// `200 OK`; a status without a name is only its number.
fn description(status: u16) -> String {
    let name = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    name.map_or_else(|| status.to_string(), |name| format!("{status} {name}"))
}

/// One value for each name, joined as in a prelude.
struct SingleValues<'a> {
    head: &'a Head,
    /// Whether the last cookie is one of the headers.
    has_cookie: bool,
}

impl Serialize for SingleValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in &self.head.fields {
            map.serialize_entry(field.name.as_str(), &field.joined())?;
        }
        if self.has_cookie
            && let Some(cookie) = self.head.cookies.last()
        {
            map.serialize_entry(SET_COOKIE.as_str(), cookie)?;
        }
        map.end()
    }
}

struct MultiValues<'a>(&'a Head);

impl Serialize for MultiValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for Field { name, values } in &self.0.fields {
            map.serialize_entry(name.as_str(), values)?;
        }
        if !self.0.cookies.is_empty() {
            map.serialize_entry(SET_COOKIE.as_str(), &self.0.cookies)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn head() -> Head {
        let headers = [("Content-Type", "text/plain"), ("x-a", "1"), ("X-A", "2")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let cookies = vec!["a=1; Path=/".to_owned(), "b=2".to_owned()];
        Head::check(201, headers.to_vec(), cookies).unwrap()
    }

    fn encoded(front_end: FrontEnd, body: &[u8]) -> Value {
        let mut json = vec![];
        encode(front_end, &head(), body, &mut json);
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn each_front_end_gets_the_document_it_reads() {
        let joined = json!({"content-type": "text/plain", "x-a": "1, 2"});
        let with_cookie = json!({"content-type": "text/plain", "x-a": "1, 2", "set-cookie": "b=2"});
        let lists = json!({
            "content-type": ["text/plain"], "x-a": ["1", "2"], "set-cookie": ["a=1; Path=/", "b=2"],
        });
        let with_cookies = json!({
            "statusCode": 201, "headers": joined, "cookies": ["a=1; Path=/", "b=2"],
            "isBase64Encoded": false, "body": "hi",
        });
        let with_lists = json!({
            "statusCode": 201, "multiValueHeaders": lists, "isBase64Encoded": false, "body": "hi",
        });
        let described = |headers: &str, value: &Value| {
            json!({
                "statusCode": 201, "statusDescription": "201 Created", headers: value,
                "isBase64Encoded": false, "body": "hi",
            })
        };
        let multi_value = |multi_value| FrontEnd::LoadBalancer { multi_value };
        for (front_end, document) in [
            (FrontEnd::FunctionUrl, with_cookies.clone()),
            (FrontEnd::HttpApiV2, with_cookies),
            (FrontEnd::RestApi, with_lists.clone()),
            (FrontEnd::HttpApiV1, with_lists),
            (multi_value(false), described("headers", &with_cookie)),
            (multi_value(true), described("multiValueHeaders", &lists)),
            (FrontEnd::Lattice, described("headers", &with_cookie)),
        ] {
            assert_eq!(encoded(front_end, b"hi"), document, "{front_end:?}");
        }
    }

    #[test]
    fn a_body_that_is_no_text_is_base64() {
        for (body, is_base64_encoded, text) in [
            (&b""[..], false, ""),
            (b"\0\r\n\"\\\x7f", false, "\0\r\n\"\\\u{7f}"),
            ("\u{1f980}".as_bytes(), false, "\u{1f980}"),
            (b"\xff\xfe", true, "//4="),
            (b"cut \xf0\x9f\xa6", true, "Y3V0IPCfpg=="),
        ] {
            let document = encoded(FrontEnd::HttpApiV2, body);
            assert_eq!(document["isBase64Encoded"], is_base64_encoded);
            assert_eq!(document["body"], text);
        }
    }

    #[test]
    fn a_status_without_a_name_is_a_number() {
        assert_eq!(description(200), "200 OK");
        assert_eq!(description(299), "299");
    }

    #[test]
    fn a_bare_document_may_have_exactly_what_lambda_takes() {
        let mut document = Document::new(Envelope::Bare);
        document.push(&vec![b'x'; PAYLOAD_LIMIT_BYTES - 1]).unwrap();
        document.push(b"x").unwrap();
        assert_eq!(document.into_payload().unwrap().len(), PAYLOAD_LIMIT_BYTES);
    }

    #[test]
    fn what_is_too_large_stays_so_and_takes_no_memory() {
        let mut document = Document::new(Envelope::Bare);
        document.push(&vec![b'x'; PAYLOAD_LIMIT_BYTES]).unwrap();
        let refused = document.push(b"xy").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the response is a document of at least 6291558 bytes, and Lambda takes 6291556 at most: \
             answer with less, or with a stream"
        );
        assert_eq!(document.body.capacity(), 0);
        assert_eq!(document.push(b""), Err(refused));
        let document = document.into_payload().unwrap_err();
        assert_eq!(document.too_large(), Some(refused));
    }

    #[test]
    fn the_limit_of_a_front_end_counts_the_whole_document() {
        let load_balancer = FrontEnd::LoadBalancer { multi_value: false };
        for (front_end, limit, reader) in [
            (
                load_balancer,
                LOAD_BALANCER_LIMIT_BYTES,
                "a load balancer takes 1048576",
            ),
            (
                FrontEnd::Lattice,
                PAYLOAD_LIMIT_BYTES,
                "Lambda takes 6291556",
            ),
        ] {
            let finish = |body_bytes: usize| {
                let mut document = Document::new(Envelope::FrontEnd(front_end, head()));
                document.push(&vec![b'x'; body_bytes]).unwrap();
                document.into_payload()
            };
            let overhead = finish(0).unwrap().len();
            assert_eq!(finish(limit - overhead).unwrap().len(), limit);
            let refused = finish(limit - overhead + 1)
                .unwrap_err()
                .too_large()
                .unwrap();
            assert_eq!(
                (refused.actual_bytes, refused.is_complete),
                (limit + 1, true)
            );
            assert!(refused.to_string().contains(reader), "{refused}");
        }
    }
}
