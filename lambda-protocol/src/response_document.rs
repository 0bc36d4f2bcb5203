//! The response document: a complete response in the form that a front end reads.

use std::{fmt, io};

use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use serde::Serialize;
use serde::ser::Serializer;

use crate::fields::{MultiValues, SingleValues};
use crate::front_end::FrontEnd;
use crate::head::Head;
use crate::limits::LOAD_BALANCER_LIMIT_BYTES;

/// A document that exceeds its reader's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentTooLarge {
    /// Its size so far, in bytes.
    pub actual_bytes: usize,
    /// Largest size, in bytes.
    pub limit_bytes: usize,
    /// Whether `actual_bytes` is the final size.
    pub is_complete: bool,
}

impl fmt::Display for DocumentTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_least = if self.is_complete { "" } else { "at least " };
        let reader = if self.limit_bytes == LOAD_BALANCER_LIMIT_BYTES {
            "a load balancer"
        } else {
            "Lambda"
        };
        write!(
            f,
            "the response is a document of {at_least}{} bytes, and {reader} takes {} at most: send less, or \
             stream the response",
            self.actual_bytes, self.limit_bytes
        )
    }
}

impl std::error::Error for DocumentTooLarge {}

/// Writes the response document, in the form that `front_end` reads.
///
/// # Errors
///
/// Those of `output`.
pub fn write(
    front_end: FrontEnd,
    head: &Head,
    body: &[u8],
    output: impl io::Write,
) -> io::Result<()> {
    let text = std::str::from_utf8(body).ok();
    let document = ResponseDocument {
        status_code: head.status,
        status_description: front_end
            .has_reason_phrase()
            .then(|| description(head.status)),
        headers: single_values(front_end, head),
        multi_value_headers: front_end.lists_values().then(|| MultiValues::all(head)),
        cookies: front_end.lists_cookies().then_some(&head.cookies),
        is_base64_encoded: text.is_none(),
        body: text.map_or(BodyText::Base64(body), BodyText::Plain),
    };
    serde_json::to_writer(output, &document).map_err(io::Error::from)
}

fn single_values(front_end: FrontEnd, head: &Head) -> Option<SingleValues<'_>> {
    (!front_end.lists_values()).then(|| {
        if front_end.keeps_one_cookie() {
            SingleValues::with_last_cookie(head)
        } else {
            SingleValues::of(head)
        }
    })
}

/// A body as a JSON string.
enum BodyText<'a> {
    Plain(&'a str),
    Base64(&'a [u8]),
}

impl Serialize for BodyText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(text) => serializer.serialize_str(text),
            // Without an intermediate copy of the whole body.
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

/// Returns `200 OK`, or only the number of a status without a name.
fn description(status: u16) -> String {
    let name = StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    name.map_or_else(|| status.to_string(), |name| format!("{status} {name}"))
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
        write(front_end, &head(), body, &mut json).unwrap();
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
}
