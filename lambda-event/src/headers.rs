//! The headers of a request.

use std::fmt;

use http::header::{CONTENT_LENGTH, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::ReadError;
use crate::raw::RawEvent;

/// Most headers for which a map has room before they are read.
const MOST_AHEAD: usize = 48;

/// Most characters of a name that a text shows.
const SHOWN: usize = 64;

/// A header that HTTP does not allow. Its text is one line, whatever the name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeader {
    /// Its name as the event has it.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.chars().take(SHOWN).collect::<String>();
        write!(f, "`{}`, {}", name.escape_debug(), self.reason)
    }
}

/// Reads the headers, and appends to `invalid` those that are left out.
pub(crate) fn read(
    raw: &RawEvent<'_>,
    invalid: &mut Vec<InvalidHeader>,
) -> Result<HeaderMap, ReadError> {
    let mut headers = HeaderMap::with_capacity(raw.headers().len().min(MOST_AHEAD));
    for (name, value) in raw.headers().pairs() {
        match line(name, value) {
            Ok((name, value)) => {
                let appended = headers.try_append(name, value);
                appended.map_err(|_| ReadError::TooManyHeaders)?;
            }
            Err(header) => invalid.push(header),
        }
    }
    join_cookies(&mut headers, raw, invalid)?;
    Ok(headers)
}

fn line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), InvalidHeader> {
    let invalid = |reason| InvalidHeader {
        name: name.to_owned(),
        reason,
    };
    let parsed = HeaderName::from_bytes(name.as_bytes());
    let parsed = parsed.map_err(|_| invalid("which is not a header name"))?;
    // From bytes, because values may be UTF-8: CloudFront sends city names.
    let value = HeaderValue::from_bytes(value.as_bytes());
    let value = value.map_err(|_| invalid("whose value has control characters"))?;
    Ok((parsed, value))
}

/// Leaves one header `cookie`. A Function URL has the cookies in a list and in a header, an HTTP API in a list only,
/// and other front ends may have several headers.
fn join_cookies(
    headers: &mut HeaderMap,
    raw: &RawEvent<'_>,
    invalid: &mut Vec<InvalidHeader>,
) -> Result<(), ReadError> {
    let mut joined = Vec::new();
    for cookie in &raw.cookies {
        match line(COOKIE.as_str(), cookie) {
            Ok((_, value)) => push_cookie(&mut joined, value.as_bytes()),
            Err(header) => invalid.push(header),
        }
    }
    if joined.is_empty() {
        let mut lines = headers.get_all(COOKIE).iter();
        if lines.nth(1).is_none() {
            return Ok(());
        }
        for line in headers.get_all(COOKIE) {
            push_cookie(&mut joined, line.as_bytes());
        }
    }
    let joined = HeaderValue::from_bytes(&joined).expect("each part is a header value");
    insert(headers, COOKIE, joined)
}

fn push_cookie(joined: &mut Vec<u8>, cookie: &[u8]) {
    if !joined.is_empty() {
        joined.extend_from_slice(b"; ");
    }
    joined.extend_from_slice(cookie);
}

/// Sets `content-length` to the size of the body. A request without a body has none, unless the caller sent 0.
pub(crate) fn set_content_length(headers: &mut HeaderMap, bytes: usize) -> Result<(), ReadError> {
    let said_empty = headers.get(CONTENT_LENGTH).is_some_and(|it| it == "0");
    if bytes > 0 || said_empty {
        insert(headers, CONTENT_LENGTH, bytes.into())
    } else {
        headers.remove(CONTENT_LENGTH);
        Ok(())
    }
}

/// Inserts a header into a map that may be full, where [`HeaderMap::insert`] panics.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) -> Result<(), ReadError> {
    let inserted = headers.try_insert(name, value);
    inserted.map(drop).map_err(|_| ReadError::TooManyHeaders)
}
