//! The small formats inside an event: maps with one or several values per name, cookies.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// A JSON object of texts, or of lists of texts, in the order of the document. `null` is empty.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, OneOrMany)>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
    Null(()),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
            Self::Null(()) => &[],
        }
    }
}

impl Fields {
    /// Returns these fields, or the others when these are empty.
    pub(super) fn or<'a>(&'a self, others: &'a Self) -> &'a Self {
        if self.0.is_empty() { others } else { self }
    }

    /// Yields every name with every value it has.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            values
                .as_slice()
                .iter()
                .map(|value| (name.as_str(), value.as_str()))
        })
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts or lists of texts, or null")
    }

    fn visit_unit<E>(self) -> Result<Fields, E> {
        Ok(Fields::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some(field) = map.next_entry()? {
            fields.0.push(field);
        }
        Ok(fields)
    }
}

/// Splits `a=1; b=2` into names and values. A part without `=` is not a cookie.
pub(crate) fn parse_cookies(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
}
