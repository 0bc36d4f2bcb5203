//! Decides which requests the local Lambda serves: only those that a foreign web page cannot have sent.
//!
//! A page can reach this server in two ways. With DNS rebinding, its own name resolves to this machine, and
//! `Host` has that name. With a cross-origin request to `localhost`, the browser sets `Origin` and
//! `Sec-Fetch-Site`. The functions here do no I/O.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Version};

/// The browser's statement about the origin of a request:
/// <https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header>.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A name that requests may have in `Host`, in lower case, without port or final dot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostName(String);

/// Names of this server, besides IP addresses and `localhost`.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    /// The names.
    pub names: Vec<HostName>,
    /// How to add a name, for the messages to callers that use another one.
    pub advice: &'static str,
}

impl Default for AllowedHosts {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            advice: "add the name to `allowed_hosts`",
        }
    }
}

/// Why a request is not served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Denial {
    /// `Host` is missing, which HTTP/1.1 requires.
    NoHost,
    /// There is more than one `Host`.
    SeveralHosts,
    /// The host is not one of this server's.
    Host(String),
    /// A page of another origin requests something reserved for programs.
    Page,
}

/// The host and port in `Host` or in the target of the request.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Authority {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Host {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Name(HostName),
}

/// Checks that a request names a host of this server. `allowed` adds names.
///
/// Checks both places: an absolute request target, and every `Host`. An HTTP/1.0 client may omit both; no
/// browser uses that version.
///
/// # Errors
///
/// It names another host, several, or none.
pub(crate) fn check_host(request: &Parts, allowed: &[HostName]) -> Result<(), Denial> {
    let target = request.uri.authority().map(|it| it.as_str().as_bytes());
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next().map(HeaderValue::as_bytes);
    if hosts.next().is_some() {
        return Err(Denial::SeveralHosts);
    }
    let may_be_silent = request.version < Version::HTTP_11;
    if target.is_none() && host.is_none() && !may_be_silent {
        return Err(Denial::NoHost);
    }
    for text in [target, host].into_iter().flatten() {
        let is_ours = Authority::parse(text).is_some_and(|it| it.host.is_ours(allowed));
        if !is_ours {
            let text = String::from_utf8_lossy(text).escape_default().to_string();
            return Err(Denial::Host(text));
        }
    }
    Ok(())
}

/// Checks that a request does not come from a page of another origin. Required where the body is the event.
///
/// # Errors
///
/// The browser names another origin, or withholds it.
pub(crate) fn check_origin(headers: &HeaderMap) -> Result<(), Denial> {
    let own = headers
        .get(HOST)
        .and_then(|host| Authority::parse(host.as_bytes()));
    let is_own_site = |site: &HeaderValue| site == "same-origin" || site == "none";
    let is_own = |origin: &HeaderValue| {
        let origin = parse_origin(origin.as_bytes());
        own.as_ref()
            .zip(origin)
            .is_some_and(|(own, (default_port, origin))| {
                let port = |it: &Authority| it.port.unwrap_or(default_port);
                own.host == origin.host && port(own) == port(&origin)
            })
    };
    let sites = headers.get_all(SEC_FETCH_SITE);
    if sites.iter().all(is_own_site) && headers.get_all(ORIGIN).iter().all(is_own) {
        Ok(())
    } else {
        Err(Denial::Page)
    }
}

/// Checks that a request for the Runtime API can come from a runtime: it has no browser headers, and does not
/// name a public host. A runtime may use any other name for this machine.
///
/// # Errors
///
/// It may come from a web page.
pub(crate) fn check_runtime(headers: &HeaderMap) -> Result<(), Denial> {
    if headers.contains_key(ORIGIN) || headers.contains_key(SEC_FETCH_SITE) {
        return Err(Denial::Page);
    }
    for host in headers.get_all(HOST) {
        let is_public = match Authority::parse(host.as_bytes()).map(|it| it.host) {
            Some(Host::Name(name)) => !name.is_local() && name.0.contains('.'),
            Some(Host::V4(_) | Host::V6(_)) => false,
            None => true,
        };
        if is_public {
            let text = String::from_utf8_lossy(host.as_bytes());
            return Err(Denial::Host(text.escape_default().to_string()));
        }
    }
    Ok(())
}

/// Splits an origin into the default port of its scheme and the authority. `null` is not an origin.
fn parse_origin(origin: &[u8]) -> Option<(u16, Authority)> {
    let schemes = [(&b"http://"[..], 80), (b"https://", 443)];
    schemes.into_iter().find_map(|(scheme, port)| {
        let authority = origin.strip_prefix(scheme)?;
        Some((port, Authority::parse(authority)?))
    })
}

impl Authority {
    /// Parses `host`, `host:port` or `[address]:port`, and nothing else.
    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let (host, rest) = match text.strip_prefix('[') {
            Some(text) => {
                let (address, rest) = text.split_once(']')?;
                (Host::V6(address.parse().ok()?), rest)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (host, rest) = text.split_at(end);
                (Host::parse(host)?, rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            // RFC 3986 lets a port be empty.
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            _ => return None,
        };
        Some(Self { host, port })
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::V4(address));
        }
        text.parse().ok().map(Self::Name)
    }

    /// Returns whether the host is this server's. Neither an address nor a name that RFC 6761 reserves for this
    /// machine can be rebound.
    fn is_ours(&self, allowed: &[HostName]) -> bool {
        match self {
            Self::V4(_) | Self::V6(_) => true,
            Self::Name(name) => name.is_local() || allowed.contains(name),
        }
    }
}

impl HostName {
    fn is_local(&self) -> bool {
        self.0 == "localhost" || self.0.ends_with(".localhost")
    }
}

impl FromStr for HostName {
    type Err = String;

    /// Parses a name. Numbers are rejected: some systems read `2130706433` and `0x7f.1` as addresses.
    fn from_str(text: &str) -> Result<Self, String> {
        const LONGEST: usize = 253;
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_label = |label: &str| !label.is_empty() && label.bytes().all(allowed);
        let is_number = |label: &str| match label.strip_prefix("0x") {
            Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
            None => label.bytes().all(|byte| byte.is_ascii_digit()),
        };
        let last = name.rsplit('.').next().unwrap_or_default();
        if name.len() <= LONGEST && name.split('.').all(is_label) && !is_number(last) {
            Ok(Self(name))
        } else {
            Err("write the name of a host alone, without scheme and port".to_owned())
        }
    }
}

impl Denial {
    /// Returns the reason for the log, without bytes from the request.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NoHost | Self::SeveralHosts => "the request does not name one host",
            Self::Host(_) => "the host is not one of this server's",
            Self::Page => "a web page of another origin may not send events",
        }
    }

    /// Returns the reason for the caller. `advice` says how to add a host.
    pub(crate) fn message(&self, advice: &str) -> String {
        match self {
            Self::NoHost => "the request has no `Host`".to_owned(),
            Self::SeveralHosts => "the request has more than one `Host`".to_owned(),
            Self::Host(host) => format!(
                "`{host}` is not a host of this local Lambda, which answers to IP addresses, to `localhost` \
                 and to names below it: {advice}"
            ),
            Self::Page => {
                "a web page of another origin may not send events to this local Lambda: let it \
                           send requests to the paths of the function, such as `/`"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, target: &str, hosts: &[&str]) -> Parts {
        let mut request = http::Request::get(target).version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn is_served(host: &str) -> bool {
        let allowed = ["My.Test".parse().unwrap(), "lambda_1".parse().unwrap()];
        check_host(&request(Version::HTTP_11, "/", &[host]), &allowed).is_ok()
    }

    #[test]
    fn addresses_localhost_and_allowed_names_are_served() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:7000",
            "192.168.1.5:7000",
            "0.0.0.0:7000",
            "[::1]",
            "[::1]:7000",
            "[2001:DB8::1]:80",
            "localhost",
            "localhost:7000",
            "localhost:",
            "LocalHost:65535",
            "localhost.",
            "localhost.:7000",
            "app.localhost:7000",
            "a.b.LOCALHOST.",
            "my.test",
            "MY.TEST.:7000",
            "lambda_1:7000",
        ] {
            assert!(is_served(host), "{host}");
        }
    }

    #[test]
    fn no_other_host_is_served() {
        for host in [
            "",
            ":7000",
            ".",
            "evil.example",
            "evil.example:7000",
            // Around the name.
            "localhost.evil.example",
            "evil-localhost",
            "localhost..",
            ".localhost",
            "a..localhost",
            "notlocalhost:7000",
            "other.my.test",
            "my.test.evil.example",
            "localhost%2eevil.example",
            "local\u{212a}host",
            // Around the syntax.
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:7000@evil.example",
            "localhost:evil",
            "localhost:99999",
            "localhost:80:80",
            "localhost:-1",
            "localhost:+80",
            "localhost/evil",
            "localhost, evil.example",
            "localhost evil.example",
            "http://localhost",
            "localhost#evil.example",
            "localhost?",
            "localhost\\evil.example",
            // Around the addresses.
            "2130706433",
            "2130706433:7000",
            "017700000001",
            "0x7f000001",
            "0x7f.1",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "127.0.0.01",
            "127.0.0.1.evil.example",
            "127.0.0.256",
            "::1",
            "[::1",
            "::1]",
            "[127.0.0.1]",
            "[localhost]",
            "[::1%25eth0]",
            "[v1.x]",
            "[::1]evil.example",
            "[::1]:x",
            "[[::1]]",
        ] {
            assert!(!is_served(host), "{host}");
        }
    }

    #[test]
    fn every_place_that_names_a_host_counts() {
        let check = |version, target: &str, hosts: &[&str]| {
            check_host(&request(version, target, hosts), &[])
        };
        let evil = || Err(Denial::Host("evil.example".to_owned()));
        for (target, hosts, expected) in [
            ("http://localhost/", &["localhost"][..], Ok(())),
            ("http://localhost/", &[], Ok(())),
            ("http://localhost:1/", &["127.0.0.1:2"], Ok(())),
            ("http://evil.example/", &["localhost"], evil()),
            ("http://localhost/", &["evil.example"], evil()),
            (
                "http://localhost@evil.example/",
                &["localhost"],
                Err(Denial::Host("localhost@evil.example".to_owned())),
            ),
            ("/", &[], Err(Denial::NoHost)),
            ("/", &["localhost", "localhost"], Err(Denial::SeveralHosts)),
            (
                "/",
                &["localhost", "evil.example"],
                Err(Denial::SeveralHosts),
            ),
        ] {
            assert_eq!(
                check(Version::HTTP_11, target, hosts),
                expected,
                "{target} {hosts:?}"
            );
        }
        // An HTTP/1.0 client may omit `Host`. If it sends one, that counts.
        assert_eq!(check(Version::HTTP_10, "/", &[]), Ok(()));
        assert_eq!(check(Version::HTTP_10, "/", &["evil.example"]), evil());
        // In HTTP/2 the host is `:authority`, which the library puts into the target.
        assert_eq!(check(Version::HTTP_2, "https://localhost/", &[]), Ok(()));
        assert_eq!(check(Version::HTTP_2, "https://evil.example/", &[]), evil());
        assert_eq!(check(Version::HTTP_2, "/", &[]), Err(Denial::NoHost));
    }

    #[test]
    fn bytes_that_are_no_text_are_no_host() {
        let mut request = request(Version::HTTP_11, "/", &[]);
        let host = HeaderValue::from_bytes(b"local\xffhost").unwrap();
        request.headers.insert(HOST, host);

        let error = check_host(&request, &["local".parse().unwrap()]).unwrap_err();

        assert_eq!(
            error,
            Denial::Host("local\\u{fffd}host".to_owned()),
            "escaped"
        );
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        headers.collect()
    }

    fn may_send_events(host: &str, headers: &[(&'static str, &str)]) -> bool {
        check_origin(&map(&[&[("host", host)], headers].concat())).is_ok()
    }

    #[test]
    fn programs_and_own_pages_may_send_events() {
        for (host, headers) in [
            ("localhost:7000", &[][..]),
            ("localhost:7000", &[("sec-fetch-site", "none")]),
            ("localhost:7000", &[("sec-fetch-site", "same-origin")]),
            ("localhost:7000", &[("origin", "http://localhost:7000")]),
            ("LOCALHOST.:7000", &[("origin", "http://localhost:7000")]),
            ("localhost", &[("origin", "http://localhost:80")]),
            ("localhost", &[("origin", "https://localhost")]),
            ("[::1]:7000", &[("origin", "http://[::1]:7000")]),
            ("[0::1]:7000", &[("origin", "http://[::1]:7000")]),
            (
                "127.0.0.1:7000",
                &[
                    ("origin", "http://127.0.0.1:7000"),
                    ("sec-fetch-site", "same-origin"),
                ],
            ),
        ] {
            assert!(may_send_events(host, headers), "{host} {headers:?}");
        }
    }

    #[test]
    fn no_page_of_another_origin_may() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            // Another port of this machine is the same site, but not the same origin.
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "Same-Origin")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:7000"),
            ],
            &[("origin", "http://evil.example")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://localhost")],
            &[("origin", "https://localhost")],
            &[("origin", "http://127.0.0.1:7000")],
            &[("origin", "http://localhost:7000.evil.example")],
            &[("origin", "http://localhost:7000@evil.example")],
            &[("origin", "http://localhost:7000/")],
            &[("origin", "http://app.localhost:7000")],
            // Opaque origins: sandboxed frames, files, other schemes.
            &[("origin", "null")],
            &[("origin", "NULL")],
            &[("origin", "")],
            &[("origin", "file://")],
            &[("origin", "chrome-extension://abcdef")],
            &[("origin", "localhost:7000")],
            &[
                ("origin", "http://localhost:7000"),
                ("origin", "http://evil.example"),
            ],
            &[("origin", "http://localhost:7000, http://evil.example")],
        ] {
            assert!(!may_send_events("localhost:7000", headers), "{headers:?}");
        }
        // Without a host, every origin is foreign.
        let headers = map(&[("origin", "http://localhost")]);
        assert_eq!(check_origin(&headers), Err(Denial::Page));
    }

    #[test]
    fn no_page_is_taken_for_a_runtime() {
        let check = |headers: &[(&'static str, &str)]| check_runtime(&map(headers)).is_ok();
        for host in [
            "127.0.0.1:9001",
            "[::1]:9001",
            "localhost:9001",
            "x",
            "runtime-api",
        ] {
            assert!(check(&[("host", host)]), "{host}");
        }
        assert!(check(&[]));
        for headers in [
            &[("host", "evil.example:9001")][..],
            &[("host", "x"), ("host", "evil.example")],
            &[("host", "x@evil")],
            &[("host", "127.0.0.1"), ("origin", "http://evil.example")],
            &[("host", "127.0.0.1"), ("origin", "null")],
            &[("host", "127.0.0.1"), ("sec-fetch-site", "same-origin")],
            &[("host", "127.0.0.1"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!check(headers), "{headers:?}");
        }
    }

    #[test]
    fn an_option_takes_names_only() {
        for name in ["lambda", "My.Test.", "host.docker.internal", "a_b"] {
            assert!(name.parse::<HostName>().is_ok(), "{name}");
        }
        for name in ["", ".", "a:7000", "http://a", "*", "*.test", "a/b", "127.1"] {
            assert!(name.parse::<HostName>().is_err(), "{name}");
        }
    }
}
