//! Decides which requests the console serves: those of its own page, and those of programs on this machine.
//!
//! Stricter than the guard of the front ends, because the console shows every event and sends new ones. A
//! page reaches the console only from the console's own origin. The functions here do no I/O.

use http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::headers::essence;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A header that no page of another origin can send without a preflight, which the console refuses.
pub(super) const CONSOLE: HeaderName = HeaderName::from_static("x-bootstream-console");

/// Why a request is not served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Denial {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Denial {
    fn forbidden(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            message: message.into(),
        }
    }
}

/// Checks a request to the console on `port`.
///
/// # Errors
///
/// It names another host, or may come from a page of another origin.
pub(super) fn check(request: &Parts, port: u16) -> Result<(), Denial> {
    let host = own_host(request, port)?;
    check_origin(&request.headers, &host)?;
    check_site(request)?;
    match request.method {
        Method::GET | Method::HEAD => Ok(()),
        Method::POST | Method::DELETE => check_write(&request.headers),
        _ => Err(Denial {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: "the console serves GET, HEAD, POST and DELETE".to_owned(),
        }),
    }
}

/// Returns the host that the request names, if it is the console's.
fn own_host(request: &Parts, port: u16) -> Result<String, Denial> {
    let mut hosts = request.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Denial::forbidden("the request must have one `Host`"));
    };
    let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
    if !is_own(&host, port) {
        return Err(Denial::forbidden(format!(
            "`{}` is not the host of this console: use http://127.0.0.1:{port}/ or http://localhost:{port}/",
            host.escape_default()
        )));
    }
    let target = request
        .uri
        .authority()
        .map(|it| it.as_str().to_ascii_lowercase());
    if target.is_some_and(|target| target != host) {
        return Err(Denial {
            status: StatusCode::MISDIRECTED_REQUEST,
            message: "the target of the request and its `Host` differ".to_owned(),
        });
    }
    Ok(host)
}

fn is_own(host: &str, port: u16) -> bool {
    const DEFAULT_PORT: u16 = 80;
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let rest = host.strip_prefix(name);
        rest.is_some_and(|rest| {
            rest == format!(":{port}") || (port == DEFAULT_PORT && rest.is_empty())
        })
    })
}

/// Checks that `Origin`, if there is one, is the origin that `host` serves.
fn check_origin(headers: &HeaderMap, host: &str) -> Result<(), Denial> {
    let own = format!("http://{host}");
    let mut origins = headers.get_all(ORIGIN).iter();
    if origins.all(|origin| origin.as_bytes() == own.as_bytes()) {
        Ok(())
    } else {
        Err(Denial::forbidden(
            "a page of another origin may not use the console",
        ))
    }
}

/// Checks what the browser says about the page that sends the request.
fn check_site(request: &Parts) -> Result<(), Denial> {
    let is_read = matches!(request.method, Method::GET | Method::HEAD);
    let is_document = request
        .headers
        .get_all(SEC_FETCH_DEST)
        .iter()
        .all(|destination| destination == "document");
    let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter();
    if sites.all(|site| site == "same-origin" || (site == "none" && is_read && is_document)) {
        Ok(())
    } else {
        Err(Denial::forbidden(
            "a page of another site leads here: type the address of the console into the browser",
        ))
    }
}

/// Checks that a request which changes something cannot be a form or a simple request of a page.
fn check_write(headers: &HeaderMap) -> Result<(), Denial> {
    let has_mark = headers.get(CONSOLE).is_some_and(|value| value == "1");
    let content_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let is_json = content_type.is_some_and(|it| essence(it) == "application/json");
    if has_mark && is_json {
        Ok(())
    } else {
        Err(Denial::forbidden(
            "send `content-type: application/json` and `x-bootstream-console: 1` with POST and DELETE",
        ))
    }
}

#[cfg(test)]
mod tests;
