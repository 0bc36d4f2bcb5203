//! One message of an event stream.

use std::error::Error as StdError;
use std::fmt;

use serde::de::DeserializeOwned;

use super::frame;
use crate::{Error, error::JsonError};

/// One message: headers with typed values, and a payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    pub(super) headers: Vec<(String, Value)>,
    pub(super) payload: Vec<u8>,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// 8 bits.
    Byte(i8),
    /// 16 bits.
    Short(i16),
    /// 32 bits.
    Integer(i32),
    /// 64 bits.
    Long(i64),
    /// Bytes, at most 65,535.
    Bytes(Vec<u8>),
    /// Text, at most 65,535 bytes.
    String(String),
    /// Milliseconds since 1970.
    Timestamp(i64),
    /// A UUID.
    Uuid([u8; 16]),
}

impl Message {
    /// Creates an event of this type, as services send it. Tests of proxies use it.
    pub fn event(event_type: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self::new(payload)
            .header(":message-type", Value::String("event".to_owned()))
            .header(":event-type", Value::String(event_type.into()))
    }

    /// Creates an exception of this type, as services send it. Tests of proxies use it.
    pub fn exception(exception_type: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self::new(payload)
            .header(":message-type", Value::String("exception".to_owned()))
            .header(":exception-type", Value::String(exception_type.into()))
    }

    /// Creates a message without headers.
    pub fn new(payload: impl Into<Vec<u8>>) -> Self {
        Self {
            headers: Vec::new(),
            payload: payload.into(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: Value) -> Self {
        self.headers.push((name.into(), value));
        self
    }

    /// Encodes the message with its checksums.
    ///
    /// # Panics
    ///
    /// When the name of a header is empty or longer than 255 bytes, a value is longer than 65,535 bytes, or the
    /// message longer than 4 GiB.
    pub fn encode(&self) -> Vec<u8> {
        frame::encode(self)
    }

    /// Returns the headers, in order.
    pub fn headers(&self) -> &[(String, Value)] {
        &self.headers
    }

    /// Returns the first value of a header.
    pub fn get_header(&self, name: &str) -> Option<&Value> {
        let mut headers = self.headers.iter();
        headers.find_map(|(it, value)| (it == name).then_some(value))
    }

    /// Returns the first value of a header that is text.
    pub fn text_header(&self, name: &str) -> Option<&str> {
        match self.get_header(name)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the type of the event (`:event-type`), such as `contentBlockDelta`.
    pub fn event_type(&self) -> Option<&str> {
        self.text_header(":event-type")
    }

    /// Returns the payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Reads the payload as JSON.
    ///
    /// # Errors
    ///
    /// When it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.payload).map_err(|source| {
            let attempted = "the payload of an event is not the expected JSON";
            JsonError { attempted, source }.into()
        })
    }

    /// Returns the exception, if the message is one (`:message-type` is `exception` or `error`).
    pub(super) fn as_exception(&self) -> Option<Exception> {
        let text = |name| self.text_header(name).unwrap_or_default().to_owned();
        match self.text_header(":message-type")? {
            "exception" => Some(Exception {
                name: text(":exception-type"),
                message: message_of(&self.payload),
            }),
            "error" => Some(Exception {
                name: text(":error-code"),
                message: text(":error-message"),
            }),
            _ => None,
        }
    }
}

/// Returns the member `message` of a JSON document, else the document as text.
fn message_of(payload: &[u8]) -> String {
    let document: Option<serde_json::Value> = serde_json::from_slice(payload).ok();
    let member = document.as_ref().and_then(|document| {
        let message = document.get("message").or_else(|| document.get("Message"));
        message?.as_str()
    });
    member.map_or_else(
        || String::from_utf8_lossy(payload).into_owned(),
        ToOwned::to_owned,
    )
}

/// A failure that the service reports within a stream, such as `throttlingException`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    name: String,
    message: String,
}

impl Exception {
    /// Returns the type of the exception, such as `throttlingException`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text of the service.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the exception behind an error, if there is one. Searches the sources, and inside
    /// [`io::Error`](std::io::Error).
    pub fn find_in<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        crate::error::find_in(error)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, message } = self;
        write!(f, "the service sent `{name}`")?;
        if !message.is_empty() {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

impl StdError for Exception {}
