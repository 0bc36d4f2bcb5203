//! The headers of a request.

use std::fmt::{self, Write as _};

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
        f.write_char('`')?;
        let mut name = self.name.escape_default().take(SHOWN);
        name.try_for_each(|character| f.write_char(character))?;
        write!(f, "`, {}", self.reason)
    }
}

/// Reads the headers of a request whose body has this size, and tells those that are left out.
#[inline(never)]
pub(crate) fn read(
    raw: &RawEvent<'_>,
    body_bytes: usize,
) -> Result<(HeaderMap, Vec<InvalidHeader>), ReadError> {
    let mut lines = Lines {
        headers: HeaderMap::with_capacity(raw.headers().len().min(MOST_AHEAD)),
        invalid: Vec::new(),
    };
    // A request without a body has no size, unless the caller sent 0.
    let mut has_size = body_bytes > 0;
    let mut cookies = Cookies::default();
    for cookie in &raw.cookies {
        if let Some((_, value)) = lines.parsed(COOKIE.as_str(), cookie) {
            cookies.push(&value);
        }
    }
    // A Function URL has the cookies in a list and in a header, an HTTP API in a list only.
    cookies.0.take_if(|joined| joined.is_empty());
    let has_list = cookies.0.is_some();
    for (name, value) in raw.headers().pairs() {
        let Some((name, value)) = lines.parsed(name, value) else {
            continue;
        };
        if name == CONTENT_LENGTH {
            has_size |= value == "0";
        } else if name != COOKIE {
            lines.append(name, value)?;
        } else if !has_list {
            cookies.push(&value);
        }
    }
    if let Some(joined) = cookies.0 {
        let joined = HeaderValue::from_bytes(&joined);
        lines.append(COOKIE, joined.expect("each part is a header value"))?;
    }
    if has_size {
        // By way of a text, because a handler has the code for it anyway.
        let size = HeaderValue::from_bytes(body_bytes.to_string().as_bytes());
        lines.append(CONTENT_LENGTH, size.expect("digits are a header value"))?;
    }
    Ok((lines.headers, lines.invalid))
}

/// The headers that were read.
struct Lines {
    headers: HeaderMap,
    invalid: Vec<InvalidHeader>,
}

impl Lines {
    /// Parses a header. One that HTTP does not allow is told instead.
    fn parsed(&mut self, name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
        let reason = match HeaderName::from_bytes(name.as_bytes()) {
            // From bytes, because values may be UTF-8: CloudFront sends city names.
            Ok(parsed) => match HeaderValue::from_bytes(value.as_bytes()) {
                Ok(value) => return Some((parsed, value)),
                Err(_) => "whose value has control characters",
            },
            Err(_) => "which is not a header name",
        };
        self.invalid.push(InvalidHeader {
            name: name.to_owned(),
            reason,
        });
        None
    }

    fn append(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), ReadError> {
        let appended = self.headers.try_append(name, value);
        appended.map(drop).map_err(|_| ReadError::TooManyHeaders)
    }
}

/// The value of the one header `cookie`: front ends have cookies in a list, or in several headers.
#[derive(Default)]
struct Cookies(Option<Vec<u8>>);

impl Cookies {
    fn push(&mut self, cookie: &HeaderValue) {
        let joined = self.0.get_or_insert_default();
        if !joined.is_empty() {
            joined.extend_from_slice(b"; ");
        }
        joined.extend_from_slice(cookie.as_bytes());
    }
}
