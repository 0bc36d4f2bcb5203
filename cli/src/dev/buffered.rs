//! A buffered response as a function URL reads it: a document with a status, or the body itself.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use super::prelude::{ResponseHead, from_object, head};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Unfolds a response document. `None` means that the response is the body itself.
///
/// # Errors
///
/// The document asks for something that is not valid HTTP.
pub(crate) fn unfold(response: &[u8]) -> Result<Option<(ResponseHead, Bytes)>, String> {
    let Ok(document) = from_object::<Document>(response) else {
        return Ok(None);
    };
    let head = head(document.status_code, &document.headers, &document.cookies)?;
    let body = if document.is_base64_encoded {
        let decoded = STANDARD.decode(document.body);
        decoded.map_err(|error| format!("the body of the response is not base64: {error}"))?
    } else {
        document.body.into_bytes()
    };
    Ok(Some((head, body.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_with_a_status_is_unfolded() {
        let response = br#"{"statusCode":201,"headers":{"a":"b"},"cookies":["c=1"],
            "body":"aGk=","isBase64Encoded":true}"#;

        let (head, body) = unfold(response).unwrap().unwrap();

        assert_eq!(head.status, 201);
        assert_eq!(head.headers["a"], "b");
        assert_eq!(head.headers["set-cookie"], "c=1");
        assert_eq!(body, "hi");
    }

    #[test]
    fn anything_else_is_the_body() {
        for response in ["{\"message\":1}", "[1]", "text", ""] {
            assert_eq!(unfold(response.as_bytes()), Ok(None), "{response}");
        }
    }
}
