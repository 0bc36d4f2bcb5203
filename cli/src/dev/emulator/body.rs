//! Reading what the runtime sends: responses and error reports.

use http::header::TRAILER;
use http::{HeaderMap, HeaderName, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::replies::{BUFFERED_LIMIT_BYTES, Reply, accepted, too_large, truncated_request};
use crate::dev::answer::{Failure, Part, Verdict};

/// What Lambda accepts as an error document, in bytes.
const ERROR_LIMIT_BYTES: usize = 1024 * 1024;

/// What Lambda accepts as a block of trailers, in bytes: the lines and the empty line after them.
const TRAILERS_LIMIT_BYTES: usize = 4096;

const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// Forwards a streamed response part by part.
pub(super) async fn stream(
    mut body: Incoming,
    headers: &HeaderMap,
    parts: &mpsc::Sender<Part>,
) -> (Verdict, Reply) {
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(chunk)) if chunk.is_empty() => {}
            Ok(Ok(chunk)) => {
                let _ = parts.send(Part::Chunk(chunk)).await;
            }
            Ok(Err(other)) => trailers = other.into_trailers().ok(),
            Err(_) => return truncated(),
        }
    }
    match trailers {
        Some(trailers) if block_size(&trailers) > TRAILERS_LIMIT_BYTES => truncated(),
        Some(trailers) => (verdict_of(&trailers, headers), accepted()),
        None => (Ok(()), accepted()),
    }
}

/// Takes in a whole response, then forwards it.
pub(super) async fn buffer(body: Incoming, parts: &mpsc::Sender<Part>) -> (Verdict, Reply) {
    match Limited::new(body, BUFFERED_LIMIT_BYTES).collect().await {
        Ok(whole) => {
            let _ = parts.send(Part::Chunk(whole.to_bytes())).await;
            (Ok(()), accepted())
        }
        Err(cause) if cause.is::<LengthLimitError>() => {
            let message = format!(
                "Response payload size exceeded maximum allowed payload size \
                 ({BUFFERED_LIMIT_BYTES} bytes)."
            );
            (
                Err(Failure::new("Function.ResponseSizeTooLarge", message)),
                too_large(),
            )
        }
        Err(_) => truncated(),
    }
}

fn truncated() -> (Verdict, Reply) {
    (Err(Failure::truncated()), truncated_request())
}

/// Reads the verdict in the trailers. Lambda drops trailers that the head did not announce.
fn verdict_of(trailers: &HeaderMap, headers: &HeaderMap) -> Verdict {
    let announced = |name: &HeaderName| {
        headers
            .get_all(TRAILER)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|field| field.trim().eq_ignore_ascii_case(name.as_str()))
    };
    let Some(error_type) = text_header(trailers, &ERROR_TYPE).filter(|_| announced(&ERROR_TYPE))
    else {
        return Ok(());
    };
    let document = trailers
        .get(ERROR_BODY)
        .filter(|_| announced(&ERROR_BODY))
        .and_then(|body| decode_base64(body.as_bytes()))
        .unwrap_or_default();
    Err(Failure::from_document(document.into(), Some(&error_type)))
}

fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
}

/// The size of trailers on the wire, the empty line included.
fn block_size(trailers: &HeaderMap) -> usize {
    const COLON_SPACE_CRLF: usize = 4;
    const CRLF: usize = 2;
    trailers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + COLON_SPACE_CRLF)
        .sum::<usize>()
        + CRLF
}

/// Reads an error report.
pub(super) async fn failure_of(request: Request<Incoming>) -> Result<Failure, Reply> {
    let error_type = text_header(request.headers(), &ERROR_TYPE);
    match Limited::new(request.into_body(), ERROR_LIMIT_BYTES)
        .collect()
        .await
    {
        Ok(document) => Ok(Failure::from_document(
            document.to_bytes(),
            error_type.as_deref(),
        )),
        Err(cause) if cause.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(truncated_request()),
    }
}

pub(super) fn text_header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
