//! The address of the Runtime API.

use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, Scheme};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The version of the Runtime API, which starts every path.
const API_VERSION: &str = "2018-06-01";

const DEFAULT_PORT: u16 = 80;

/// Characters to encode in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The Runtime API's address: `host:port` from Lambda; some emulators add a scheme or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    authority: Authority,
    port: u16,
    /// Prefix of every path, up to the slash after the version.
    base_path: String,
    next_path: String,
}

/// An invalid address.
#[derive(Debug, thiserror::Error)]
#[error("`{value}` is not an address; expected `host:port` or `http://host:port/path`")]
pub struct InvalidEndpoint {
    value: String,
}

impl Endpoint {
    pub(crate) fn host(&self) -> &str {
        // `Authority` keeps the brackets of an IPv6 address, and `connect` takes it without.
        self.authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn next_path(&self) -> &str {
        &self.next_path
    }

    pub(super) fn response_path(&self, request_id: &str) -> String {
        self.invocation_path(request_id, "response")
    }

    pub(super) fn error_path(&self, request_id: &str) -> String {
        self.invocation_path(request_id, "error")
    }

    pub(super) fn init_error_path(&self) -> String {
        self.path("runtime/init/error")
    }

    pub(super) fn restore_next_path(&self) -> String {
        self.path("runtime/restore/next")
    }

    pub(super) fn restore_error_path(&self) -> String {
        self.path("runtime/restore/error")
    }

    fn invocation_path(&self, request_id: &str, kind: &str) -> String {
        let mut path = self.path("runtime/invocation/");
        path.extend(utf8_percent_encode(request_id, SEGMENT));
        path.push('/');
        path.push_str(kind);
        path
    }

    fn path(&self, rest: &str) -> String {
        [&self.base_path, rest].concat()
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(value: &str) -> Result<Self, InvalidEndpoint> {
        let invalid = || InvalidEndpoint {
            value: value.to_owned(),
        };
        let with_scheme = if value.contains("://") {
            value.to_owned()
        } else {
            format!("http://{value}")
        };
        let uri: Uri = with_scheme.parse().map_err(|_| invalid())?;
        if uri.scheme() != Some(&Scheme::HTTP) || uri.query().is_some() {
            return Err(invalid());
        }
        let authority = uri
            .authority()
            .filter(|a| !a.host().is_empty())
            .ok_or_else(invalid)?;
        let base_path = format!("{}/{API_VERSION}/", uri.path().trim_end_matches('/'));
        Ok(Self {
            authority: authority.clone(),
            port: port(authority).ok_or_else(invalid)?,
            next_path: [&base_path, "runtime/invocation/next"].concat(),
            base_path,
        })
    }
}

/// Returns the port, or `None` if it is invalid. `Authority` accepts any text after the host.
fn port(authority: &Authority) -> Option<u16> {
    let after_host = authority.as_str().strip_prefix(authority.host())?;
    if after_host.is_empty() {
        return Some(DEFAULT_PORT);
    }
    after_host.strip_prefix(':')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_with_or_without_scheme_and_path_are_understood() {
        for (value, host, port, next) in [
            (
                "127.0.0.1:9001",
                "127.0.0.1",
                9001,
                "/2018-06-01/runtime/invocation/next",
            ),
            (
                "http://localhost:80/",
                "localhost",
                80,
                "/2018-06-01/runtime/invocation/next",
            ),
            (
                "h:1/.rt/f",
                "h",
                1,
                "/.rt/f/2018-06-01/runtime/invocation/next",
            ),
            ("[::1]:7", "::1", 7, "/2018-06-01/runtime/invocation/next"),
            ("host", "host", 80, "/2018-06-01/runtime/invocation/next"),
        ] {
            let endpoint: Endpoint = value.parse().unwrap();
            assert_eq!(endpoint.host(), host);
            assert_eq!(endpoint.port(), port);
            assert_eq!(endpoint.next_path(), next);
        }
    }

    #[test]
    fn what_is_no_plain_http_address_is_refused_by_name() {
        for value in ["", "https://h:1", "h:port", "a b", "h:1?x=y", "://"] {
            let error = value.parse::<Endpoint>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{value}`")), "{error}");
        }
    }

    #[test]
    fn a_request_id_is_encoded_once() {
        let endpoint: Endpoint = "h:1".parse().unwrap();
        assert_eq!(
            endpoint.response_path("a/b c%"),
            "/2018-06-01/runtime/invocation/a%2Fb%20c%25/response"
        );
    }
}
