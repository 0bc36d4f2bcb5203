//! Where a request goes to.

use http::Uri;
use http::uri::Scheme;

/// Longest host name, by the rules of DNS.
const HOST_LIMIT: usize = 253;

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) is_https: bool,
    /// In lower case, without a final dot. An IPv6 address has brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Destination {
    /// Returns `None` if the URI is not `http` or `https`, has no host, or has user information.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let scheme = uri.scheme()?;
        let is_https = *scheme == Scheme::HTTPS;
        if !is_https && *scheme != Scheme::HTTP {
            return None;
        }
        let authority = uri.authority()?.as_str();
        let at = match authority.rfind(']') {
            Some(end) => end + 1,
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at_checked(at)?;
        let port = match port.strip_prefix(':') {
            Some(port) if port.bytes().all(|it| it.is_ascii_digit()) => port.parse().ok()?,
            Some(_) => return None,
            None if port.is_empty() => default_port(is_https),
            None => return None,
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_named = !host.is_empty() && host.len() <= HOST_LIMIT && !host.contains('@');
        (is_named && port != 0).then_some(Self {
            is_https,
            host,
            port,
        })
    }

    /// Returns the value of `host`: without the scheme's own port.
    pub(crate) fn authority(&self) -> String {
        if self.port == default_port(self.is_https) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }
}

fn default_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_form() {
        for (uri, url) in [
            (
                "https://Dynamodb.EU-central-1.amazonaws.com.:443/x?y",
                Some("https://dynamodb.eu-central-1.amazonaws.com"),
            ),
            ("https://a.example:8443", Some("https://a.example:8443")),
            ("http://a.example:80", Some("http://a.example")),
            ("http://a.example:443", Some("http://a.example:443")),
            ("http://[::1]:8000/", Some("http://[::1]:8000")),
            ("https://user@a.example/", None),
            ("https://a.example:b@c.example/", None),
            ("https://a.example:/", None),
            ("https://a.example:0/", None),
            ("https://a.example:65536/", None),
            ("ftp://a.example/", None),
            ("/path", None),
        ] {
            let Ok(parsed) = uri.parse::<Uri>() else {
                assert_eq!(url, None, "{uri}");
                continue;
            };
            let found = Destination::of(&parsed).map(|it| it.url());
            assert_eq!(found.as_deref(), url, "{uri}");
        }
        for (length, is_host) in [(253, true), (254, false)] {
            let uri = format!("https://{}/", "a".repeat(length));
            assert_eq!(Destination::of(&uri.parse().unwrap()).is_some(), is_host);
        }
    }
}
