//! The HTTP request in an event.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method};

use crate::headers::{self, InvalidHeader};
use crate::query::{self, Encoding};
use crate::raw::RawEvent;
use crate::{ReadError, RequestKind, origin, path};

/// The methods whose names are known in any case. `CONNECT` is [one more](TUNNEL).
const STANDARD_METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
];

/// The method that asks for a tunnel.
const TUNNEL: &str = "CONNECT";

/// An HTTP request, in one form for every front end.
#[derive(Clone, Debug)]
pub struct HttpRequest<'event> {
    /// The shape of the event.
    pub kind: RequestKind,
    /// The method, never `CONNECT`. A standard one is in upper case.
    pub method: Method,
    /// Path and query. The path has no stage.
    ///
    /// Both are as the front end passed them on; what a URI cannot have is percent-encoded. Behind REST APIs, load
    /// balancers and VPC Lattice the query is joined from its names and values.
    pub target: PathAndQuery,
    /// The stage of an API.
    pub stage: Option<String>,
    /// The domain name of the front end.
    pub domain_name: Option<Cow<'event, str>>,
    /// All headers that HTTP allows. Cookies are in one header `cookie`, joined with `; `. `content-length` is the
    /// size of the body.
    pub headers: HeaderMap,
    /// The headers of the event that HTTP does not allow, and that are therefore left out.
    pub invalid_headers: Vec<InvalidHeader>,
    /// The body, decoded from base64 if it was encoded. Borrowed if the event has it as it is.
    pub body: Cow<'event, [u8]>,
}

impl HttpRequest<'_> {
    /// Returns `http` if the header `x-forwarded-proto` says so, else `https`.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        origin::scheme(&self.headers)
    }

    /// Returns the header `host`, else the domain name of the front end, else `localhost`.
    #[must_use]
    pub fn authority(&self) -> Authority {
        origin::authority(&self.headers, self.domain_name.as_deref())
    }
}

/// Reads the request in an event of this kind.
pub(crate) fn read(mut raw: RawEvent<'_>, kind: RequestKind) -> Result<HttpRequest<'_>, ReadError> {
    let method = method(&raw, kind)?;
    let target = target(&raw, kind)?;
    let body = body(raw.take_body(), raw.is_base64_encoded)?;
    let (headers, invalid_headers) = headers::read(&raw, body.len())?;
    Ok(HttpRequest {
        kind,
        method,
        target,
        stage: raw.stage().map(str::to_owned),
        domain_name: raw.take_domain_name(),
        headers,
        invalid_headers,
        body,
    })
}

#[inline(never)]
fn method(raw: &RawEvent<'_>, kind: RequestKind) -> Result<Method, ReadError> {
    let member = kind.method_member();
    let text = raw.method(kind).ok_or(ReadError::Missing(member))?;
    if text.eq_ignore_ascii_case(TUNNEL) {
        return Err(ReadError::Connect(member));
    }
    let mut standard = STANDARD_METHODS.into_iter();
    let standard = standard.find(|name| name.eq_ignore_ascii_case(text));
    let method = Method::from_bytes(standard.unwrap_or(text).as_bytes());
    method.map_err(|_| ReadError::Method(member, text.to_owned()))
}

#[inline(never)]
fn target(raw: &RawEvent<'_>, kind: RequestKind) -> Result<PathAndQuery, ReadError> {
    let path = raw.path(kind).unwrap_or("/");
    // AWS does not document whether the values of VPC Lattice are decoded. Its own `lambda_http` treats them as
    // encoded. No example has a path that still has its query, but nothing forbids one.
    let (path, query_of_path) = match kind {
        RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => {
            path.split_once('?').unwrap_or((path, ""))
        }
        RequestKind::ApiGatewayV1 | RequestKind::ApiGatewayV2 | RequestKind::Alb => (path, ""),
    };
    let mut target = String::with_capacity(path.len() + 1);
    path::push_escaped(&mut target, path);
    let path_bytes = target.len();
    target.push('?');
    push_query(&mut target, raw, kind, query_of_path);
    if target.len() == path_bytes + 1 {
        target.truncate(path_bytes);
    }
    path::path_and_query(target)
}

#[inline(never)]
fn push_query(target: &mut String, raw: &RawEvent<'_>, kind: RequestKind, of_path: &str) {
    let parameters = raw.parameters();
    let (raw_query, encoding) = match kind {
        RequestKind::ApiGatewayV1 => (None, Encoding::Full),
        // The decoded form has repeated values joined with commas, which also occur in values.
        RequestKind::ApiGatewayV2 => (raw.raw_query(), Encoding::Full),
        RequestKind::Alb => (None, Encoding::Rest),
        RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => {
            (parameters.is_empty().then_some(of_path), Encoding::Rest)
        }
    };
    match raw_query {
        Some(query) => query::push_escaped(target, query),
        None => query::push_joined(target, parameters, encoding),
    }
}

#[inline(never)]
fn body(text: Cow<'_, str>, is_base64_encoded: bool) -> Result<Cow<'_, [u8]>, ReadError> {
    if is_base64_encoded {
        let decoded = BASE64_STANDARD.decode(&*text).map_err(ReadError::Body)?;
        return Ok(Cow::Owned(decoded));
    }
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}
