//! Scheme and authority of a request.

use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The authority of a request that names none.
const NO_AUTHORITY: Authority = Authority::from_static("localhost");

/// Returns `http` if the front end was reached by it, else `https`.
pub(crate) fn scheme(headers: &HeaderMap) -> Scheme {
    let forwarded = headers.get(FORWARDED_PROTO);
    if forwarded.is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"http")) {
        Scheme::HTTP
    } else {
        Scheme::HTTPS
    }
}

/// Returns the header `host`, else the domain name of the front end, else `localhost`.
pub(crate) fn authority(headers: &HeaderMap, domain_name: Option<&str>) -> Authority {
    let mut hosts = headers.get_all(HOST).into_iter();
    let host = hosts.find_map(|host| parsed(host.as_bytes()));
    let domain = || parsed(domain_name?.as_bytes());
    host.or_else(domain).unwrap_or(NO_AUTHORITY)
}

/// Parses host and port. User information is refused, because it would hide the host from a careless reader.
fn parsed(text: &[u8]) -> Option<Authority> {
    let authority = Authority::try_from(text.trim_ascii()).ok()?;
    let is_plain = !authority.host().is_empty() && !authority.as_str().contains('@');
    is_plain.then_some(authority)
}
