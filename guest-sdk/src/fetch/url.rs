//! The URL of a request.

use std::fmt;

use http::Uri;
use http::uri::Authority;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A URL that a request can be sent to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) is_https: bool,
    /// The host, and the port if the URL has one.
    pub(crate) authority: Authority,
    /// The path with its slash, and the query with its question mark.
    pub(crate) path_and_query: String,
}

impl Url {
    /// Parses an absolute URL. The error is a text that shows the URL without its query.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refused = |reason: &str| {
            let shown = text.split(['?', '#']).next().unwrap_or_default();
            format!("`{}` {reason}", shown.escape_debug())
        };
        // `Uri` rejects these or drops them; the reader of the error wants to know which one.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused(ungraphic(text)));
        }
        let starts_with = |start: &str| {
            let beginning = text.get(..start.len());
            beginning.is_some_and(|it| it.eq_ignore_ascii_case(start))
        };
        let is_https = starts_with("https://");
        if !is_https && !starts_with("http://") {
            return Err(refused("does not start with `https://` or `http://`"));
        }
        let uri: Uri = text
            .parse()
            .map_err(|error| refused(&format!("is not a URL: {error}")))?;
        let authority = uri.authority().ok_or_else(|| refused("has no host"))?;
        if authority.as_str().contains('@') {
            return Err("the URL has user information: use `basic` or `bearer`".to_owned());
        }
        if authority.host().is_empty() {
            return Err(refused("has no host"));
        }
        Ok(Self {
            is_https,
            authority: authority.clone(),
            path_and_query: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }

    /// Appends a pair to the query.
    pub(crate) fn push_query(&mut self, name: &str, value: &str) {
        // Nothing separates the first pair from the question mark.
        match self.path_and_query.split_once('?') {
            None => self.path_and_query.push('?'),
            Some((_, "")) => {}
            Some(_) => self.path_and_query.push('&'),
        }
        push_encoded(&mut self.path_and_query, name, value);
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// Returns the scheme, the host and the port, as `outbound.allow` takes them.
    pub(crate) fn origin(&self) -> String {
        let default = if self.is_https { 443 } else { 80 };
        let port = self.authority.port_u16().unwrap_or(default);
        format!("{}://{}:{port}", self.scheme(), self.authority.host())
    }

    /// Returns the URL without its query, which may hold a secret.
    pub(crate) fn without_query(&self) -> String {
        let path = self.path_and_query.split('?').next().unwrap_or_default();
        format!("{}://{}{path}", self.scheme(), self.authority)
    }
}

/// Says what is wrong with a text that has other characters than the visible ones of ASCII.
fn ungraphic(text: &str) -> &'static str {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        "has a space or a control character: encode it as `%20`"
    } else {
        "has characters outside ASCII: percent-encode them, or pass them to `query`"
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_query())
    }
}

/// Percent-encodes a name that becomes one segment of a path: everything but letters, digits and `-._~`.
///
/// ```
/// let model = bootstream::fetch::encode("anthropic.claude-3-haiku-20240307-v1:0");
/// assert_eq!(model, "anthropic.claude-3-haiku-20240307-v1%3A0");
/// ```
pub fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, RESERVED).to_string()
}

/// Appends `name=value` to a form, percent-encoded.
pub(crate) fn push_pair(pairs: &mut String, name: &str, value: &str) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
    push_encoded(pairs, name, value);
}

fn push_encoded(pairs: &mut String, name: &str, value: &str) {
    pairs.extend(utf8_percent_encode(name, RESERVED));
    pairs.push('=');
    pairs.extend(utf8_percent_encode(value, RESERVED));
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn a_url_is_taken_apart() {
        let url = Url::parse("https://api.example:8443/a%20b/c?d=e&f#part").unwrap();

        assert_eq!(url.origin(), "https://api.example:8443");
        assert_eq!(url.path_and_query, "/a%20b/c?d=e&f");
        assert_eq!(url.without_query(), "https://api.example:8443/a%20b/c");
        let url = Url::parse("HTTP://[::1]").unwrap();
        assert_eq!(url.origin(), "http://[::1]:80");
        assert_eq!(url.path_and_query, "/");
    }

    #[test]
    fn pairs_of_the_query_are_encoded() {
        let mut url = Url::parse("https://a.example/?x=1").unwrap();
        url.push_query("q", "a b&c=d+e/\u{e9}~");
        assert_eq!(url.path_and_query, "/?x=1&q=a%20b%26c%3Dd%2Be%2F%C3%A9~");
        for text in [
            "https://a.example",
            "https://a.example?",
            "https://a.example/?",
        ] {
            let mut url = Url::parse(text).unwrap();
            url.push_query("", "");
            assert_eq!(url.path_and_query, "/?=", "{text}");
            assert_eq!(url.without_query(), "https://a.example/", "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "does not start with `https://`"),
            ("api.example/v1", "does not start with `https://`"),
            ("api.example", "does not start with `https://`"),
            ("/v1", "does not start with `https://`"),
            ("ftp://api.example/", "does not start with `https://`"),
            ("https://", "is not a URL"),
            ("https:///path", "is not a URL"),
            ("https://:443/", "has no host"),
            ("https://a b/", "has a space"),
            (
                "https://a.example/\r\nx",
                "has a space or a control character",
            ),
            ("https://a.example/\u{e9}", "outside ASCII"),
            ("https://user:secret@a.example/", "user information"),
        ] {
            let error = Url::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn no_error_shows_a_query() {
        let error = Url::parse("ftp://a.example/?key=hidden").unwrap_err();
        assert!(!error.contains("hidden"), "{error}");
    }
}
