//! The targets of requests: a scheme, a host or all its subdomains, and a port.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::uri::Scheme;

/// The expected form of a target, for errors.
pub(crate) const EXPECTED: &str =
    "a host such as `api.example.com`, `*.example.com` or `http://example.com:8080`";

/// One entry of the allow-list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    scheme: Scheme,
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// Exactly this name, in lower case.
    Name(String),
    /// Any name with this suffix, which starts with a dot.
    Below(String),
    Address(IpAddr),
}

/// Longest host name, by the rules of DNS.
const HOST_LIMIT: usize = 253;

/// The destination of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) scheme: Scheme,
    /// In lower case, without brackets and without the trailing dot.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A string that is not a target.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}")]
pub(crate) struct InvalidTarget;

impl Target {
    pub(crate) fn covers(&self, destination: &Destination) -> bool {
        self.scheme == destination.scheme
            && self.port == destination.port
            && match &self.host {
                Host::Name(name) => *name == destination.host,
                Host::Below(suffix) => {
                    destination
                        .host
                        .strip_suffix(suffix.as_str())
                        .is_some_and(|labels| {
                            !labels.is_empty() && labels.split('.').all(|label| !label.is_empty())
                        })
                }
                Host::Address(address) => destination.host.parse() == Ok(*address),
            }
    }

    /// Whether both targets cover at least one common destination.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let is_below =
            |name: &str, suffix: &str| name.len() > suffix.len() && name.ends_with(suffix);
        self.scheme == other.scheme
            && self.port == other.port
            && match (&self.host, &other.host) {
                (Host::Below(one), Host::Below(two)) => one.ends_with(two) || two.ends_with(one),
                (Host::Below(suffix), Host::Name(name))
                | (Host::Name(name), Host::Below(suffix)) => is_below(name, suffix),
                (one, two) => one == two,
            }
    }

    /// Returns the one destination that the target covers. `None` if it covers several.
    pub(crate) fn destination(self) -> Option<Destination> {
        let host = match self.host {
            Host::Name(name) => name,
            Host::Address(address) => address.to_string(),
            Host::Below(_) => return None,
        };
        Some(Destination {
            scheme: self.scheme,
            host,
            port: self.port,
        })
    }

    /// The host's IP address, if the user named one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Address(address) => Some(address),
            Host::Name(_) | Host::Below(_) => None,
        }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::HTTP, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::HTTPS, rest),
            Some(_) => return Err(InvalidTarget),
            None => (Scheme::HTTPS, text),
        };
        let (host, port) = split_port(rest)?;
        Ok(Self {
            port: match port {
                Some(port) => parse_port(port).ok_or(InvalidTarget)?,
                None => default_port(&scheme),
            },
            host: parse_host(host)?,
            scheme,
        })
    }
}

impl Destination {
    /// Returns the destination of a URI. Returns `None` if it has no host, or has user information.
    pub(crate) fn of(uri: &http::Uri) -> Option<Self> {
        let scheme = uri.scheme()?.clone();
        let authority = uri.authority()?;
        // User information can make one host look like another.
        if authority.as_str().contains('@') {
            return None;
        }
        let (host, port) = split_port(authority.as_str()).ok()?;
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        if host.is_empty() || host.len() > HOST_LIMIT {
            return None;
        }
        Some(Self {
            port: match port {
                Some(port) => parse_port(port)?,
                None => default_port(&scheme),
            },
            scheme,
            host,
        })
    }
}

impl Destination {
    /// Returns the URL of `path` there, without the default port.
    pub(crate) fn url(&self, path: &str) -> String {
        let known = if self.scheme == Scheme::HTTPS {
            443
        } else {
            80
        };
        let url = self.to_string();
        let without_port = url.strip_suffix(&format!(":{}", self.port));
        match without_port.filter(|_| self.port == known) {
            Some(short) => format!("{short}{path}"),
            None => format!("{url}{path}"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme != Scheme::HTTPS {
            write!(f, "{}://", self.scheme)?;
        }
        match &self.host {
            Host::Name(name) => f.write_str(name)?,
            Host::Below(suffix) => write!(f, "*{suffix}")?,
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            Host::Address(address) => write!(f, "{address}")?,
        }
        if self.port == default_port(&self.scheme) {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = (&self.scheme, self.port);
        match self.host.parse() {
            Ok(IpAddr::V6(address)) => write!(f, "{scheme}://[{address}]:{port}"),
            Ok(IpAddr::V4(_)) | Err(_) => write!(f, "{scheme}://{}:{port}", self.host),
        }
    }
}

/// Splits `host`, `host:port`, `[address]` or `[address]:port` into host and port.
fn split_port(text: &str) -> Result<(&str, Option<&str>), InvalidTarget> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or(InvalidTarget)?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((address, Some(port))),
            None if after.is_empty() => Ok((address, None)),
            None => Err(InvalidTarget),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(InvalidTarget),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

fn parse_host(text: &str) -> Result<Host, InvalidTarget> {
    if let Ok(address) = text.parse() {
        return Ok(Host::Address(address));
    }
    let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let (below, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text.as_str()),
    };
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(allowed)
    };
    if name.len() > HOST_LIMIT || !name.split('.').all(is_label) {
        return Err(InvalidTarget);
    }
    Ok(if below {
        Host::Below(format!(".{name}"))
    } else {
        Host::Name(name.to_owned())
    })
}

fn default_port(scheme: &Scheme) -> u16 {
    if *scheme == Scheme::HTTP { 80 } else { 443 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(target: &str, uri: &str) -> bool {
        let target: Target = target.parse().unwrap();
        Destination::of(&uri.parse().unwrap()).is_some_and(|it| target.covers(&it))
    }

    #[test]
    fn a_target_covers_its_scheme_host_and_port_only() {
        for (target, uri, covered) in [
            ("a.example", "https://a.example/x?y", true),
            ("a.example", "https://A.EXAMPLE.:443", true),
            ("a.example", "http://a.example/", false),
            ("a.example", "https://a.example:8443/", false),
            ("a.example", "https://b.a.example/", false),
            ("a.example", "https://xa.example/", false),
            ("A.Example.", "https://a.example/", true),
            ("http://a.example", "http://a.example:80/", true),
            ("http://a.example:8080", "http://a.example:8080/", true),
            ("*.example", "https://a.example/", true),
            ("*.example", "https://b.a.example/", true),
            ("*.example", "https://example/", false),
            ("*.example", "https://.example/", false),
            ("*.example", "https://badexample/", false),
            ("10.0.0.1", "https://10.0.0.1/", true),
            ("http://[::1]:81", "http://[0:0::1]:81/", true),
        ] {
            assert_eq!(covers(target, uri), covered, "{target} {uri}");
        }
    }

    #[test]
    fn a_target_without_a_wildcard_has_one_destination() {
        for (target, destination) in [
            ("a.example", Some("https://a.example:443")),
            ("http://A.example:81", Some("http://a.example:81")),
            ("https://[0:0::1]", Some("https://[::1]:443")),
            ("10.0.0.1", Some("https://10.0.0.1:443")),
            ("*.example", None),
        ] {
            let found = target.parse::<Target>().unwrap().destination();
            let found = found.map(|it| it.to_string());
            assert_eq!(found.as_deref(), destination, "{target}");
        }
    }

    #[test]
    fn a_user_before_the_host_is_no_destination() {
        for uri in ["https://a.example@b.example/", "https://a:b@c.example/"] {
            assert_eq!(Destination::of(&uri.parse().unwrap()), None, "{uri}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in [
            "", "*", "*.", "a b", "a/b", "ftp://a", "a:0", "a:65536", "a:+80", "a..b", "a@b",
            "[::1", "::1:x", "a.*.b", "https://", "[::1]80",
        ] {
            assert_eq!(text.parse::<Target>(), Err(InvalidTarget), "{text}");
        }
    }

    #[test]
    fn a_destination_reads_as_an_address_to_allow() {
        let of = |uri: &str| Destination::of(&uri.parse().unwrap()).unwrap().to_string();
        assert_eq!(of("https://A.example/x"), "https://a.example:443");
        assert_eq!(of("http://[::1]/"), "http://[::1]:80");
    }

    #[test]
    fn a_target_is_displayed_as_written() {
        for text in [
            "api.example",
            "*.example",
            "api.example:8443",
            "http://10.0.0.1",
            "http://[::1]:8080",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
    }
}
