//! Parses the headers of `next` into an [`Invocation`].

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use lambda_protocol::headers::{
    CLIENT_CONTEXT, COGNITO_IDENTITY, DEADLINE_MS, INVOCATION_ID, INVOKED_FUNCTION_ARN, REQUEST_ID,
    TENANT_ID, TRACE_ID,
};

use crate::http1::{AnswerHead, Body};
use crate::invocation::{Deadline, Invocation};
use crate::logging::OncePerMinute;

/// Parses the response of `next`. Returns `None` if the request id is missing: without it, no response can
/// be posted.
#[must_use]
pub fn parse_invocation(head: &AnswerHead, event: Body) -> Option<Invocation> {
    let request_id = request_id(head)?;
    let (event, surplus_bytes) = match event {
        Body::Whole(event) => (event, None),
        Body::TooLong(bytes) => (Bytes::new(), Some(bytes)),
    };
    let deadline_ms = text(head, &DEADLINE_MS).and_then(|ms| ms.trim().parse().ok());
    Some(Invocation {
        request_id,
        event,
        surplus_bytes,
        deadline: Deadline::from_unix_ms(deadline_ms),
        invoked_function_arn: text(head, &INVOKED_FUNCTION_ARN),
        trace_id: text(head, &TRACE_ID),
        client_context: text(head, &CLIENT_CONTEXT).and_then(|value| json_text(&value)),
        cognito_identity: text(head, &COGNITO_IDENTITY).and_then(|value| json_text(&value)),
        tenant_id: text(head, &TENANT_ID),
        invocation_id: head
            .get(&INVOCATION_ID)
            .filter(|value| !value.is_empty())
            .and_then(|value| HeaderValue::from_bytes(value).ok())
            .filter(is_printable),
        watch: None,
        tape: None,
    })
}

/// Returns the request id in a response of `next`.
#[must_use]
pub fn request_id(head: &AnswerHead) -> Option<String> {
    text(head, &REQUEST_ID)
}

/// Returns the header's value. An empty header counts as absent: some versions of Lambda send those.
fn text(head: &AnswerHead, name: &HeaderName) -> Option<String> {
    match std::str::from_utf8(head.get(name)?) {
        Ok("") => None,
        Ok(text) => Some(text.to_owned()),
        Err(_) => {
            tracing::warn!(header = %name, "ignoring a header that is not UTF-8");
            None
        }
    }
}

/// Returns the JSON document in `value`, which Lambda sends either verbatim or in base64.
fn json_text(value: &str) -> Option<String> {
    if is_json(value.as_bytes()) {
        return Some(value.to_owned());
    }
    let decoded = BASE64.decode(value).ok().filter(|bytes| is_json(bytes));
    if decoded.is_none() {
        tracing::warn!(
            "ignoring a client context or identity that is neither JSON nor base64 JSON"
        );
    }
    decoded.and_then(|bytes| String::from_utf8(bytes).ok())
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

fn is_printable(value: &HeaderValue) -> bool {
    let printable = value.to_str().is_ok();
    if !printable && UNPRINTABLE_ID_WARNING.is_due() {
        tracing::warn!(header = %INVOCATION_ID, "not echoing a header with unprintable bytes");
    }
    printable
}

/// Accepts base64 with or without padding, because mobile SDKs differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An unprintable token comes with every event or with none.
static UNPRINTABLE_ID_WARNING: OncePerMinute = OncePerMinute::new();

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    fn parse(pairs: &[(&str, &[u8])]) -> Option<Invocation> {
        let mut input = BytesMut::from("HTTP/1.1 200 OK\r\n");
        for (name, value) in pairs {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                input.extend_from_slice(part);
            }
        }
        input.extend_from_slice(b"\r\n");
        let head = AnswerHead::take(&mut input).unwrap().unwrap();
        parse_invocation(&head, Body::Whole(Bytes::from_static(b"{}")))
    }

    #[test]
    fn an_answer_without_a_request_id_is_no_invocation() {
        assert!(parse(&[("lambda-runtime-deadline-ms", b"1")]).is_none());
        assert!(parse(&[("lambda-runtime-aws-request-id", b"")]).is_none());
    }

    #[test]
    fn what_was_not_sent_or_sent_empty_is_absent() {
        let invocation = parse(&[
            ("lambda-runtime-aws-request-id", b"r"),
            ("lambda-runtime-cognito-identity", b""),
        ])
        .unwrap();
        assert_eq!(invocation.request_id, "r");
        assert_eq!(invocation.invoked_function_arn, None);
        assert_eq!(invocation.trace_id, None);
        assert_eq!(invocation.client_context, None);
        assert_eq!(invocation.cognito_identity, None);
        assert_eq!(invocation.tenant_id, None);
        assert_eq!(invocation.invocation_id, None);
    }

    #[test]
    fn a_client_context_is_read_plain_and_from_base64_and_dropped_when_garbled() {
        for (sent, read) in [
            (&br#"{"a":1}"#[..], Some(r#"{"a":1}"#)),
            (b"eyJhIjoxfQ==", Some(r#"{"a":1}"#)),
            (b"eyJhIjoxfQ", Some(r#"{"a":1}"#)),
            (b"{not json", None),
            (b"bm90IGpzb24=", None),
        ] {
            let invocation = parse(&[
                ("lambda-runtime-aws-request-id", b"r"),
                ("lambda-runtime-client-context", sent),
            ])
            .unwrap();
            assert_eq!(invocation.client_context.as_deref(), read);
        }
    }

    #[test]
    fn an_invocation_id_is_kept_only_if_it_can_be_echoed() {
        let id = |value: &[u8]| {
            parse(&[
                ("lambda-runtime-aws-request-id", b"r"),
                ("lambda-runtime-invocation-id", value),
            ])
            .unwrap()
            .invocation_id
        };
        assert_eq!(id(b"token-1").unwrap(), "token-1");
        assert_eq!(id(b"tok\x80en"), None);
        assert_eq!(id(b""), None);
    }
}
