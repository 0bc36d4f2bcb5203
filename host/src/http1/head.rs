//! The head of what the Runtime API answers.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::{HeaderName, StatusCode, header};
use httparse::{EMPTY_HEADER, Header, Response, Status};

use super::error::InvalidAnswer;

/// Headers of one answer. A usual limit of 100 would lose an event with more.
const HEADER_LIMIT: usize = 1000;

/// Headers that are looked for at first.
const USUAL_HEADERS: usize = 64;

/// Most that is kept of an unfinished head, in bytes.
const HEAD_LIMIT_BYTES: usize = 512 * 1024;

/// A status and headers.
#[derive(Debug)]
pub struct AnswerHead {
    /// What it says.
    pub status: StatusCode,
    /// HTTP/1.0.
    is_old: bool,
    bytes: Bytes,
    fields: Vec<Field>,
}

/// Where a header is in the bytes of its head.
#[derive(Debug)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

/// How the body behind a head ends ("RFC 9112", section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this number of bytes.
    Length(u64),
    /// After a chunk without a byte, and trailers.
    Chunked,
    /// With the connection.
    UntilClose,
}

impl AnswerHead {
    /// Takes a head from the beginning of `input`: `None` if it is not all there. What says that the
    /// request may go on, and the like, is not one.
    ///
    /// # Errors
    ///
    /// When this is not HTTP/1, or a head of more than 1,000 headers or 512 KiB.
    pub fn take(input: &mut BytesMut) -> Result<Option<Self>, InvalidAnswer> {
        loop {
            let mut usual = [EMPTY_HEADER; USUAL_HEADERS];
            let taken = match Self::parse(input, &mut usual) {
                Err(InvalidAnswer::Syntax(httparse::Error::TooManyHeaders)) => {
                    Self::parse(input, &mut vec![EMPTY_HEADER; HEADER_LIMIT])?
                }
                taken => taken?,
            };
            let Some((mut head, length)) = taken else {
                if input.len() > HEAD_LIMIT_BYTES {
                    return Err(InvalidAnswer::LongHead(HEAD_LIMIT_BYTES));
                }
                return Ok(None);
            };
            head.bytes = input.split_to(length).freeze();
            if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Ok(Some(head));
            }
        }
    }

    fn parse<'a>(
        input: &'a [u8],
        headers: &mut [Header<'a>],
    ) -> Result<Option<(Self, usize)>, InvalidAnswer> {
        let mut response = Response::new(headers);
        let Status::Complete(length) = response.parse(input)? else {
            return Ok(None);
        };
        let status = response.code.unwrap_or_default();
        let place = |part: &[u8]| {
            let start = part.as_ptr().addr() - input.as_ptr().addr();
            start..start + part.len()
        };
        let field = |header: &Header<'_>| Field {
            name: place(header.name.as_bytes()),
            value: place(header.value),
        };
        let head = Self {
            status: StatusCode::from_u16(status).map_err(|_| InvalidAnswer::Status(status))?,
            is_old: response.version == Some(0),
            bytes: Bytes::new(),
            fields: response.headers.iter().map(field).collect(),
        };
        Ok(Some((head, length)))
    }

    /// The first value of a header.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.all(name).next()
    }

    fn all(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        let part = |place: &Range<usize>| self.bytes.get(place.clone()).unwrap_or_default();
        self.fields
            .iter()
            .filter(move |field| part(&field.name).eq_ignore_ascii_case(name.as_str().as_bytes()))
            .map(move |field| part(&field.value))
    }

    /// The words of a header that is a list.
    fn words(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
    }

    /// Whether the connection may be used again.
    pub(crate) fn keeps_connection(&self) -> bool {
        let says = |what: &[u8]| {
            let mut words = self.words(&header::CONNECTION);
            words.any(|word| word.eq_ignore_ascii_case(what))
        };
        let has = |name| self.get(name).is_some();
        // Two lengths are how one answer is made to look like two.
        let is_ambiguous = has(&header::TRANSFER_ENCODING) && has(&header::CONTENT_LENGTH);
        !is_ambiguous && !says(b"close") && (!self.is_old || says(b"keep-alive"))
    }

    /// What it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How the body ends.
    ///
    /// # Errors
    ///
    /// When its length is not one number, or it comes in chunks that its version does not have.
    pub fn framing(&self) -> Result<Framing, InvalidAnswer> {
        if matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            return Ok(Framing::Length(0));
        }
        if let Some(coding) = self.words(&header::TRANSFER_ENCODING).last() {
            if self.is_old {
                return Err(InvalidAnswer::Chunk);
            }
            let is_chunked = coding.eq_ignore_ascii_case(b"chunked");
            return Ok(if is_chunked {
                Framing::Chunked
            } else {
                Framing::UntilClose
            });
        }
        let mut lengths = self.words(&header::CONTENT_LENGTH).map(length);
        let Some(first) = lengths.next() else {
            return Ok(Framing::UntilClose);
        };
        if lengths.any(|length| length != first) {
            return Err(InvalidAnswer::Length);
        }
        first.map(Framing::Length).ok_or(InvalidAnswer::Length)
    }
}

/// Digits, and few enough to be a number.
fn length(text: &[u8]) -> Option<u64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> AnswerHead {
        let mut input = BytesMut::from(text);
        let head = AnswerHead::take(&mut input).unwrap().unwrap();
        assert!(input.is_empty());
        head
    }

    fn framing(fields: &str) -> Result<Framing, InvalidAnswer> {
        head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).framing()
    }

    #[test]
    fn headers_are_found_however_their_names_are_spelled() {
        let head = head("HTTP/1.1 202 Accepted\r\nContent-TYPE: a\r\nx: 1\r\nX: 2\r\n\r\n");
        assert_eq!(head.status, StatusCode::ACCEPTED);
        assert_eq!(head.get(&header::CONTENT_TYPE), Some(&b"a"[..]));
        assert_eq!(head.get(&HeaderName::from_static("x")), Some(&b"1"[..]));
        assert_eq!(head.get(&header::DATE), None);
    }

    #[test]
    fn a_head_is_taken_once_it_is_whole_and_nothing_behind_it_is() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\n";
        let (last, before) = text.as_bytes().split_last().unwrap();
        let mut input = BytesMut::new();
        for byte in before {
            input.extend_from_slice(&[*byte]);
            assert!(AnswerHead::take(&mut input).unwrap().is_none());
        }
        input.extend_from_slice(&[*last]);
        input.extend_from_slice(b"body");
        let head = AnswerHead::take(&mut input).unwrap().unwrap();
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(&input[..], b"body");
    }

    #[test]
    fn a_head_has_limits() {
        let fields = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert_eq!(head(&fields(1000)).fields.len(), 1000);
        for (text, reason) in [
            (fields(1001), "too many headers"),
            (
                format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(512 * 1024)),
                "524288 bytes",
            ),
            ("HTTP/1.1 099 OK\r\n\r\n".to_owned(), "status 99"),
            ("SSH-2.0-x\r\n\r\n".to_owned(), "HTTP version"),
        ] {
            let error = AnswerHead::take(&mut BytesMut::from(text.as_bytes())).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[test]
    fn the_end_of_a_body_is_found_as_http_says() {
        for (fields, expected) in [
            ("", Framing::UntilClose),
            ("content-length: 7\r\n", Framing::Length(7)),
            (
                "content-length: 7, 7\r\ncontent-length: 7\r\n",
                Framing::Length(7),
            ),
            ("transfer-encoding: chunked\r\n", Framing::Chunked),
            (
                "content-length: 7\r\ntransfer-encoding: gzip, Chunked\r\n",
                Framing::Chunked,
            ),
            ("transfer-encoding: gzip\r\n", Framing::UntilClose),
        ] {
            assert_eq!(framing(fields).unwrap(), expected, "{fields}");
        }
        for length in ["", "-1", "+7", "7, 8", "99999999999999999999"] {
            assert!(framing(&format!("content-length: {length}\r\n")).is_err());
        }
        let old = head("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        assert!(old.framing().is_err());
        let nothing = head("HTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\n");
        assert_eq!(nothing.framing().unwrap(), Framing::Length(0));
    }

    #[test]
    fn a_connection_is_kept_unless_its_answer_says_otherwise() {
        for (text, keeps) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\n\r\n", true),
            (
                "HTTP/1.0 200 OK\r\nconnection: keep-alive, close\r\n\r\n",
                false,
            ),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n",
                false,
            ),
        ] {
            assert_eq!(head(text).keeps_connection(), keeps, "{text}");
        }
    }
}
