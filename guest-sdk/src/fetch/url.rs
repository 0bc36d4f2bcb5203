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
    /// The path, with its slash and without the query.
    pub(crate) path: String,
    /// The query, without its question mark.
    pub(crate) query: Option<String>,
}

impl Url {
    /// Parses an absolute URL. The error is a text that shows the URL without its query.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refused = |reason: &str| {
            let shown = text.split(['?', '#']).next().unwrap_or_default();
            format!("`{}` {reason}", shown.escape_debug())
        };
        // `Uri` rejects these or drops them; the reader of the error wants to know which one.
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(refused(
                "has a space or a control character: encode it as `%20`",
            ));
        }
        if !text.is_ascii() {
            return Err(refused(
                "has characters outside ASCII: percent-encode them, or pass them to `query`",
            ));
        }
        let is_https = match text.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => true,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(refused("does not start with `https://` or `http://`")),
        };
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
            path: uri.path().to_owned(),
            query: uri.query().map(ToOwned::to_owned),
        })
    }

    /// Appends a pair to the query.
    pub(crate) fn push_query(&mut self, name: &str, value: &str) {
        let query = self.query.get_or_insert_default();
        push_pair(query, name, value);
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
        format!("{}://{}{}", self.scheme(), self.authority, self.path)
    }

    pub(crate) fn path_and_query(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
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

/// Appends `name=value` to a query or a form, percent-encoded.
pub(crate) fn push_pair(pairs: &mut String, name: &str, value: &str) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
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
        assert_eq!(url.path_and_query(), "/a%20b/c?d=e&f");
        assert_eq!(url.without_query(), "https://api.example:8443/a%20b/c");
        let url = Url::parse("HTTP://[::1]").unwrap();
        assert_eq!(url.origin(), "http://[::1]:80");
        assert_eq!(url.path_and_query(), "/");
    }

    #[test]
    fn pairs_of_the_query_are_encoded() {
        let mut url = Url::parse("https://a.example/?x=1").unwrap();
        url.push_query("q", "a b&c=d+e/\u{e9}~");
        assert_eq!(url.path_and_query(), "/?x=1&q=a%20b%26c%3Dd%2Be%2F%C3%A9~");
        let mut url = Url::parse("https://a.example").unwrap();
        url.push_query("", "");
        assert_eq!(url.path_and_query(), "/?=");
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
