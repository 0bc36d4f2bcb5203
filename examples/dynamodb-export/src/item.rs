//! Items of DynamoDB as plain JSON.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// An item, as an object with its attributes in alphabetical order.
pub(crate) struct Item<'a>(pub(crate) &'a HashMap<String, AttributeValue>);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sorted: BTreeMap<_, _> = self
            .0
            .iter()
            .map(|(name, value)| (name, Value(value)))
            .collect();
        sorted.serialize(serializer)
    }
}

/// A value: sets are arrays, bytes are Base64, and numbers keep all of their digits.
struct Value<'a>(&'a AttributeValue);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::S(text) => serializer.serialize_str(text),
            AttributeValue::N(digits) => Number(digits).serialize(serializer),
            AttributeValue::Bool(value) => serializer.serialize_bool(*value),
            AttributeValue::Null(_) => serializer.serialize_unit(),
            AttributeValue::B(bytes) => Bytes(bytes.as_ref()).serialize(serializer),
            AttributeValue::M(map) => Item(map).serialize(serializer),
            AttributeValue::L(list) => serializer.collect_seq(list.iter().map(Value)),
            AttributeValue::Ss(set) => serializer.collect_seq(set),
            AttributeValue::Ns(set) => serializer.collect_seq(set.iter().map(|it| Number(it))),
            AttributeValue::Bs(set) => {
                serializer.collect_seq(set.iter().map(|it| Bytes(it.as_ref())))
            }
            other => Err(S::Error::custom(format!(
                "unknown type of attribute: {other:?}"
            ))),
        }
    }
}

/// DynamoDB has numbers of up to 38 digits, as text.
struct Number<'a>(&'a str);

impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number: &RawValue = serde_json::from_str(self.0).map_err(S::Error::custom)?;
        number.serialize(serializer)
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}
