//! Why a request is not signed.

/// Most characters of the handler's text that a refusal repeats.
const SHOWN: usize = 64;

/// Why a request is not signed. The text follows ``denied a signed request to `https://HOST:443`: ``.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No entry of `aws.allow` covers the request. The field is an entry that would.
    #[error("`aws.allow` has no `{0}`")]
    NotAllowed(String),
    /// The entries of `aws.allow` are for reading, and the request does more.
    #[error(
        "`aws.allow` has only `{0}:read`, which is GET and HEAD without an operation in the query"
    )]
    ReadOnly(String),
    /// The entries of `aws.allow` are for operations, and the request does not clearly ask for one.
    #[error("`aws.allow` limits `{prefix}` to operations, and {reason}")]
    UnclearOperation {
        /// The host prefix.
        prefix: String,
        /// What is unclear, and what is expected.
        reason: &'static str,
    },
    /// The entries of `aws.allow` are for buckets or operations, and the path is not in its shortest form.
    #[error("`aws.allow` limits `{0}`, and the path has `.` or `..` in it; write the path without")]
    DotSegments(String),
    /// The source of a copy cannot be read, or names no bucket that is allowed.
    #[error("`x-amz-copy-source` names {0}, and `aws.allow` does not allow reading there")]
    CopySource(String),
    /// The scope names another service or region than the host.
    #[error(
        "it is signed for `{asked_service}` in `{asked_region}`, and the host is `{service}` in `{region}`"
    )]
    Scope {
        /// The signing name that the handler used.
        asked_service: String,
        /// The region that the handler used.
        asked_region: String,
        /// The signing name of the host.
        service: String,
        /// The region of the host.
        region: String,
    },
    /// The host is not recognised.
    #[error("it is not an AWS endpoint; name it in `aws.endpoints`")]
    NotAnEndpoint,
    /// The URI is not `https`.
    #[error("it is not https; only an entry of `aws.endpoints` can be http")]
    NotHttps,
    /// The port is another than the endpoint's.
    #[error("an AWS endpoint has port 443")]
    Port,
    /// The URI has no host, or has user information.
    #[error("its URI is not `https://HOST/…`")]
    Uri,
    /// The signature is in the query.
    #[error("presigned requests are not signed again; sign in the header")]
    Presigned,
    /// The query has parts of a signature beside the one in the header.
    #[error("it is signed in the header and has `{0}` in the query; sign in the header only")]
    HeaderAndQuery(String),
    /// A header that must be single is there twice.
    #[error("it has two `{0}` headers")]
    Twice(&'static str),
    /// A header changes what is signed in a way that is not supported.
    #[error("the header `{0}` is not supported")]
    Header(&'static str),
    /// The placeholder is elsewhere than in `authorization`.
    #[error("the access key of the handler is in {0}; it belongs into `authorization` only")]
    Misplaced(String),
    /// The handler signed with SigV4a.
    #[error("SigV4a is not supported")]
    SigV4a,
    /// The handler signed with another algorithm.
    #[error("the algorithm `{0}` is not supported; use `AWS4-HMAC-SHA256`")]
    Algorithm(String),
    /// `authorization` cannot be read.
    #[error(
        "`authorization` is malformed; expected `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=…, Signature=…`"
    )]
    Authorization,
    /// The method is not one of a request to AWS.
    #[error("the method {0} is not supported")]
    Method(String),
    /// `+` in the query.
    #[error("`+` in the query is ambiguous; write `%20` or `%2B`")]
    Plus,
    /// `%` without two digits in path or query.
    #[error("`%` in the {0} is not followed by two hexadecimal digits; write `%25`")]
    Percent(&'static str),
    /// The body is signed in chunks.
    #[error("its body is signed in chunks (`{0}`): use https, or switch chunk signing off")]
    SignedChunks(String),
    /// The body is a stream of signed events.
    #[error(
        "its body is a stream of signed events (`STREAMING-AWS4-HMAC-SHA256-EVENTS`), which is not supported"
    )]
    SignedEvents,
    /// The body is not signed, and the connection is not encrypted.
    #[error("its body is unsigned (`{0}`): use https")]
    UnsignedWithoutTls(String),
    /// `x-amz-content-sha256` cannot be read.
    #[error(
        "`x-amz-content-sha256` is `{0}`: expected SHA-256 in 64 hexadecimal digits, `UNSIGNED-PAYLOAD` or `STREAMING-UNSIGNED-PAYLOAD-TRAILER`"
    )]
    PayloadMode(String),
}

impl Refusal {
    /// Returns text of the handler for a line of the log: short, and in visible characters.
    pub(crate) fn shown(text: &[u8]) -> String {
        let visible = |byte: &u8| match byte {
            b'`' => '\'',
            b' '..=b'~' => char::from(*byte),
            _ => '?',
        };
        let mut shown: String = text.iter().take(SHOWN).map(visible).collect();
        if text.len() > SHOWN {
            shown.push('…');
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_text_is_short_and_visible() {
        assert_eq!(Refusal::shown(b"a`b\n\x80"), "a'b??");
        assert_eq!(Refusal::shown(&[b'x'; 64]), "x".repeat(64));
        assert_eq!(Refusal::shown(&[b'x'; 65]), "x".repeat(64) + "…");
    }
}
