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
mod tests {
    use super::*;
    use crate::testing::parts;

    const PORT: u16 = 7001;
    const HOME: (&str, &str) = ("host", "127.0.0.1:7001");

    fn status(method: &Method, target: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = http::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match check(&parts(request), PORT) {
            Ok(()) => 200,
            Err(denial) => denial.status.as_u16(),
        }
    }

    fn get(headers: &[(&str, &str)]) -> u16 {
        status(&Method::GET, "/api/invocations", headers)
    }

    #[test]
    fn the_three_names_of_this_machine_with_the_port_are_served() {
        for host in [
            "127.0.0.1:7001",
            "localhost:7001",
            "LocalHost:7001",
            "[::1]:7001",
        ] {
            assert_eq!(get(&[("host", host)]), 200, "{host}");
        }
        assert!(is_own("localhost", 80));
        assert!(!is_own("localhost", 7001));
    }

    #[test]
    fn no_other_host_is_served() {
        assert_eq!(get(&[]), 403);
        assert_eq!(get(&[HOME, HOME]), 403);
        assert_eq!(get(&[HOME, ("host", "evil.test")]), 403);
        for host in [
            "",
            ":7001",
            "evil.test:7001",
            "evil.test",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:1",
            "127.0.0.1:7000",
            "127.0.0.1:07001",
            "127.0.0.1:7001:7001",
            "127.0.0.1:70010",
            "127.0.0.1.:7001",
            "localhost.:7001",
            "app.localhost:7001",
            "localhost.evil.test:7001",
            "127.0.0.1:7001.evil.test",
            "127.0.0.1:7001@evil.test",
            "evil.test@127.0.0.1:7001",
            "127.1:7001",
            "2130706433:7001",
            "0.0.0.0:7001",
            "[::]:7001",
            "[::ffff:127.0.0.1]:7001",
            "::1:7001",
            "192.168.1.5:7001",
            "127.0.0.1:7001, evil.test",
        ] {
            assert_eq!(get(&[("host", host)]), 403, "{host}");
        }
    }

    #[test]
    fn an_absolute_target_must_agree_with_the_host() {
        let get = |target: &str| status(&Method::GET, target, &[HOME]);
        assert_eq!(get("http://127.0.0.1:7001/"), 200);
        for target in [
            "http://evil.test/",
            "http://evil.test:7001/",
            "http://localhost:7001/",
            "http://127.0.0.1/",
        ] {
            assert_eq!(get(target), 421, "{target}");
        }
    }

    #[test]
    fn only_the_page_of_the_console_may_have_an_origin() {
        assert_eq!(get(&[HOME, ("origin", "http://127.0.0.1:7001")]), 200);
        for origin in [
            "null",
            "",
            "http://evil.test",
            "http://127.0.0.1:7000",
            "http://127.0.0.1:9999",
            "http://127.0.0.1",
            "https://127.0.0.1:7001",
            "http://localhost:7001",
            "http://127.0.0.1:7001.evil.test",
            "http://127.0.0.1:7001/",
            "http://127.0.0.1:7001 http://evil.test",
        ] {
            assert_eq!(get(&[HOME, ("origin", origin)]), 403, "{origin}");
        }
        let two = [
            HOME,
            ("origin", "http://127.0.0.1:7001"),
            ("origin", "null"),
        ];
        assert_eq!(get(&two), 403);
    }

    #[test]
    fn what_browsers_fetch_for_other_pages_is_refused() {
        let from = |site, destination| {
            get(&[
                HOME,
                ("sec-fetch-site", site),
                ("sec-fetch-dest", destination),
            ])
        };
        for destination in ["empty", "script", "style", "document"] {
            assert_eq!(from("same-origin", destination), 200);
        }
        assert_eq!(from("none", "document"), 200);
        for site in ["cross-site", "same-site", "", "unknown"] {
            for destination in ["document", "iframe", "script", "image", "empty"] {
                assert_eq!(from(site, destination), 403, "{site} {destination}");
            }
        }
        for destination in ["iframe", "script", "image", "empty"] {
            assert_eq!(from("none", destination), 403, "{destination}");
        }
        let two = [
            HOME,
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "cross-site"),
        ];
        assert_eq!(get(&two), 403);
    }

    #[test]
    fn a_write_needs_headers_that_force_a_preflight() {
        let json = ("content-type", "application/json; charset=utf-8");
        let mark = ("x-bootstream-console", "1");
        for method in [Method::POST, Method::DELETE] {
            let send = |headers: &[(&str, &str)]| status(&method, "/api/invocations", headers);
            assert_eq!(send(&[HOME, json, mark]), 200);
            for headers in [
                &[HOME][..],
                &[HOME, json],
                &[HOME, mark],
                &[HOME, ("content-type", "text/plain"), mark],
                &[
                    HOME,
                    ("content-type", "application/x-www-form-urlencoded"),
                    mark,
                ],
                &[HOME, json, ("x-bootstream-console", "0")],
                &[HOME, json, mark, ("origin", "http://evil.test")],
                &[HOME, json, mark, ("sec-fetch-site", "cross-site")],
                &[
                    HOME,
                    json,
                    mark,
                    ("sec-fetch-site", "none"),
                    ("sec-fetch-dest", "document"),
                ],
                &[("host", "evil.test:7001"), json, mark],
            ] {
                assert_eq!(send(headers), 403, "{headers:?}");
            }
        }
    }

    #[test]
    fn a_preflight_and_other_methods_are_refused() {
        for method in [
            Method::OPTIONS,
            Method::PUT,
            Method::PATCH,
            Method::TRACE,
            Method::CONNECT,
        ] {
            let headers = [HOME, ("access-control-request-method", "POST")];
            assert_eq!(
                status(&method, "/api/invocations", &headers),
                405,
                "{method}"
            );
        }
    }
}
