//! The headers of a request.

use http::{HeaderName, HeaderValue};

/// Headers that the host sets, and refuses from a handler.
const OF_THE_HOST: [&str; 9] = [
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// The beginning of the placeholder of a secret.
const SECRET_PREFIX: &[u8] = b"bootstream-secret-";

/// Parses a header. The error does not show the value, which may be a secret.
pub(super) fn parse(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), String> {
    let shown = name.escape_debug();
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{shown}` is not a valid header name"))?;
    if OF_THE_HOST.contains(&parsed.as_str()) {
        return Err(format!("the host sets the header `{parsed}` itself"));
    }
    let value = HeaderValue::from_bytes(value)
        .map_err(|_| format!("the value of header `{parsed}` contains a control character"))?;
    Ok((parsed, value))
}

/// Returns whether the value has the placeholder of a secret.
pub(super) fn is_secret(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    bytes
        .windows(SECRET_PREFIX.len())
        .any(|part| part == SECRET_PREFIX)
}
