//! A buffered answer: a document with a status, or at some doors the body itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use super::door::Door;
use super::prelude::{Asked, AskedIn, ResponseHead, from_object};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// Unfolds an answer. `None` means that the answer is the body itself.
///
/// # Errors
///
/// The document asks for something that is not valid HTTP, or the door demands one and there is
/// none.
pub(crate) fn unfold(answer: &[u8], door: Door) -> Result<Option<(ResponseHead, Bytes)>, String> {
    let document = match from_object::<Document>(answer) {
        Ok(document) if document.asked.status_code.is_some() => document,
        _ if door.infers_status() => return Ok(None),
        Ok(_) => return Err("the response document has no `statusCode`".to_owned()),
        Err(error) => return Err(format!("the response is no response document: {error}")),
    };
    let head = document.asked.head(door, AskedIn::Document)?;
    let body = document.body.unwrap_or_default();
    let body = if document.is_base64_encoded.unwrap_or_default() {
        let decoded = STANDARD.decode(body);
        decoded.map_err(|error| format!("the body of the response is not base64: {error}"))?
    } else {
        body.into_bytes()
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

        let (head, body) = unfold(response, Door::Url).unwrap().unwrap();

        assert_eq!(head.status, 201);
        assert_eq!(head.headers["a"], "b");
        assert_eq!(head.headers["set-cookie"], "c=1");
        assert_eq!(body, "hi");
    }

    #[test]
    fn anything_else_is_the_body() {
        for response in ["{\"message\":1}", "[1]", "text", ""] {
            assert_eq!(
                unfold(response.as_bytes(), Door::Http),
                Ok(None),
                "{response}"
            );
        }
    }

    #[test]
    fn some_doors_demand_a_document() {
        for response in ["{\"message\":1}", "[1]", "text", ""] {
            assert!(
                unfold(response.as_bytes(), Door::Rest).is_err(),
                "{response}"
            );
            assert!(
                unfold(response.as_bytes(), Door::Alb).is_err(),
                "{response}"
            );
        }
    }
}
