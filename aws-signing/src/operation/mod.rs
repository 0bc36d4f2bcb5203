//! Which operation a request asks for.
//!
//! Services read the operation from different places, some from several. A rule for an operation is safe only
//! if we and the service read the same one. So a request has to name it in exactly one of the known ways, and
//! in nothing else.

use http::{HeaderMap, Method, header};

use crate::headers::{METHOD_OVERRIDES, TARGET};
use crate::s3::Place;
use crate::tables::{self, Rest};
use crate::uri::{Path, Query};

/// What of a request tells the operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a Path,
    pub(crate) query: &'a Query,
    pub(crate) headers: &'a HeaderMap,
    /// Of requests to S3.
    pub(crate) place: Option<&'a Place>,
}

const JSON: &str = "this request does not name one; expected `POST /` with `x-amz-target` and \
                    `content-type: application/x-amz-json-1.0` or `1.1`";
const CBOR: &str = "this request does not name one; expected `POST /service/…/operation/…` with \
                    `smithy-protocol: rpc-v2-cbor`, and without `x-amz-target`";
const REST: &str = "the method, path and query of this request are of none that is known";
const OVERRIDE: &str = "this request has a header that overrides the method";
const UNKNOWN: &str = "the operations of this service cannot be told apart";

/// Headers that tell the protocol of an RPC.
const PROTOCOL: &str = "smithy-protocol";

/// Returns the name of the operation, or what is unclear.
pub(crate) fn name(request: &Request<'_>) -> Result<String, &'static str> {
    if overrides_method(request.headers) {
        return Err(OVERRIDE);
    }
    if let Some(mut rows) = tables::rest(request.prefix) {
        let row = rows.find(|row| is_asked(row, request));
        return row.map(|row| row.name.to_owned()).ok_or(REST);
    }
    let targets: Vec<_> = tables::json_targets(request.prefix).collect();
    if targets.is_empty() {
        return Err(UNKNOWN);
    }
    if *request.method != Method::POST || !request.query.is_empty() {
        return Err(JSON);
    }
    if request.path.as_str() == "/" {
        json(request.headers, &targets).ok_or(JSON)
    } else {
        cbor(request, &targets).ok_or(CBOR)
    }
}

/// Whether the request reads only: GET or HEAD, and no protocol that carries an operation elsewhere.
pub(crate) fn is_read(request: &Request<'_>) -> bool {
    let is_form = request
        .headers
        .get_all(header::CONTENT_TYPE)
        .iter()
        .any(|value| {
            starts_with_ignoring_case(value.as_bytes(), b"application/x-www-form-urlencoded")
        });
    // `session` is S3's CreateSession.
    let has_operation = ["Action", "Operation", "session"]
        .iter()
        .any(|key| request.query.has(key));
    (*request.method == Method::GET || *request.method == Method::HEAD)
        && !overrides_method(request.headers)
        && !request.headers.contains_key(TARGET)
        && !request.headers.contains_key(PROTOCOL)
        && !is_form
        && !has_operation
}

fn overrides_method(headers: &HeaderMap) -> bool {
    METHOD_OVERRIDES
        .iter()
        .any(|name| headers.contains_key(*name))
}

fn starts_with_ignoring_case(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len())
        .is_some_and(|text| text.eq_ignore_ascii_case(start))
}

/// Returns the value of a header that is there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// `x-amz-target: TARGET.OPERATION`.
fn json(headers: &HeaderMap, targets: &[&str]) -> Option<String> {
    let content_type = single(headers, "content-type")?;
    let is_json = ["application/x-amz-json-1.0", "application/x-amz-json-1.1"]
        .contains(&content_type.to_ascii_lowercase().as_str());
    if !is_json || headers.contains_key(PROTOCOL) {
        return None;
    }
    let (target, operation) = single(headers, TARGET)?.rsplit_once('.')?;
    operation_of(targets, target, operation)
}

/// `/service/TARGET/operation/OPERATION`.
fn cbor(request: &Request<'_>, targets: &[&str]) -> Option<String> {
    let headers = request.headers;
    let is_cbor = single(headers, PROTOCOL)? == "rpc-v2-cbor";
    // A request without input has no content type.
    let is_body = match headers.contains_key(header::CONTENT_TYPE) {
        true => single(headers, "content-type")?.eq_ignore_ascii_case("application/cbor"),
        false => true,
    };
    if !is_cbor || !is_body || headers.contains_key(TARGET) {
        return None;
    }
    let segments: Vec<&str> = request.path.segments().collect();
    let ["service", service, "operation", operation] = segments.as_slice() else {
        return None;
    };
    operation_of(targets, service, operation)
}

fn operation_of(targets: &[&str], target: &str, operation: &str) -> Option<String> {
    let is_name = !operation.is_empty() && operation.bytes().all(|it| it.is_ascii_alphanumeric());
    (targets.contains(&target) && is_name).then(|| operation.to_owned())
}

/// Whether a request is for an operation of a REST service: by method, path, and all keys of the query.
fn is_asked(row: &Rest, request: &Request<'_>) -> bool {
    let has_path = match request.place {
        Some(place) => is_at(row.path, place),
        None => is_path(row.path, request),
    };
    let is_copy = request.headers.contains_key("x-amz-copy-source");
    // SDKs add the name of the operation as `x-id`.
    let is_key =
        |key: &str| key == "x-id" || row.needed().chain(row.possible()).any(|known| known == key);
    *request.method == row.method
        && has_path
        && row
            .needed()
            .all(|needed| request.query.keys().any(|key| key == needed))
        && request.query.keys().all(is_key)
        && (row.name == "RenameObject" || row.copies == is_copy)
}

fn is_at(path: &str, place: &Place) -> bool {
    match path {
        "/" => place.bucket.is_none() && !place.has_key,
        "/{Bucket}" => place.bucket.is_some() && !place.has_key,
        "/{Bucket}/{Key+}" => place.bucket.is_some() && place.has_key,
        _ => false,
    }
}

fn is_path(pattern: &str, request: &Request<'_>) -> bool {
    // Bedrock's names of models are ARNs with slashes. Elsewhere an escaped slash could be read as one.
    let may_have_slash = request.prefix.starts_with("bedrock");
    let is_value =
        |segment: &str| !segment.is_empty() && (may_have_slash || !segment.contains("%2F"));
    let mut segments = request.path.segments();
    let matches = pattern.split('/').skip(1).all(|wanted| {
        segments
            .next()
            .is_some_and(|segment| match wanted.starts_with('{') {
                true => is_value(segment),
                false => segment == wanted,
            })
    });
    matches && segments.next().is_none()
}

#[cfg(test)]
mod tests;
