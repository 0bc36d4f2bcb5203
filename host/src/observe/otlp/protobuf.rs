//! The encoding of protocol buffers, as far as OTLP's traces need it. Members are written in the order of their numbers,
//! and left out if they have their default, so that a decoder that encodes a message again makes the same bytes.

/// A message that is being encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attribute {
    Text(String),
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Texts(Vec<String>),
}

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
pub(super) fn attribute(name: &str, value: &Attribute) -> Message {
    let mut attribute = Message::default();
    attribute.text(1, name);
    attribute.message(2, &any_value(value));
    attribute
}

/// An `AnyValue`. Its member is written also if it has its default, because it says which kind of value this is.
fn any_value(value: &Attribute) -> Message {
    let mut any = Message::default();
    match value {
        Attribute::Text(text) => any.delimited(1, text.as_bytes()),
        Attribute::Boolean(value) => {
            any.key(2, VARINT);
            any.varint(u64::from(*value));
        }
        Attribute::Integer(value) => {
            any.key(3, VARINT);
            any.varint(value.cast_unsigned());
        }
        Attribute::Number(value) => {
            any.key(4, FIXED64);
            any.0.extend(value.to_le_bytes());
        }
        Attribute::Texts(texts) => {
            let mut array = Message::default();
            for text in texts {
                array.message(1, &any_value(&Attribute::Text(text.clone())));
            }
            any.message(5, &array);
        }
    }
    any
}

macro_rules! from {
    ($type:ty, $kind:ident) => {
        impl From<$type> for Attribute {
            fn from(value: $type) -> Self {
                Self::$kind(value.into())
            }
        }
    };
}
from!(&str, Text);
from!(String, Text);
from!(bool, Boolean);
from!(u16, Integer);
from!(f64, Number);

impl From<u64> for Attribute {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
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
        assert_eq!(any_value(&0_u64.into()).0, [0x18, 0]);
        assert_eq!(any_value(&Attribute::Integer(-1)).0.len(), 11);
    }
}
