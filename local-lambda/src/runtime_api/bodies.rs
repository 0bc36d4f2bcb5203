//! Reading what the runtime sends: responses and error reports.

use http::header::TRAILER;
use http::{HeaderMap, HeaderName, Request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::replies::{Reply, accepted, too_large, truncated_request};
use crate::dev::answer::{Failure, Part, TRUNCATED, Verdict, WHOLE_LIMIT_BYTES};
use crate::dev::intake::{NotTaken, take_in};

/// What Lambda accepts as an error document, in bytes.
const ERROR_LIMIT_BYTES: usize = 1024 * 1024;

/// What Lambda accepts as a block of trailers, in bytes: the lines and the empty line after them.
const TRAILERS_LIMIT_BYTES: usize = 4096;

const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const ERROR_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

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
        Some(trailers) if block_size(&trailers) > TRAILERS_LIMIT_BYTES => {
            truncated(Failure::new(TRUNCATED, too_long(block_size(&trailers))))
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
    match take_in(body, WHOLE_LIMIT_BYTES).await {
        Ok(whole) => {
            let _ = parts.send(Part::Chunk(whole)).await;
            taken(Ok(()), accepted())
        }
        Err(NotTaken::TooLarge(size)) => {
            taken(Err(Failure::too_large(size)), too_large(WHOLE_LIMIT_BYTES))
        }
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
    let names = [ERROR_TYPE, ERROR_BODY].into_iter();
    names
        .filter(|name| trailers.contains_key(name) && !is_announced(headers, name))
        .collect()
}

/// Reads the verdict in the trailers. Lambda drops trailers that the head did not announce.
fn verdict_of(trailers: &HeaderMap, headers: &HeaderMap) -> Verdict {
    let error_type = text_header(trailers, &ERROR_TYPE);
    let Some(error_type) = error_type.filter(|_| is_announced(headers, &ERROR_TYPE)) else {
        return Ok(());
    };
    let document = trailers
        .get(ERROR_BODY)
        .filter(|_| is_announced(headers, &ERROR_BODY))
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

/// An error report that Lambda does not take.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) reply: Reply,
}

/// Reads an error report.
pub(super) async fn failure_of(request: Request<Incoming>) -> Result<Failure, Refused> {
    let error_type = text_header(request.headers(), &ERROR_TYPE);
    match take_in(request.into_body(), ERROR_LIMIT_BYTES).await {
        Ok(document) => Ok(Failure::from_document(document, error_type.as_deref())),
        Err(NotTaken::TooLarge(size)) => {
            let message = format!(
                "the error document takes {size} bytes and Lambda reads at most {ERROR_LIMIT_BYTES}"
            );
            let error_type = error_type.as_deref().unwrap_or("Runtime.Unknown");
            Err(Refused {
                failure: Failure::new(error_type, message),
                reply: too_large(ERROR_LIMIT_BYTES),
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
