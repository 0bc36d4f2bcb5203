//! Events of Lambda's HTTP front ends, read as the requests that caused them.
//!
//! Bytes in, plain data out: nothing here knows the contract, the host or the SDK.

mod fields;
mod shape;
mod uri;

use std::{borrow::Cow, fmt};

use base64::{DecodeError, Engine as _, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, header,
    uri::{InvalidUri, PathAndQuery},
};

use self::{
    fields::Fields,
    shape::{RawEvent, Text},
};
pub(crate) use self::{
    fields::parse_cookies,
    uri::{decoded_segments, parse_query},
};

/// The shape of the event that a request was read from; see [`RequestExt::kind`](crate::RequestExt::kind).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestKind {
    /// API Gateway, payload format 1.0: REST APIs, and HTTP APIs that are set to it.
    ApiGatewayV1,
    /// API Gateway, payload format 2.0: HTTP APIs and Function URLs.
    ApiGatewayV2,
    /// An Application Load Balancer.
    Alb,
    /// VPC Lattice, event structure version 1.0.
    VpcLatticeV1,
    /// VPC Lattice, event structure version 2.0.
    VpcLatticeV2,
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiGatewayV1 => "API Gateway 1.0",
            Self::ApiGatewayV2 => "API Gateway 2.0 or a Function URL",
            Self::Alb => "an Application Load Balancer",
            Self::VpcLatticeV1 => "VPC Lattice 1.0",
            Self::VpcLatticeV2 => "VPC Lattice 2.0",
        })
    }
}

/// The head of an HTTP request, in one form for every front end.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) kind: RequestKind,
    pub(crate) method: Method,
    /// Path and query. The path has no stage, and the normal form of [`uri::path`].
    pub(crate) target: PathAndQuery,
    pub(crate) stage: Option<String>,
    /// All cookies are in one header `cookie`.
    pub(crate) headers: HeaderMap,
}

/// Reads an event. The body is borrowed if it is part of the event as it is.
///
/// # Errors
///
/// When the event is not JSON of a known shape, its method, target or a header is not valid HTTP, or its
/// body is marked as base64 but is not.
pub(crate) fn read(event: &[u8]) -> Result<(RequestHead, Cow<'_, [u8]>), ReadError> {
    let raw = parse(event)?;
    let kind = raw.kind().ok_or(ReadError::UnknownShape(None))?;
    let head = RequestHead {
        kind,
        method: method(&raw, kind)?,
        target: path_and_query(target(&raw, kind))?,
        headers: headers(&raw)?,
        stage: raw.stage().map(str::to_owned),
    };
    Ok((head, body(raw)?))
}

/// Parses an event without validating its members.
///
/// # Errors
///
/// When the event is not JSON, or a member we read has another type.
pub(crate) fn parse(event: &[u8]) -> Result<RawEvent<'_>, ReadError> {
    serde_json::from_slice(event).map_err(|error| ReadError::UnknownShape(Some(error)))
}

fn method(raw: &RawEvent<'_>, kind: RequestKind) -> Result<Method, ReadError> {
    let method = raw.method(kind).unwrap_or_default();
    method
        .parse()
        .map_err(|_| ReadError::Method(method.to_owned()))
}

/// Returns path and query, each in the form of a URI.
fn target(raw: &RawEvent<'_>, kind: RequestKind) -> (String, String) {
    let path = raw.path(kind).unwrap_or("/");
    let parameters = || raw.parameters().pairs();
    match kind {
        RequestKind::ApiGatewayV1 => (uri::path(path), uri::encoded_query(parameters())),
        RequestKind::ApiGatewayV2 => {
            // The decoded form has repeated values joined with commas, which also occur in values.
            let query = raw.raw_query_string.as_deref().map(uri::query);
            let query = query.unwrap_or_else(|| uri::encoded_query(parameters()));
            (uri::path(path), query)
        }
        RequestKind::Alb => (uri::path(path), uri::joined_query(parameters())),
        RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => {
            // AWS does not document whether values are decoded. Its own `lambda_http` treats them as
            // encoded. No example has one, but nothing forbids a path that still has its query.
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let joined = uri::joined_query(parameters());
            let query = if joined.is_empty() {
                uri::query(query)
            } else {
                joined
            };
            (uri::path(path), query)
        }
    }
}

/// A Lambda event may have a longer target than a URI of the crate `http`.
fn path_and_query((path, query): (String, String)) -> Result<PathAndQuery, ReadError> {
    let target = match query.as_str() {
        "" => path,
        query => format!("{path}?{query}"),
    };
    let bytes = target.len();
    PathAndQuery::try_from(target).map_err(|error| ReadError::Target(bytes, error))
}

fn headers(raw: &RawEvent<'_>) -> Result<HeaderMap, ReadError> {
    let mut headers = HeaderMap::new();
    for (name, value) in raw.headers().pairs() {
        let (name, value) = header_line(name, value)?;
        headers
            .try_append(name, value)
            .map_err(|error| ReadError::Header("headers".to_owned(), error.to_string()))?;
    }
    // A Function URL also has the cookies in a header; an HTTP API does not.
    if let Some(cookies) = raw.cookies.as_ref().filter(|cookies| !cookies.is_empty()) {
        let (name, value) = header_line(header::COOKIE.as_str(), &cookies.join("; "))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header_line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ReadError> {
    let invalid =
        |reason: &dyn fmt::Display| ReadError::Header(name.to_owned(), reason.to_string());
    // From bytes, because values may be UTF-8: CloudFront sends city names.
    let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| invalid(&error))?;
    let name = HeaderName::try_from(name).map_err(|error| invalid(&error))?;
    Ok((name, value))
}

fn body(raw: RawEvent<'_>) -> Result<Cow<'_, [u8]>, ReadError> {
    let Text(body) = raw.body.unwrap_or_default();
    if raw.is_base64_encoded == Some(true) {
        let decoded = BASE64_STANDARD.decode(&*body).map_err(ReadError::Body)?;
        return Ok(Cow::Owned(decoded));
    }
    Ok(match body {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// Why an event cannot be read as an HTTP request.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// Not JSON, of no known shape, or with a member of another type.
    UnknownShape(Option<serde_json::Error>),
    /// The invalid method.
    Method(String),
    /// The size of the path and query, and what is wrong with them.
    Target(usize, InvalidUri),
    /// The name of a header, and what is wrong with it or its value.
    Header(String, String),
    /// The body is not base64.
    Body(DecodeError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownShape(_) => f.write_str(
                "the event is not an HTTP request of a known shape (API Gateway 1.0, API Gateway \
                 2.0 or Function URL, Application Load Balancer, VPC Lattice)",
            ),
            Self::Method(method) => write!(f, "`{method}` is not an HTTP method"),
            Self::Target(bytes, _) => write!(
                f,
                "path and query of the event, {bytes} bytes, are not a URI of less than 65535 bytes"
            ),
            Self::Header(name, reason) => {
                write!(f, "the event has an invalid header `{name}`: {reason}")
            }
            Self::Body(_) => f.write_str("failed to decode the body from base64"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::UnknownShape(error) => error.as_ref().map(|error| error as _),
            Self::Body(error) => Some(error),
            Self::Target(_, error) => Some(error),
            Self::Method(_) | Self::Header(..) => None,
        }
    }
}
