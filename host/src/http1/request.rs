//! What is sent to the Runtime API.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::uri::Authority;
use http::{HeaderName, HeaderValue, header};

use crate::observe::Watch;
use crate::response::ResponseBody;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("bootstream/", env!("CARGO_PKG_VERSION")));

const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");

/// What most heads take, in bytes.
const HEAD_BYTES: usize = 512;

/// A request: its head as it is sent, but for the line that ends it, and its body.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: BytesMut,
    pub(crate) body: RequestBody,
    /// What watches the invocation whose document this is. A streamed body has its own.
    pub(crate) watch: Option<Arc<Watch>>,
}

/// A request's body: nothing, a document that is at hand, or a response as it happens.
#[derive(Debug)]
pub(crate) enum RequestBody {
    Nothing,
    Document(Bytes),
    Streamed(ResponseBody),
}

impl Request {
    /// A request without a body.
    pub(crate) fn get(authority: &Authority, path: &str) -> Self {
        Self::new(authority, path, RequestBody::Nothing)
    }

    /// A request with a document.
    pub(crate) fn document(authority: &Authority, path: &str, document: Bytes) -> Self {
        let length = HeaderValue::from(document.len());
        Self::new(authority, path, RequestBody::Document(document))
            .with(&header::CONTENT_LENGTH, &length)
    }

    /// A request whose body is sent while it happens, in chunks.
    pub(crate) fn streamed(authority: &Authority, path: &str, response: ResponseBody) -> Self {
        Self::new(authority, path, RequestBody::Streamed(response))
            .with(&header::TRANSFER_ENCODING, &CHUNKED)
    }

    fn new(authority: &Authority, path: &str, body: RequestBody) -> Self {
        let mut request = Self {
            head: BytesMut::with_capacity(HEAD_BYTES),
            body,
            watch: None,
        };
        let method = if request.is_post() { "POST " } else { "GET " };
        let host = authority.as_str();
        for part in [method, path, " HTTP/1.1\r\nhost: ", host, "\r\n"] {
            request.head.put_slice(part.as_bytes());
        }
        request.with(&header::USER_AGENT, &USER_AGENT)
    }

    /// Whether it brings something, and is not to be sent twice.
    pub(crate) fn is_post(&self) -> bool {
        !matches!(self.body, RequestBody::Nothing)
    }

    /// Tells `watch` when the document has left.
    pub(crate) fn watched(mut self, watch: Option<Arc<Watch>>) -> Self {
        self.watch = watch;
        self
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &HeaderName, value: &HeaderValue) -> Self {
        put_field(&mut self.head, name, value);
        self
    }
}

/// Writes a header or a trailer ("RFC 9112", section 5). Neither name nor value can end the line early:
/// their types see to that.
pub(crate) fn put_field(line: &mut BytesMut, name: &HeaderName, value: &HeaderValue) {
    for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
        line.put_slice(part);
    }
}
