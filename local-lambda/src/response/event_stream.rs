//! Event-stream frames of the Invoke API. AWS's SDK for Rust is the strictest reader: it requires
//! all three headers.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::Serialize;

use crate::failure::Failure;

/// Upper bound for lengths, checksums and headers of a frame, in bytes.
const OVERHEAD_BYTES: usize = 160;

/// How an invocation ended.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InvokeComplete<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_details: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_result: Option<String>,
}

/// Frames a chunk of the response.
pub(super) fn payload_chunk(chunk: Bytes) -> Bytes {
    frame("PayloadChunk", "application/octet-stream", chunk)
}

/// Builds the last frame.
pub(super) fn invoke_complete(failure: Option<&Failure>, log: Option<&[u8]>) -> Bytes {
    let details = failure.map(|failure| String::from_utf8_lossy(&failure.document));
    let complete = InvokeComplete {
        error_code: failure.map(|failure| error_code(&failure.error_type)),
        error_details: details.as_deref(),
        log_result: log.map(|log| STANDARD.encode(log)),
    };
    let json = serde_json::to_vec(&complete).expect("strings become JSON");
    frame("InvokeComplete", "application/json", json.into())
}

/// Returns the error type as Lambda passes it on: it keeps dotted names and replaces all others.
fn error_code(error_type: &str) -> &str {
    let categories = ["Runtime.", "Function."];
    let is_kept = categories.iter().any(|category| {
        error_type.match_indices(category).any(|(at, _)| {
            let rest = error_type.as_bytes().get(at + category.len()..);
            let mut rest = rest.unwrap_or_default().iter();
            rest.next().is_some_and(u8::is_ascii_uppercase)
                && rest.next().is_some_and(u8::is_ascii_alphabetic)
        })
    });
    // Lambda's own types are passed on as they are.
    if is_kept || error_type.starts_with("Sandbox.") {
        error_type
    } else if error_type.starts_with("Function.") {
        "Function.Unknown"
    } else {
        "Runtime.Unknown"
    }
}

fn frame(event_type: &'static str, content_type: &'static str, payload: Bytes) -> Bytes {
    let text = |value: &'static str| HeaderValue::String(value.into());
    let mut bytes = BytesMut::with_capacity(payload.len() + OVERHEAD_BYTES);
    let message = Message::new(payload)
        .add_header(Header::new(":message-type", text("event")))
        .add_header(Header::new(":event-type", text(event_type)))
        .add_header(Header::new(":content-type", text(content_type)));
    write_message_to(&message, &mut bytes)
        .expect("short headers and what one read of a socket held fit a frame");
    bytes.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_framed_as_aws_frames_it() {
        let frame = payload_chunk(Bytes::from_static(b"hi"));

        let total = u32::from_be_bytes(frame[..4].try_into().unwrap());
        assert_eq!(usize::try_from(total).unwrap(), frame.len());
        let headers = b"\x0d:message-type\x07\0\x05event\
            \x0b:event-type\x07\0\x0cPayloadChunk\
            \x0d:content-type\x07\0\x18application/octet-stream";
        assert_eq!(frame[12..12 + headers.len()], *headers);
        assert_eq!(frame[12 + headers.len()..frame.len() - 4], *b"hi");
    }

    #[test]
    fn only_dotted_types_pass() {
        for (reported, passed) in [
            ("Function.Trap", "Function.Trap"),
            ("my Runtime.Broken thing", "my Runtime.Broken thing"),
            ("Sandbox.Timedout", "Sandbox.Timedout"),
            ("ValueError", "Runtime.Unknown"),
            ("Function.oops", "Function.Unknown"),
            ("Function.X", "Function.Unknown"),
        ] {
            assert_eq!(error_code(reported), passed, "{reported}");
        }
    }

    #[test]
    fn the_end_tells_only_what_there_is_to_tell() {
        let clean = invoke_complete(None, None);
        let failed = invoke_complete(Some(&Failure::new("Function.Trap", "m")), Some(b"log"));

        assert_eq!(clean[clean.len() - 6..clean.len() - 4], *b"{}");
        let text = String::from_utf8_lossy(&failed);
        assert!(
            text.contains("{\"ErrorCode\":\"Function.Trap\",\"ErrorDetails\":\"{"),
            "{text}"
        );
        assert!(text.contains("\"LogResult\":\"bG9n\"}"), "{text}");
    }
}
