//! The path of a request as an HTTP API decodes it.

use percent_encoding::percent_decode_str;

/// The path that a function gets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct HttpApiPath(pub(super) String);

impl HttpApiPath {
    /// Decodes a path. `None` means that the API rejects the request.
    ///
    /// An HTTP API decodes twice, and cuts off everything after a question mark in between. A literal percent
    /// sign after the first time is rejected. Observed in July 2026:
    /// <https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json>.
    pub(crate) fn read(sent: &str) -> Option<Self> {
        let once = decode(sent)?;
        let path = once.split('?').next().unwrap_or_default();
        decode(path).map(Self)
    }
}

/// Decodes what is well-formed.
fn decode(text: &str) -> Option<String> {
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
    text.split('%').skip(1).all(is_escape).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_aws_was_seen_to_make_of_them() {
        for (sent, expected) in [
            ("/capture/plain", Some("/capture/plain")),
            ("/capture/space%20value", Some("/capture/space value")),
            ("/capture/question%3Fvalue", Some("/capture/question")),
            ("/capture/percent%25done", None),
            ("/capture/hash%23value", Some("/capture/hash#value")),
            ("/capture/slash%2Fvalue", Some("/capture/slash/value")),
            (
                "/capture/unicode-%CE%BB-%E4%B8%96%E7%95%8C",
                Some("/capture/unicode-\u{3bb}-\u{4e16}\u{754c}"),
            ),
            ("/capture/literal%252Fvalue", Some("/capture/literal/value")),
            ("/capture/literal%253Fvalue", Some("/capture/literal?value")),
            ("/capture/literal%2525value", Some("/capture/literal%value")),
        ] {
            let path = HttpApiPath::read(sent).map(|path| path.0);
            assert_eq!(path.as_deref(), expected, "{sent}");
        }
    }

    #[test]
    fn what_is_no_escape_is_refused_and_what_is_no_text_replaced() {
        for sent in ["/%", "/%2", "/%zz", "/%25", "/%25%32", "/a%2", "/%\u{e9}9"] {
            assert_eq!(HttpApiPath::read(sent), None, "{sent}");
        }
        let path = HttpApiPath::read("/%FF+%2B").unwrap();
        assert_eq!(path.0, "/\u{fffd}++");
    }
}
