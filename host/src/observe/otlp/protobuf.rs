//! The encoding of protocol buffers, as far as OTLP's traces need it. Members are written in the order of their numbers,
//! and left out if they have their default, so that a decoder that encodes a message again makes the same bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Begins a text of JSON that stands for bytes, in base64.
const BYTES: &str = "data:application/octet-stream;base64,";

/// A message that is being encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

/// The types of members on the wire.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

impl Message {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn text(&mut self, number: u32, text: &str) {
        self.bytes(number, text.as_bytes());
    }

    pub(super) fn bytes(&mut self, number: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.delimited(number, bytes);
        }
    }

    /// A message, also if it is empty.
    pub(super) fn message(&mut self, number: u32, message: &Self) {
        self.delimited(number, &message.0);
    }

    pub(super) fn enumeration(&mut self, number: u32, value: u64) {
        if value != 0 {
            self.key(number, VARINT);
            self.varint(value);
        }
    }

    pub(super) fn fixed64(&mut self, number: u32, value: u64) {
        if value != 0 {
            self.key(number, FIXED64);
            self.0.extend(value.to_le_bytes());
        }
    }

    pub(super) fn fixed32(&mut self, number: u32, value: u32) {
        if value != 0 {
            self.key(number, FIXED32);
            self.0.extend(value.to_le_bytes());
        }
    }

    fn delimited(&mut self, number: u32, bytes: &[u8]) {
        self.key(number, LENGTH_DELIMITED);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(bytes);
    }

    fn key(&mut self, number: u32, wire_type: u32) {
        self.varint(u64::from((number << 3) | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or(0));
    }
}

/// A `KeyValue`.
pub(super) fn attribute(name: &str, value: &Value) -> Message {
    let mut attribute = Message::default();
    attribute.text(1, name);
    attribute.message(2, &any_value(value));
    attribute
}

/// An `AnyValue`. Its member is written also if it has its default, because it says which kind of value this is.
fn any_value(value: &Value) -> Message {
    let mut any = Message::default();
    match value {
        Value::Null => {}
        Value::String(text) => match bytes(text) {
            Some(bytes) => any.delimited(7, &bytes),
            None => any.delimited(1, text.as_bytes()),
        },
        Value::Bool(value) => {
            any.key(2, VARINT);
            any.varint(u64::from(*value));
        }
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => {
                any.key(4, FIXED64);
                any.0.extend(number.to_le_bytes());
            }
            None => {
                any.key(3, VARINT);
                any.varint(number.as_i64().unwrap_or(i64::MAX).cast_unsigned());
            }
        },
        Value::Array(values) => {
            let mut array = Message::default();
            for value in values {
                array.message(1, &any_value(value));
            }
            any.message(5, &array);
        }
        Value::Object(members) => {
            let mut list = Message::default();
            for (name, value) in members {
                list.message(1, &attribute(name, value));
            }
            any.message(6, &list);
        }
    }
    any
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text.strip_prefix(BYTES)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_encoded_as_the_specification_has_them() {
        let mut message = Message::default();
        message.enumeration(1, 150);
        assert_eq!(message.0, [0x08, 0x96, 0x01]);
        let mut message = Message::default();
        message.text(2, "testing");
        assert_eq!(message.0, b"\x12\x07testing");
        let mut outer = Message::default();
        let mut inner = Message::default();
        inner.enumeration(1, 150);
        outer.message(3, &inner);
        assert_eq!(outer.0, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let mut message = Message::default();
        message.fixed64(16, 1);
        assert_eq!(message.0, [0x81, 0x01, 1, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_default_is_left_out_unless_it_is_a_choice() {
        let mut message = Message::default();
        message.text(1, "");
        message.enumeration(2, 0);
        message.fixed64(3, 0);
        message.fixed32(4, 0);
        assert!(message.0.is_empty());
        assert_eq!(any_value(&false.into()).0, [0x10, 0]);
        assert_eq!(any_value(&"".into()).0, [0x0a, 0]);
        assert_eq!(any_value(&0.into()).0, [0x18, 0]);
        assert_eq!(any_value(&(-1).into()).0.len(), 11);
    }
}
