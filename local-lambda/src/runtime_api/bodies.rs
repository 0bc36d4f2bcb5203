//! Reading what the runtime sends: responses and error reports.

use http::header::TRAILER;
use http::{HeaderMap, HeaderName, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use lambda_protocol::error_report::trailers_size;
use lambda_protocol::headers::{FUNCTION_ERROR_BODY, FUNCTION_ERROR_TYPE};
use lambda_protocol::limits::{
    ERROR_DOCUMENT_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES, TRAILERS_LIMIT_BYTES,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::replies::{ApiResponse, accepted, too_large, truncated_request};
use crate::body::{BodyError, read_limited};
use crate::failure::{Failure, TRUNCATED};
use crate::response::{Outcome, Part};

/// The end of a request with a response.
pub(super) struct Received {
    pub(super) outcome: Outcome,
    pub(super) reply: ApiResponse,
    /// Failure trailers that the head did not announce.
    pub(super) unannounced: Vec<HeaderName>,
}

/// Forwards a streamed response part by part.
pub(super) async fn stream(
    mut body: Incoming,
    headers: &HeaderMap,
    parts: &mpsc::Sender<Part>,
) -> Received {
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(chunk)) if chunk.is_empty() => {}
            Ok(Ok(chunk)) => {
                let _ = parts.send(Part::Chunk(chunk, Instant::now())).await;
            }
            Ok(Err(other)) => trailers = other.into_trailers().ok(),
            Err(cause) => return truncated(Failure::truncated_by(&cause)),
        }
    }
    match trailers {
        Some(trailers) if trailers_size(&trailers) > TRAILERS_LIMIT_BYTES => {
            truncated(Failure::new(TRUNCATED, too_long(trailers_size(&trailers))))
        }
        Some(trailers) => Received {
            unannounced: unannounced(&trailers, headers),
            ..received(outcome_of(&trailers, headers), accepted())
        },
        None => received(Ok(()), accepted()),
    }
}

fn received(outcome: Outcome, reply: ApiResponse) -> Received {
    Received {
        outcome,
        reply,
        unannounced: Vec::new(),
    }
}

/// Reads a whole response, then forwards it.
pub(super) async fn buffer(body: Incoming, parts: &mpsc::Sender<Part>) -> Received {
    match read_limited(body, PAYLOAD_LIMIT_BYTES).await {
        Ok(whole) => {
            let _ = parts.send(Part::Chunk(whole, Instant::now())).await;
            received(Ok(()), accepted())
        }
        Err(BodyError::TooLarge(size)) => received(
            Err(Failure::too_large(size)),
            too_large(PAYLOAD_LIMIT_BYTES),
        ),
        Err(BodyError::Truncated(cause)) => truncated(Failure::truncated_by(&cause)),
    }
}

fn truncated(failure: Failure) -> Received {
    received(Err(failure), truncated_request())
}

fn too_long(size: usize) -> String {
    format!(
        "the trailers of the response take {size} bytes and Lambda reads at most \
         {TRAILERS_LIMIT_BYTES}: shorten the error document"
    )
}

/// Returns whether the head of a response announced a trailer.
fn is_announced(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(TRAILER)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|field| field.trim().eq_ignore_ascii_case(name.as_str()))
}

fn unannounced(trailers: &HeaderMap, headers: &HeaderMap) -> Vec<HeaderName> {
    let names = [FUNCTION_ERROR_TYPE, FUNCTION_ERROR_BODY].into_iter();
    names
        .filter(|name| trailers.contains_key(name) && !is_announced(headers, name))
        .collect()
}

/// Reads the outcome in the trailers. Lambda drops trailers that the head did not announce.
fn outcome_of(trailers: &HeaderMap, headers: &HeaderMap) -> Outcome {
    let error_type = text_header(trailers, &FUNCTION_ERROR_TYPE);
    let Some(error_type) = error_type.filter(|_| is_announced(headers, &FUNCTION_ERROR_TYPE))
    else {
        return Ok(());
    };
    let document = trailers
        .get(FUNCTION_ERROR_BODY)
        .filter(|_| is_announced(headers, &FUNCTION_ERROR_BODY))
        .and_then(|body| decode_base64(body.as_bytes()))
        .unwrap_or_default();
    Err(Failure::from_document(document.into(), Some(&error_type)))
}

fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
}

/// Reads an error report. Returns the failure, which Lambda may word itself, and the reply.
pub(super) async fn failure_of(request: Request<Incoming>) -> (Failure, ApiResponse) {
    let error_type = text_header(request.headers(), &FUNCTION_ERROR_TYPE);
    match read_limited(request.into_body(), ERROR_DOCUMENT_LIMIT_BYTES).await {
        Ok(document) => {
            let failure = Failure::from_document(document, error_type.as_deref());
            (failure, accepted())
        }
        Err(BodyError::TooLarge(size)) => {
            let message = format!(
                "the error document takes {size} bytes and Lambda reads at most {ERROR_DOCUMENT_LIMIT_BYTES}"
            );
            let error_type = error_type.as_deref().unwrap_or("Runtime.Unknown");
            let failure = Failure::new(error_type, message);
            (failure, too_large(ERROR_DOCUMENT_LIMIT_BYTES))
        }
        Err(BodyError::Truncated(cause)) => (Failure::truncated_by(&cause), truncated_request()),
    }
}

pub(super) fn text_header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
