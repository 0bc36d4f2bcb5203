//! A buffered answer: a document with a status, or at some doors the body itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::door::Door;
use super::fields::Fields;
use super::prelude::{Asked, ResponseHead, object};

/// What says that an answer is a document.
const STATUS: &str = "statusCode";

/// Unfolds an answer. `None` means that the answer is the body itself, which AWS assumes where no status
/// is asked for.
///
/// # Errors
///
/// The document asks for something that is not valid HTTP, or in a way that the service does not read; or
/// the door demands a document and there is none.
pub(crate) fn unfold(answer: &[u8], door: Door) -> Result<Option<(ResponseHead, Bytes)>, String> {
    let object = match object(answer) {
        Ok(object) if object.get(STATUS).is_some_and(|it| !it.is_null()) => object,
        _ if door.infers_status() => return Ok(None),
        Ok(_) => return Err(format!("the response document has no `{STATUS}`")),
        Err(error) => return Err(format!("the response is no response document: {error}")),
    };
    let fields = Fields::new(&object, door.reading());
    let unread = |error| {
        let service = door.service();
        format!("{service} cannot read the response document: {error}")
    };
    let head = Asked::read(fields).map_err(unread)?.head(door)?;
    let body = fields.text("body").map_err(unread)?.unwrap_or_default();
    let body = if fields.flag("isBase64Encoded").map_err(unread)? == Some(true) {
        let decoded = STANDARD.decode(body);
        decoded.map_err(|error| format!("the body of the response is not base64: {error}"))?
    } else {
        body.into()
    };
    Ok(Some((head, body.into())))
}

/// A warning about an answer that became the body although it has a `statusCode`.
pub(crate) fn remark_on_body(answer: &[u8]) -> Option<String> {
    let object = object(answer).ok()?;
    object.contains_key(STATUS).then(|| {
        format!("`{STATUS}` of the response is null, so the document itself became the body")
    })
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
    fn each_service_reads_documents_as_aws_does() {
        let status = |document: &str, door| {
            let unfolded = unfold(document.as_bytes(), door).ok()?;
            Some(unfolded.expect("a document").0)
        };
        let lenient = [Door::Url, Door::Http, Door::Rest];
        let strict = [Door::Alb, Door::AlbMulti, Door::Lattice];
        for document in [
            r#"{"statusCode":404,"headers":{"x-a":0},"body":"gone"}"#,
            r#"{"statusCode":404,"headers":{"x-a":false},"body":"gone"}"#,
            r#"{"statusCode":404,"headers":{"x-a":null},"body":"gone"}"#,
            r#"{"statusCode":404,"multiValueHeaders":{"x-a":[1]},"body":"gone"}"#,
            r#"{"statusCode":"404","body":"gone"}"#,
            r#"{"statusCode":404.0,"body":"gone"}"#,
        ] {
            for door in lenient {
                let head = status(document, door);
                assert_eq!(
                    head.map(|it| it.status.as_u16()),
                    Some(404),
                    "{door:?} {document}"
                );
            }
            for door in strict {
                assert_eq!(status(document, door), None, "{door:?} {document}");
            }
        }
        for document in [
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"headers":"a"}"#,
            r#"{"statusCode":{},"body":"a"}"#,
            r#"{"statusCode":99,"body":"a"}"#,
        ] {
            for door in lenient.into_iter().chain(strict) {
                assert!(
                    unfold(document.as_bytes(), door).is_err(),
                    "{door:?} {document}"
                );
            }
        }
    }

    #[test]
    fn a_status_that_is_null_is_remarked_on() {
        let document = br#"{"statusCode":null,"body":"x"}"#;

        assert_eq!(unfold(document, Door::Http), Ok(None));
        assert!(remark_on_body(document).unwrap().contains("is null"));
        for other in ["{\"body\":\"x\"}", "[1]", "text"] {
            assert_eq!(remark_on_body(other.as_bytes()), None, "{other}");
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
