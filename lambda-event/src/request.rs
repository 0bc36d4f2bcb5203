//! The HTTP request in an event.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method};

use crate::headers::{self, InvalidHeader};
use crate::raw::RawEvent;
use crate::{ReadError, RequestKind, origin, path, query};

/// The methods whose names are known in any case.
const STANDARD_METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

/// An HTTP request, in one form for every front end.
#[derive(Clone, Debug)]
pub struct HttpRequest<'event> {
    /// The shape of the event.
    pub kind: RequestKind,
    /// The method, never `CONNECT`. A standard one is in upper case.
    pub method: Method,
    /// `http` if the header `x-forwarded-proto` says so, else `https`.
    pub scheme: Scheme,
    /// The header `host`, else the domain name of the front end, else `localhost`.
    pub authority: Authority,
    /// Path and query. The path has no stage.
    ///
    /// Both are as the front end passed them on; what a URI cannot have is percent-encoded. Behind REST APIs, load
    /// balancers and VPC Lattice the query is joined from its names and values.
    pub target: PathAndQuery,
    /// The stage of an API.
    pub stage: Option<String>,
    /// All headers that HTTP allows. Cookies are in one header `cookie`, joined with `; `. `content-length` is the
    /// size of the body.
    pub headers: HeaderMap,
    /// The headers of the event that HTTP does not allow, and that are therefore left out.
    pub invalid_headers: Vec<InvalidHeader>,
    /// The body, decoded from base64 if it was encoded. Borrowed if the event has it as it is.
    pub body: Cow<'event, [u8]>,
}

/// Reads the request in an event of this kind.
pub(crate) fn read(raw: RawEvent<'_>, kind: RequestKind) -> Result<HttpRequest<'_>, ReadError> {
    let method = method(&raw, kind)?;
    let target = target(&raw, kind)?;
    let mut invalid_headers = Vec::new();
    let mut headers = headers::read(&raw, &mut invalid_headers)?;
    let stage = raw.stage().map(str::to_owned);
    let authority = origin::authority(&headers, &raw);
    let body = body(raw)?;
    headers::set_content_length(&mut headers, body.len());
    Ok(HttpRequest {
        kind,
        method,
        scheme: origin::scheme(&headers),
        authority,
        target,
        stage,
        headers,
        invalid_headers,
        body,
    })
}

fn method(raw: &RawEvent<'_>, kind: RequestKind) -> Result<Method, ReadError> {
    let member = kind.method_member();
    let text = raw.method(kind).ok_or(ReadError::Missing(member))?;
    let mut standard = STANDARD_METHODS.into_iter();
    match standard.find(|method| method.as_str().eq_ignore_ascii_case(text)) {
        Some(Method::CONNECT) => Err(ReadError::Connect(member)),
        Some(method) => Ok(method),
        None => text
            .parse()
            .map_err(|_| ReadError::Method(member, text.to_owned())),
    }
}

fn target(raw: &RawEvent<'_>, kind: RequestKind) -> Result<PathAndQuery, ReadError> {
    let path = raw.path(kind).unwrap_or("/");
    let parameters = || raw.parameters().pairs();
    let (path, query) = match kind {
        RequestKind::ApiGatewayV1 => (path, query::encoded(parameters())),
        RequestKind::ApiGatewayV2 => {
            // The decoded form has repeated values joined with commas, which also occur in values.
            let query = raw.raw_query().map(query::escaped);
            (path, query.unwrap_or_else(|| query::encoded(parameters())))
        }
        RequestKind::Alb => (path, query::joined(parameters())),
        RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => {
            // AWS does not document whether values are decoded. Its own `lambda_http` treats them as
            // encoded. No example has one, but nothing forbids a path that still has its query.
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let joined = query::joined(parameters());
            let is_joined = !joined.is_empty();
            (
                path,
                if is_joined {
                    joined
                } else {
                    query::escaped(query)
                },
            )
        }
    };
    let mut target = String::with_capacity(path.len() + query.len() + 2);
    path::push_escaped(&mut target, path);
    if !query.is_empty() {
        target.push('?');
        target.push_str(&query);
    }
    path::path_and_query(target)
}

fn body(raw: RawEvent<'_>) -> Result<Cow<'_, [u8]>, ReadError> {
    let (body, is_base64_encoded) = raw.into_body();
    if is_base64_encoded {
        let decoded = BASE64_STANDARD.decode(&*body).map_err(ReadError::Body)?;
        return Ok(Cow::Owned(decoded));
    }
    Ok(match body {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}
