//! Events as requests to a component of `wasi:http`: a pure function, without I/O.
//!
//! [`lambda_event`] reads the event. Here is what the host adds: the settings, the headers that a component must not
//! see, and events that are not HTTP.

mod context;
mod path;
mod settings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::error::Error as _;

use bytes::Bytes;
use http::header::{self, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use lambda_event::{Event, HttpRequest, InvalidHeader, ReadError};
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use lambda_protocol::headers::HOP_BY_HOP;

pub(crate) use self::settings::{EXPECTED_PATH, parse_base_path, parse_path};
pub use self::settings::{EventSettings, Function};
use crate::invocation::Invocation;

/// Headers of a connection besides [`HOP_BY_HOP`]. A component learns the host from the request's authority.
const OF_CONNECTION: [HeaderName; 4] = [
    HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("http2-settings"),
];

/// Where events that are not HTTP come from, as an authority.
const LOCAL: Authority = Authority::from_static("localhost");

/// What a component of `wasi:http` gets for an event.
#[derive(Debug)]
pub struct IncomingRequest {
    /// The request, with an absolute URI, and without headers of the connection and `host`.
    pub request: Request<Bytes>,
    /// What the invoker expects.
    pub reply: Reply,
    /// The headers of the event that HTTP does not allow. The request does not have them; the log should say so.
    pub invalid_headers: Vec<InvalidHeader>,
}

/// What the invoker of a request expects as its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A front end: status, headers and body.
    Http,
    /// A service or a program: the body alone. A status of 400 or more is a failed invocation.
    Document,
}

/// Returns the request for an event.
///
/// # Errors
///
/// When the event is not JSON or is an invalid HTTP request, and when it is not HTTP and no path is set for such
/// events.
pub fn incoming(
    invocation: &Invocation,
    settings: &EventSettings,
) -> Result<IncomingRequest, EventError> {
    let event = Event::parse(&invocation.event)?;
    let mut incoming = if event.kind().is_some() && !event.asks_authorizer() {
        event.require_path()?;
        http(event.into_request()?, &invocation.event, settings)?
    } else {
        document(&invocation.event, settings)?
    };
    context::set_headers(incoming.request.headers_mut(), invocation, settings)?;
    Ok(incoming)
}

/// The request of a front end.
fn http(
    read: HttpRequest<'_>,
    event: &Bytes,
    settings: &EventSettings,
) -> Result<IncomingRequest, EventError> {
    let (scheme, authority) = (read.scheme(), read.authority());
    let mut target = read.target;
    if let Some(base) = &settings.strip_base_path {
        target = path::without_base(target, base);
    }
    let mut request = Request::new(match read.body {
        Cow::Borrowed(body) => event.slice_ref(body),
        Cow::Owned(body) => body.into(),
    });
    *request.method_mut() = read.method;
    *request.uri_mut() = absolute(scheme, authority, target)?;
    *request.headers_mut() = read.headers;
    remove_connection_headers(request.headers_mut());
    Ok(IncomingRequest {
        request,
        reply: Reply::Http,
        invalid_headers: read.invalid_headers,
    })
}

/// The request for an event that is not HTTP: a `POST` of the event.
fn document(event: &Bytes, settings: &EventSettings) -> Result<IncomingRequest, EventError> {
    let path = settings.events_path.clone().ok_or(EventError::NoPath)?;
    let mut request = Request::new(event.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = absolute(Scheme::HTTPS, LOCAL, path)?;
    let headers = request.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CONTENT_LENGTH, event.len().into());
    Ok(IncomingRequest {
        request,
        reply: Reply::Document,
        invalid_headers: Vec::new(),
    })
}

fn absolute(scheme: Scheme, authority: Authority, target: PathAndQuery) -> Result<Uri, EventError> {
    let uri = Uri::builder().scheme(scheme).authority(authority);
    uri.path_and_query(target).build().map_err(EventError::Uri)
}

fn remove_connection_headers(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP.iter().chain(&OF_CONNECTION) {
        headers.remove(name);
    }
}

/// Why there is no request for an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The event cannot be read.
    #[error("{}", explained(.0))]
    Unreadable(#[from] ReadError),
    /// The event is not HTTP, and the setting `events-path` is empty.
    #[error(
        "the event is not an HTTP request, and the setting `events-path` is empty: set it to the path of the \
         component that takes other events"
    )]
    NoPath,
    /// Scheme, authority and target together are not a URI.
    #[error("the event's host and path are not a URI: {0}")]
    Uri(http::Error),
}

impl EventError {
    /// The failure of the invocation.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        ErrorReport::new(ErrorType::BadEvent, self.to_string())
    }
}

/// Names the member of the event that is at fault, and the cause.
fn explained(error: &ReadError) -> String {
    if let ReadError::NotJson(cause) = error {
        return format!("the event is not JSON: {cause}");
    }
    let mut text = error.to_string();
    if let Some(cause) = error.source() {
        text = format!("{text}: {cause}");
    }
    match error.member() {
        Some(member) if !text.contains(&format!("`{member}`")) => {
            format!("`{member}` of the event: {text}")
        }
        Some(_) | None => text,
    }
}
