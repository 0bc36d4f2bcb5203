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

use super::replies::{Reply, accepted, too_large, truncated_request};
use crate::dev::answer::{Failure, Part, TRUNCATED, Verdict};
use crate::dev::intake::{NotTaken, take_in};

/// What became of a response.
pub(super) struct Taken {
    pub(super) verdict: Verdict,
    pub(super) reply: Reply,
    /// The trailers about a failure that the head did not announce.
    pub(super) unannounced: Vec<HeaderName>,
}

/// Forwards a streamed response part by part.
pub(super) async fn stream(
    mut body: Incoming,
    headers: &HeaderMap,
    parts: &mpsc::Sender<Part>,
) -> Taken {
    let mut trailers = None;
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(chunk)) if chunk.is_empty() => {}
            Ok(Ok(chunk)) => {
                let _ = parts.send(Part::Chunk(chunk)).await;
            }
            Ok(Err(other)) => trailers = other.into_trailers().ok(),
            Err(cause) => return truncated(Failure::truncated_by(&cause)),
        }
    }
    match trailers {
        Some(trailers) if trailers_size(&trailers) > TRAILERS_LIMIT_BYTES => {
            truncated(Failure::new(TRUNCATED, too_long(trailers_size(&trailers))))
        }
        Some(trailers) => Taken {
            unannounced: unannounced(&trailers, headers),
            ..taken(verdict_of(&trailers, headers), accepted())
        },
        None => taken(Ok(()), accepted()),
    }
}

fn taken(verdict: Verdict, reply: Reply) -> Taken {
    Taken {
        verdict,
        reply,
        unannounced: Vec::new(),
    }
}

/// Takes in a whole response, then forwards it.
pub(super) async fn buffer(body: Incoming, parts: &mpsc::Sender<Part>) -> Taken {
    match take_in(body, PAYLOAD_LIMIT_BYTES).await {
        Ok(whole) => {
            let _ = parts.send(Part::Chunk(whole)).await;
            taken(Ok(()), accepted())
        }
        Err(NotTaken::TooLarge(size)) => taken(
            Err(Failure::too_large(size)),
            too_large(PAYLOAD_LIMIT_BYTES),
        ),
        Err(NotTaken::Broken(cause)) => truncated(Failure::truncated_by(&cause)),
    }
}

fn truncated(failure: Failure) -> Taken {
    taken(Err(failure), truncated_request())
}

fn too_long(size: usize) -> String {
    format!(
        "the trailers of the response take {size} bytes and Lambda reads at most \
         {TRAILERS_LIMIT_BYTES}: shorten the error document"
    )
}

/// Whether the head of a response announced a trailer.
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

/// Reads the verdict in the trailers. Lambda drops trailers that the head did not announce.
fn verdict_of(trailers: &HeaderMap, headers: &HeaderMap) -> Verdict {
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

/// An error report that Lambda does not take.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) reply: Reply,
}

/// Reads an error report.
pub(super) async fn failure_of(request: Request<Incoming>) -> Result<Failure, Refused> {
    let error_type = text_header(request.headers(), &FUNCTION_ERROR_TYPE);
    match take_in(request.into_body(), ERROR_DOCUMENT_LIMIT_BYTES).await {
        Ok(document) => Ok(Failure::from_document(document, error_type.as_deref())),
        Err(NotTaken::TooLarge(size)) => {
            let message = format!(
                "the error document takes {size} bytes and Lambda reads at most {ERROR_DOCUMENT_LIMIT_BYTES}"
            );
            let error_type = error_type.as_deref().unwrap_or("Runtime.Unknown");
            Err(Refused {
                failure: Failure::new(error_type, message),
                reply: too_large(ERROR_DOCUMENT_LIMIT_BYTES),
            })
        }
        Err(NotTaken::Broken(cause)) => Err(Refused {
            failure: Failure::truncated_by(&cause),
            reply: truncated_request(),
        }),
    }
}

pub(super) fn text_header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
