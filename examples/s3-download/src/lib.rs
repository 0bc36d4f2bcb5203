//! Streams objects of S3 to callers, with ranges and conditions.

use bootstream::fetch::{self, IncomingResponse};
use bootstream::http::{Method, StatusCode};
use bootstream::{Error, Event, Head, Rejection, RequestExt as _, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Headers of the caller by which S3 decides what to send.
const CONDITIONS: [&str; 5] = [
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// Headers of S3 that describe the object. Others are about the bucket and its owner.
const DESCRIPTION: [&str; 11] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "expires",
    "last-modified",
];

/// What S3 has percent-encoded in a key.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Rejection::new(405, "only GET and HEAD").into());
    }
    let bucket = bootstream::env("BUCKET_NAME")?;
    let path = format!("/{bucket}/{}", key(&request.path_segments())?);

    let mut asked = fetch::aws::request(request.method().clone(), "s3", path);
    for name in CONDITIONS {
        // S3 does not know `if-range`. Without the range the caller gets the whole object, as it then may.
        let is_unsure = name == "range" && request.header("if-range").is_some();
        if let Some(value) = request.header(name).filter(|_| !is_unsure) {
            asked = asked.header(name, value);
        }
    }
    let mut object = asked.send()?;
    match object.status() {
        StatusCode::NOT_FOUND => return Err(Rejection::new(404, "no such object").into()),
        // The body of an error names the bucket.
        StatusCode::NOT_MODIFIED
        | StatusCode::PRECONDITION_FAILED
        | StatusCode::RANGE_NOT_SATISFIABLE => {
            response.start(head(&object))?.finish()?;
            return Ok(());
        }
        _ => object = object.success()?,
    }
    let mut body = response.start(head(&object))?;
    // Waits while the caller reads slowly. Fails when the response is lost, or when S3 breaks off.
    object.copy_to(&mut body)?;
    body.finish()?;
    Ok(())
}

/// Returns the key of the object at a path, percent-encoded.
fn key(segments: &[impl AsRef<str>]) -> Result<String, Rejection> {
    let segments: Vec<_> = segments.iter().map(AsRef::as_ref).collect();
    let key = segments.join("/");
    // A server that resolves `..` would take it for another bucket.
    if key.is_empty() || key.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(Rejection::new(404, "no such object"));
    }
    Ok(utf8_percent_encode(&key, RESERVED).to_string())
}

/// The head for the caller.
fn head(object: &IncomingResponse) -> Head {
    let status = object.status();
    let mut head = Head::new(status.as_u16());
    let is_error = status.is_client_error();
    for name in DESCRIPTION {
        // Those of an error are about its own body.
        let is_of_error = is_error && matches!(name, "content-length" | "content-type");
        if let Some(value) = object.header(name).filter(|_| !is_of_error) {
            head = head.header(name, value);
        }
    }
    head
}

#[cfg(test)]
mod tests;
