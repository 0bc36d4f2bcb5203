//! What is sent to the Runtime API.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderName, HeaderValue, header};

use super::endpoint::Endpoint;
use crate::response::ResponseBody;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("bootstream/", env!("CARGO_PKG_VERSION")));

const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");

/// What most heads take, in bytes.
const HEAD_BYTES: usize = 512;

/// A request: its head as it is sent, but for the line that ends it, and its body.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) head: BytesMut,
    pub(super) body: RequestBody,
}

/// A request's body: nothing, a document that is at hand, or a response as it happens.
#[derive(Debug)]
pub(super) enum RequestBody {
    Nothing,
    Document(Bytes),
    Streamed(ResponseBody),
}

impl Request {
    /// A request without a body.
    pub(super) fn get(endpoint: &Endpoint, path: &str) -> Self {
        Self::new(endpoint, path, RequestBody::Nothing)
    }

    /// A request with a document.
    pub(super) fn document(endpoint: &Endpoint, path: &str, document: Bytes) -> Self {
        let length = HeaderValue::from(document.len());
        Self::new(endpoint, path, RequestBody::Document(document))
            .with(&header::CONTENT_LENGTH, &length)
    }

    /// A request whose body is sent while it happens, in chunks.
    pub(super) fn streamed(endpoint: &Endpoint, path: &str, response: ResponseBody) -> Self {
        Self::new(endpoint, path, RequestBody::Streamed(response))
            .with(&header::TRANSFER_ENCODING, &CHUNKED)
    }

    fn new(endpoint: &Endpoint, path: &str, body: RequestBody) -> Self {
        let mut request = Self {
            head: BytesMut::with_capacity(HEAD_BYTES),
            body,
        };
        let method = if request.is_post() { "POST " } else { "GET " };
        let host = endpoint.authority().as_str();
        for part in [method, path, " HTTP/1.1\r\nhost: ", host, "\r\n"] {
            request.head.put_slice(part.as_bytes());
        }
        request.with(&header::USER_AGENT, &USER_AGENT)
    }

    /// Whether it brings something, and is not to be sent twice.
    pub(super) fn is_post(&self) -> bool {
        !matches!(self.body, RequestBody::Nothing)
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &HeaderName, value: &HeaderValue) -> Self {
        put_field(&mut self.head, name, value);
        self
    }
}

/// Writes a header or a trailer ("RFC 9112", section 5). Neither name nor value can end the line early:
/// their types see to that.
pub(super) fn put_field(line: &mut BytesMut, name: &HeaderName, value: &HeaderValue) {
    for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        line.put_slice(part);
    }
}
