//! A buffered response: a document with a status, or for some services the body itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::fields::Fields;
use super::head::{ResponseDocument, ResponseHead, object};
use super::rules::{MissingStatus, ResponseRules};

/// The field that makes a response a document.
const STATUS: &str = "statusCode";

/// The field with the body.
const BODY: &str = "body";

/// Converts a response document to a head and a body. `None` means that the response is the body itself,
/// which AWS assumes if there is no status.
///
/// # Errors
///
/// The document is not valid HTTP or not in a form that the service reads; or the service requires a
/// document and there is none.
pub(super) fn unfold(
    response: &[u8],
    rules: &ResponseRules,
) -> Result<Option<(ResponseHead, Bytes)>, String> {
    let mut object = match object(response) {
        Ok(object) if object.get(STATUS).is_some_and(|it| !it.is_null()) => object,
        _ if rules.missing_status == MissingStatus::MeansBody => return Ok(None),
        Ok(_) => return Err(format!("the response document has no `{STATUS}`")),
        Err(error) => return Err(format!("the response is not a response document: {error}")),
    };
    let fields = Fields::new(&object, rules.reading);
    let unread = |error| {
        let service = rules.service;
        format!("{service} cannot read the response document: {error}")
    };
    let mut head = ResponseDocument::read(fields)
        .map_err(unread)?
        .head(rules)?;
    let body = fields.text(BODY).map_err(unread)?.unwrap_or_default();
    let body = if fields.flag("isBase64Encoded").map_err(unread)? == Some(true) {
        let decoded = STANDARD.decode(body);
        decoded.map_err(|error| format!("the body of the response is not base64: {error}"))?
    } else {
        body.into()
    };
    object.remove(BODY);
    head.document = serde_json::to_vec(&object).ok().map(Bytes::from);
    Ok(Some((head, body.into())))
}

/// Warns about a response that became the body although it has a `statusCode`.
pub(super) fn null_status_warning(response: &[u8]) -> Option<String> {
    let object = object(response).ok()?;
    object.contains_key(STATUS).then(|| {
        format!("`{STATUS}` of the response is null, so the document itself became the body")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrontEnd;

    type Unfolded = Result<Option<(ResponseHead, Bytes)>, String>;

    fn unfold(response: &str, front_end: FrontEnd) -> Unfolded {
        super::unfold(response.as_bytes(), front_end.response_rules())
    }

    #[test]
    fn a_document_with_a_status_is_unfolded() {
        let response = r#"{"statusCode":201,"headers":{"a":"b"},"cookies":["c=1"],
            "body":"aGk=","isBase64Encoded":true}"#;

        let (head, body) = unfold(response, FrontEnd::Url).unwrap().unwrap();

        assert_eq!(head.status, 201);
        assert_eq!(head.headers["a"], "b");
        assert_eq!(head.headers["set-cookie"], "c=1");
        assert_eq!(body, "hi");
    }

    #[test]
    fn anything_else_is_the_body() {
        for response in ["{\"message\":1}", "[1]", "text", ""] {
            assert_eq!(unfold(response, FrontEnd::Http), Ok(None), "{response}");
        }
    }

    #[test]
    fn each_service_reads_documents_as_aws_does() {
        let status = |document: &str, front_end: FrontEnd| {
            let (head, _) = unfold(document, front_end).ok()?.expect("a document");
            Some(head.status.as_u16())
        };
        let lenient = [FrontEnd::Url, FrontEnd::Http, FrontEnd::Rest];
        let strict = [FrontEnd::Alb, FrontEnd::AlbMulti, FrontEnd::Lattice];
        for document in [
            r#"{"statusCode":404,"headers":{"x-a":0},"body":"gone"}"#,
            r#"{"statusCode":404,"headers":{"x-a":false},"body":"gone"}"#,
            r#"{"statusCode":404,"headers":{"x-a":null},"body":"gone"}"#,
            r#"{"statusCode":404,"multiValueHeaders":{"x-a":[1]},"body":"gone"}"#,
            r#"{"statusCode":"404","body":"gone"}"#,
            r#"{"statusCode":404.0,"body":"gone"}"#,
        ] {
            for (front_ends, expected) in [(lenient, Some(404)), (strict, None)] {
                for front_end in front_ends {
                    let seen = status(document, front_end);
                    assert_eq!(seen, expected, "{front_end:?} {document}");
                }
            }
        }
        for document in [
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":200,"headers":{"a":["b"]}}"#,
            r#"{"statusCode":200,"headers":"a"}"#,
            r#"{"statusCode":{},"body":"a"}"#,
            r#"{"statusCode":99,"body":"a"}"#,
        ] {
            for front_end in lenient.into_iter().chain(strict) {
                let unfolded = unfold(document, front_end);
                assert!(unfolded.is_err(), "{front_end:?} {document}");
            }
        }
    }

    #[test]
    fn a_status_that_is_null_causes_a_warning() {
        let document = r#"{"statusCode":null,"body":"x"}"#;

        assert_eq!(unfold(document, FrontEnd::Http), Ok(None));
        let warning = null_status_warning(document.as_bytes()).unwrap();
        assert!(warning.contains("is null"), "{warning}");
        for other in ["{\"body\":\"x\"}", "[1]", "text"] {
            assert_eq!(null_status_warning(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn some_services_demand_a_document() {
        for response in ["{\"message\":1}", "[1]", "text", ""] {
            for front_end in [FrontEnd::Rest, FrontEnd::Alb] {
                assert!(unfold(response, front_end).is_err(), "{response}");
            }
        }
    }
}
