//! The rules for the head of a response: what a handler may put into it.

use std::fmt;

use http::{HeaderName, HeaderValue, header};

use crate::headers::HTTP_INTEGRATION_TEXT;
use crate::limits::PRELUDE_LIMIT_BYTES;

/// Most bytes of names, and of values and cookies, that we process. Larger than the limit of the result, so
/// that the error has the exact size of a head that is slightly too large.
const RAW_LIMIT_BYTES: usize = 2 * PRELUDE_LIMIT_BYTES;

/// Bytes of a prelude that a header or cookie takes besides its content: quotes and a comma.
const LEAST_FIELD_BYTES: usize = 3;

/// Most headers and cookies that we process.
const FIELD_LIMIT: usize = PRELUDE_LIMIT_BYTES / LEAST_FIELD_BYTES;

const VALID_STATUS: std::ops::RangeInclusive<u16> = 100..=599;

/// Why a head cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidHead {
    /// The status is not an HTTP status.
    Status(u16),
    /// A header name, header value or cookie is not valid HTTP.
    Header(String),
    /// The encoded prelude exceeds [`PRELUDE_LIMIT_BYTES`].
    TooLarge {
        /// Its size, in bytes, including the delimiter.
        actual_bytes: usize,
    },
}

impl fmt::Display for InvalidHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status} is outside 100 to 599"),
            Self::Header(reason) => f.write_str(reason),
            Self::TooLarge { actual_bytes } => write!(
                f,
                "the head takes {actual_bytes} bytes, more than the limit of {PRELUDE_LIMIT_BYTES}"
            ),
        }
    }
}

impl std::error::Error for InvalidHead {}

/// A checked head, in the form that Lambda's front ends expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub(crate) status: u16,
    /// Bytes of all names, each counted once.
    name_bytes: usize,
    pub(crate) fields: Vec<Field>,
    pub(crate) cookies: Vec<String>,
}

/// One header: its name and all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: HeaderName,
    pub(crate) values: Vec<String>,
}

impl Head {
    /// The head of a response whose handler wrote without one: status 200, nothing else.
    pub(crate) fn implied() -> Self {
        Self {
            status: 200,
            name_bytes: 0,
            fields: vec![],
            cookies: vec![],
        }
    }

    /// Checks a head from the handler. Header names are folded to lower case and keep the order of their
    /// first occurrence.
    ///
    /// # Errors
    ///
    /// Names the first thing that is not valid HTTP, or the size of a head that cannot fit.
    pub fn check(
        status: u16,
        headers: Vec<(String, String)>,
        cookies: Vec<String>,
    ) -> Result<Self, InvalidHead> {
        if !VALID_STATUS.contains(&status) {
            return Err(InvalidHead::Status(status));
        }
        check_raw_size(&headers, &cookies)?;
        let mut head = Self {
            status,
            name_bytes: 0,
            fields: Vec::with_capacity(headers.len()),
            cookies: vec![],
        };
        for (name, value) in headers {
            head.add(&name, value)?;
        }
        for cookie in cookies {
            check_value(header::SET_COOKIE.as_str(), &cookie)?;
            head.cookies.push(cookie);
        }
        Ok(head)
    }

    /// Whether it has a `content-length`.
    pub(crate) fn has_length(&self) -> bool {
        let mut names = self.fields.iter().map(|field| &field.name);
        names.any(|name| *name == header::CONTENT_LENGTH)
    }

    fn add(&mut self, name: &str, value: String) -> Result<(), InvalidHead> {
        let name = HeaderName::try_from(name).map_err(|_| {
            InvalidHead::Header(format!("`{}` is not a valid header name", shown(name)))
        })?;
        check_value(name.as_str(), &value)?;
        if name == header::SET_COOKIE {
            self.cookies.push(value);
        } else if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.add(value)?;
        } else {
            self.add_field(Field::new(name, value)?)?;
        }
        Ok(())
    }

    fn add_field(&mut self, field: Field) -> Result<(), InvalidHead> {
        self.name_bytes += field.name.as_str().len();
        if self.name_bytes > RAW_LIMIT_BYTES {
            return Err(InvalidHead::TooLarge {
                actual_bytes: self.name_bytes,
            });
        }
        self.fields.push(field);
        Ok(())
    }
}

impl Field {
    fn new(name: HeaderName, value: String) -> Result<Self, InvalidHead> {
        if name == header::CONTENT_LENGTH && !is_length(&value) {
            return Err(InvalidHead::Header(format!(
                "`content-length` is `{}`, which is not a number of bytes",
                shown(&value)
            )));
        }
        Ok(Self {
            name,
            values: vec![value],
        })
    }

    fn add(&mut self, value: String) -> Result<(), InvalidHead> {
        // Two lengths, even equal ones, can make one response look like two.
        if self.name == header::CONTENT_LENGTH {
            return Err(InvalidHead::Header(
                "`content-length` is given more than once".to_owned(),
            ));
        }
        self.values.push(value);
        Ok(())
    }

    /// Returns all values joined, for readers that take one value per name.
    pub(crate) fn joined(&self) -> String {
        self.values.join(", ")
    }

    pub(crate) fn is_repeated(&self) -> bool {
        self.values.len() > 1
    }
}

/// Checks the media type of a stream without a head, and returns it as a header value.
///
/// # Errors
///
/// Returns the reason: it is not a media type (RFC 9110, section 8.3.1), or it announces a prelude.
pub fn raw_content_type(content_type: &str) -> Result<HeaderValue, String> {
    check_value(header::CONTENT_TYPE.as_str(), content_type).map_err(|error| error.to_string())?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| HeaderName::try_from(part).is_ok();
    let parts = essence.split_once('/');
    let is_media_type = parts.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if !content_type.is_ascii() || !is_media_type {
        return Err(format!("`{}` is not a media type", shown(content_type)));
    }
    if essence.eq_ignore_ascii_case(HTTP_INTEGRATION_TEXT) {
        return Err(format!(
            "`{essence}` announces a head: start the response with `write-headers`"
        ));
    }
    HeaderValue::try_from(content_type).map_err(|error| error.to_string())
}

/// Refuses a head that cannot fit in any encoding, so that the work on a head is bounded. Names are counted
/// later: a repeated name takes space once or twice, not each time.
fn check_raw_size(headers: &[(String, String)], cookies: &[String]) -> Result<(), InvalidHead> {
    let values = headers.iter().map(|(_, value)| value).chain(cookies);
    let value_bytes: usize = values.map(String::len).sum();
    let fields = headers.len() + cookies.len();
    if value_bytes > RAW_LIMIT_BYTES || fields > FIELD_LIMIT {
        return Err(InvalidHead::TooLarge {
            actual_bytes: value_bytes + fields * LEAST_FIELD_BYTES,
        });
    }
    Ok(())
}

/// Whether this is a valid HTTP length: digits that fit a number.
fn is_length(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u64>().is_ok()
}

/// Refuses control characters, which could end a header line early.
fn check_value(name: &str, value: &str) -> Result<(), InvalidHead> {
    match value.chars().find(|c| c.is_control() && *c != '\t') {
        None => Ok(()),
        Some(c) => Err(InvalidHead::Header(format!(
            "the value of header `{name}` contains the control character U+{:04X}",
            u32::from(c)
        ))),
    }
}

/// Returns the beginning of an untrusted name, in a form that is safe in a message.
fn shown(name: &str) -> String {
    const SHOWN_CHARS: usize = 64;
    name.chars()
        .take(SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect()
}
