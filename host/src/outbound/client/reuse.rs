//! Whether a connection may carry another request, and whether a lost request may be sent again. Decides, and
//! does no I/O.

use std::time::Duration;

use http::header::{
    AUTHORIZATION, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Method};

/// Schemes that authenticate the connection instead of the request.
const CONNECTION_SCHEMES: [&str; 2] = ["negotiate", "ntlm"];

/// Subtracted from the time for which a peer keeps its connections: it must not close one while a request is
/// on its way.
const MARGIN: Duration = Duration::from_secs(1);

/// Whether a request or response with these headers leaves its connection without an identity, so that
/// another request may use it.
pub(super) fn leaves_no_identity(headers: &HeaderMap) -> bool {
    let names = [
        AUTHORIZATION,
        PROXY_AUTHORIZATION,
        WWW_AUTHENTICATE,
        PROXY_AUTHENTICATE,
    ];
    let mut values = names.iter().flat_map(|name| headers.get_all(name));
    !values.any(|value| names_scheme(value.as_bytes()))
}

/// Whether one of the words in `value` is a scheme that authenticates the connection. A response may list
/// several schemes in one header, and a scheme is a word of its own.
fn names_scheme(value: &[u8]) -> bool {
    let mut words = value.split(|byte| !byte.is_ascii_alphanumeric());
    words.any(|word| {
        let is = |scheme: &&str| word.eq_ignore_ascii_case(scheme.as_bytes());
        CONNECTION_SCHEMES.iter().any(is)
    })
}

/// Returns for how long the peer keeps the connection, if the response says so: `keep-alive: timeout=5`.
pub(super) fn peer_keeps(headers: &HeaderMap) -> Option<Duration> {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    let value = headers.get(KEEP_ALIVE)?.to_str().ok()?;
    let seconds = value.split(',').find_map(|parameter| {
        let (name, seconds) = parameter.split_once('=')?;
        let is_timeout = name.trim().eq_ignore_ascii_case("timeout");
        is_timeout.then(|| seconds.trim().trim_matches('"').parse::<u32>().ok())?
    })?;
    Some(Duration::from_secs(seconds.into()).saturating_sub(MARGIN))
}

/// When a request may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeatable {
    /// If its method is idempotent.
    ByMethod,
    /// Whatever its method is: its sender would repeat it.
    Always,
}

/// How a request was lost on a kept connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// No byte of it was written.
    Unwritten,
    /// The connection ended before the first byte of a response. The peer may have read the request.
    Unanswered,
    /// Anything else, such as a response that is cut off, or too late.
    Other,
}

/// Whether a request that was lost on a kept connection is sent again on a new one. `is_held`: whether its
/// whole body is still in memory.
pub(super) fn repeats(loss: Loss, method: &Method, repeatable: Repeatable, is_held: bool) -> bool {
    let is_idempotent = matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE
    );
    match loss {
        Loss::Unwritten => true,
        Loss::Unanswered => is_held && (is_idempotent || repeatable == Repeatable::Always),
        Loss::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.append("www-authenticate", "Basic".parse().unwrap());
        headers.append(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_connection_that_was_authenticated_is_not_used_again() {
        for (name, value, kept) in [
            ("authorization", "Bearer x", true),
            ("authorization", "Basic bmVnb3RpYXRl", true),
            ("authorization", "Negotiate YII", false),
            ("authorization", "NTLM TlRM", false),
            ("authorization", "ntlm", false),
            ("proxy-authorization", "negotiate x", false),
            ("www-authenticate", "Negotiate", false),
            ("www-authenticate", "Basic realm=\"x\", NTLM", false),
            ("www-authenticate", "Basic realm=\"x\",Negotiate", false),
            ("proxy-authenticate", "NTLM", false),
            ("www-authenticate", "Negotiated", true),
            ("x-other", "Negotiate", true),
        ] {
            assert_eq!(
                leaves_no_identity(&headers(name, value)),
                kept,
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn a_peer_names_the_time_that_it_keeps_a_connection() {
        for (value, seconds) in [
            ("timeout=5", Some(4)),
            ("max=100, Timeout = 15", Some(14)),
            ("timeout=\"7\"", Some(6)),
            ("timeout=0", Some(0)),
            ("timeout=many", None),
            ("timeout=-1", None),
            ("timeout=99999999999999999999", None),
            ("timeout", None),
            ("max=5", None),
            ("", None),
        ] {
            let found = peer_keeps(&headers("keep-alive", value));
            assert_eq!(found, seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(peer_keeps(&HeaderMap::new()), None);
    }

    #[test]
    fn a_request_that_was_not_written_is_repeated_whatever_it_is() {
        for method in [Method::GET, Method::POST, Method::PATCH] {
            for is_held in [true, false] {
                assert!(repeats(
                    Loss::Unwritten,
                    &method,
                    Repeatable::ByMethod,
                    is_held
                ));
            }
        }
    }

    #[test]
    fn a_request_that_may_have_been_read_is_repeated_if_that_is_safe() {
        for (method, idempotent) in [
            (Method::GET, true),
            (Method::HEAD, true),
            (Method::OPTIONS, true),
            (Method::PUT, true),
            (Method::DELETE, true),
            (Method::POST, false),
            (Method::PATCH, false),
            (Method::from_bytes(b"PURGE").unwrap(), false),
            (Method::from_bytes(b"get").unwrap(), false),
        ] {
            let repeats =
                |repeatable, is_held| repeats(Loss::Unanswered, &method, repeatable, is_held);
            assert_eq!(repeats(Repeatable::ByMethod, true), idempotent, "{method}");
            assert!(repeats(Repeatable::Always, true), "{method}");
            assert!(!repeats(Repeatable::ByMethod, false), "{method}");
            assert!(!repeats(Repeatable::Always, false), "{method}");
        }
    }

    #[test]
    fn a_request_that_was_answered_in_part_is_not_repeated() {
        for repeatable in [Repeatable::ByMethod, Repeatable::Always] {
            assert!(!repeats(Loss::Other, &Method::GET, repeatable, true));
        }
    }
}
