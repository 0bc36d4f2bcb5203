//! A request as recorded on the wire: head, chunks and trailers, with the time each arrived.

use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::wire::{Field, field};

/// The delimiter at the end of the prelude.
pub const DELIMITER: [u8; 8] = [0; 8];

/// The prelude of a response whose handler wrote no head.
pub const IMPLIED_PRELUDE: &[u8] = b"{\"statusCode\":200,\"headers\":{},\"cookies\":[]}";

/// One chunk of a body.
#[derive(Clone)]
pub struct Chunk {
    /// When its last byte was read.
    pub at: Instant,
    pub data: Vec<u8>,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Not yet.
    Open,
    /// Complete: by its length, or with a last chunk without trailers.
    Clean,
    /// With a last chunk and trailers.
    Trailers,
    /// The connection ended before the body did.
    Truncated,
}

/// One request, and the time of its response.
#[derive(Clone)]
pub struct Exchange {
    /// Number of its connection, counted from 0.
    pub connection: usize,
    /// The bytes of the head, including its empty line.
    pub head: Vec<u8>,
    /// When the head was read.
    pub began: Instant,
    pub chunks: Vec<Chunk>,
    pub trailers: Vec<Field>,
    /// The bytes from the size line of the last chunk.
    pub tail: Vec<u8>,
    pub end: End,
    /// When the body ended.
    pub ended: Option<Instant>,
    /// Just before the first byte of the answer was sent.
    pub answered: Option<Instant>,
}

impl Exchange {
    pub fn new(connection: usize, head: Vec<u8>) -> Self {
        Self {
            connection,
            head,
            began: Instant::now(),
            chunks: Vec::new(),
            trailers: Vec::new(),
            tail: Vec::new(),
            end: End::Open,
            ended: None,
            answered: None,
        }
    }

    fn head_lines(&self) -> impl Iterator<Item = &str> {
        let head = std::str::from_utf8(&self.head).expect("a head is ASCII");
        head.split("\r\n").filter(|line| !line.is_empty())
    }

    /// For example `GET /path HTTP/1.1`.
    pub fn request_line(&self) -> &str {
        self.head_lines().next().unwrap_or_default()
    }

    pub fn path(&self) -> &str {
        self.request_line()
            .split(' ')
            .nth(1)
            .expect("a request line has a path")
    }

    pub fn is_poll(&self) -> bool {
        self.request_line().starts_with("GET ") && self.path().ends_with("/invocation/next")
    }

    pub fn headers(&self) -> Vec<Field> {
        let lines = self.head_lines().skip(1).map(field);
        lines.collect::<Result<_, _>>().expect("header lines")
    }

    /// The values of the header lines of this name, joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers()
            .into_iter()
            .filter(|(found, _)| found == name)
            .map(|(_, value)| value)
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Asserts that there is a header of this name with this value.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) {
        assert_eq!(self.header(name).as_deref(), Some(value), "{name}");
    }

    /// The message of the error document.
    #[track_caller]
    pub fn error_message(&self) -> String {
        let document = self.document();
        document["errorMessage"]
            .as_str()
            .expect("a text")
            .to_owned()
    }

    /// The whole body without chunk framing.
    pub fn data(&self) -> Vec<u8> {
        let chunks: Vec<_> = self.chunks.iter().map(|c| c.data.as_slice()).collect();
        chunks.concat()
    }

    /// The body as an error document.
    #[track_caller]
    pub fn document(&self) -> Value {
        serde_json::from_slice(&self.data()).expect("an error is posted as JSON")
    }

    /// The JSON before the delimiter, and the body after it.
    #[track_caller]
    pub fn prelude_and_body(&self) -> (Value, Vec<u8>) {
        let data = self.data();
        let at = data
            .windows(DELIMITER.len())
            .position(|window| window == DELIMITER)
            .unwrap_or_else(|| panic!("no delimiter in `{}`", data.escape_ascii()));
        let prelude = serde_json::from_slice(&data[..at]).expect("a prelude is JSON");
        (prelude, data[at + DELIMITER.len()..].to_vec())
    }

    #[track_caller]
    pub fn prelude(&self) -> Value {
        self.prelude_and_body().0
    }

    /// The body after the prelude, as text.
    #[track_caller]
    pub fn body(&self) -> String {
        String::from_utf8(self.prelude_and_body().1).expect("the script writes text")
    }

    #[track_caller]
    pub fn trailer(&self, name: &str) -> String {
        let trailer = self.trailers.iter().find(|(found, _)| found == name);
        trailer
            .unwrap_or_else(|| panic!("no trailer `{name}` in {:?}", self.trailers))
            .1
            .clone()
    }

    #[track_caller]
    pub fn trailer_error_type(&self) -> String {
        self.trailer("lambda-runtime-function-error-type")
    }

    /// The error document in the trailers.
    #[track_caller]
    pub fn trailer_document(&self) -> Value {
        let body = self.trailer("lambda-runtime-function-error-body");
        let json = BASE64_STANDARD.decode(body).expect("base64");
        serde_json::from_slice(&json).expect("the trailer holds JSON")
    }

    #[track_caller]
    pub fn assert_clean_end(&self) {
        assert_eq!(self.end, End::Clean, "{self:?}");
        assert_eq!(self.tail, b"0\r\n\r\n", "{self:?}");
    }

    /// Asserts that the body ends in correctly framed trailers of this error type.
    #[track_caller]
    pub fn assert_failed(&self, error_type: &str) {
        assert_eq!(self.end, End::Trailers, "{self:?}");
        assert_eq!(self.trailer_error_type(), error_type, "{self:?}");
        assert_eq!(self.trailer_document()["errorType"], error_type);
        assert!(self.tail.starts_with(b"0\r\n"), "{self:?}");
        assert!(self.tail.ends_with(b"\r\n\r\n"), "{self:?}");
        assert_eq!(self.trailers.len(), 2, "{self:?}");
        assert!(!contains(&self.data(), b"ambda-runtime-function-error"));
    }
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = self.data();
        let shown = data.get(..600).unwrap_or(&data);
        write!(
            f,
            "connection {}: `{}` {} bytes in {} chunks `{}`, end {:?} `{}`, answered: {}",
            self.connection,
            self.head.escape_ascii(),
            data.len(),
            self.chunks.len(),
            shown.escape_ascii(),
            self.end,
            self.tail.escape_ascii(),
            self.answered.is_some()
        )
    }
}

/// Returns whether `text` contains `part`.
pub fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
