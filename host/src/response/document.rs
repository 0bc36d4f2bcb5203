//! A response that is posted as a whole: what is collected of it, and the document a front end reads.

use std::borrow::Cow;

use base64::Engine as _;
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

/// A document that nobody would take.
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

    /// Takes the whole document.
    pub(super) fn finish(&mut self) -> Result<Bytes, DocumentTooLarge> {
        self.check()?;
        let document = match &self.envelope {
            Envelope::Bare => std::mem::take(&mut self.body),
            Envelope::FrontEnd(front_end, head) => encode(*front_end, head, &self.body),
        };
        if document.len() > self.limit_bytes() {
            return Err(self.give_up(document.len(), true));
        }
        self.body = Vec::new();
        Ok(document.into())
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

/// The response document, in the form that `front_end` reads.
fn encode(front_end: FrontEnd, head: &Head, body: &[u8]) -> Vec<u8> {
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
        body: text.map_or_else(|| BASE64_STANDARD.encode(body).into(), Cow::Borrowed),
    };
    let mut json = Vec::with_capacity(document.body.len() + HEAD_ROOM_BYTES);
    serde_json::to_writer(&mut json, &document).expect("text serializes");
    json
}

/// What most heads take of a document, in bytes.
const HEAD_ROOM_BYTES: usize = 1024;

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
    body: Cow<'a, str>,
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
        serde_json::from_slice(&encode(front_end, &head(), body)).unwrap()
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
        assert_eq!(document.finish().unwrap().len(), PAYLOAD_LIMIT_BYTES);
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
        assert_eq!(document.finish(), Err(refused));
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
                document.finish()
            };
            let overhead = finish(0).unwrap().len();
            assert_eq!(finish(limit - overhead).unwrap().len(), limit);
            let refused = finish(limit - overhead + 1).unwrap_err();
            assert_eq!(
                (refused.actual_bytes, refused.is_complete),
                (limit + 1, true)
            );
            assert!(refused.to_string().contains(reader), "{refused}");
        }
    }
}
