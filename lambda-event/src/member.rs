//! Which member of an event has a value of another type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use lambda_protocol::Object;
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};

use crate::ReadError;
use crate::fields::{Fields, Text};
use crate::raw::RawContext;

/// Finds the first invalid member of an event that could not be parsed; `error` is what the parser said.
pub(crate) fn invalid(event: &[u8], error: serde_json::Error) -> ReadError {
    let found = None
        .or_else(|| first::<Option<Text<'_>>>(event, &TEXTS))
        .or_else(|| first::<Fields<'_>>(event, &FIELDS))
        .or_else(|| first::<Option<Vec<Text<'_>>>>(event, &["cookies"]))
        .or_else(|| first::<Option<bool>>(event, &BOOLEANS))
        .or_else(|| first::<Object<RawContext<'_>>>(event, &["requestContext"]));
    let (member, error) = found.unwrap_or(("event", error));
    ReadError::Member(member, error)
}

const TEXTS: [&str; 7] = [
    "httpMethod",
    "method",
    "path",
    "rawPath",
    "raw_path",
    "rawQueryString",
    "body",
];
const FIELDS: [&str; 5] = [
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "query_string_parameters",
    "multiValueQueryStringParameters",
];
const BOOLEANS: [&str; 2] = ["isBase64Encoded", "is_base64_encoded"];

/// Returns the first of these members that is not a `T`.
fn first<'de, T: Deserialize<'de>>(
    event: &'de [u8],
    members: &[&'static str],
) -> Option<(&'static str, serde_json::Error)> {
    members.iter().find_map(|member| {
        let mut deserializer = serde_json::Deserializer::from_slice(event);
        let seed = Member::<T>(member, PhantomData);
        Some((*member, seed.deserialize(&mut deserializer).err()?))
    })
}

/// Reads one member of an object, and skips all others.
struct Member<T>(&'static str, PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Member<T> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Member<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            if name == self.0 {
                map.next_value::<T>()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
