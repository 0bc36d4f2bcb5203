//! The small formats inside an event: maps with one or several values per name, cookies.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// A string that is borrowed unless JSON escapes it: serde by itself does not borrow an
/// `Option<Cow<str>>`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Text<'event>(#[serde(borrow)] pub(crate) Cow<'event, str>);

/// A JSON object of texts, or of lists of texts, in the order of the document. `null` is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields<'event>(Vec<(Text<'event>, Values<'event>)>);

/// The values of one name. `null` is none.
#[derive(Clone, Debug)]
enum Values<'event> {
    One(Cow<'event, str>),
    Many(Vec<Text<'event>>),
}

impl<'event> Fields<'event> {
    /// Returns these fields, or the others when these are empty.
    pub(crate) fn or<'a>(&'a self, others: &'a Self) -> &'a Self {
        if self.0.is_empty() { others } else { self }
    }

    /// Yields every name with every value it has.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            let (one, many) = match values {
                Values::One(value) => (Some(&**value), [].as_slice()),
                Values::Many(values) => (None, values.as_slice()),
            };
            let many = many.iter().map(|value| &*value.0);
            one.into_iter().chain(many).map(|value| (&*name.0, value))
        })
    }
}

impl<'de: 'event, 'event> Deserialize<'de> for Fields<'event> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts or lists of texts, or null")
    }

    fn visit_unit<E>(self) -> Result<Fields<'de>, E> {
        Ok(Fields::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(field) = map.next_entry()? {
            fields.0.push(field);
        }
        Ok(fields)
    }
}

impl<'de: 'event, 'event> Deserialize<'de> for Values<'event> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Values<'de>, E> {
        Ok(Values::One(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Values<'de>, E> {
        Ok(Values::One(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Values<'de>, E> {
        Ok(Values::Many(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element::<Option<Text<'de>>>()? {
            values.extend(value);
        }
        Ok(Values::Many(values))
    }
}

/// Splits a line `a=1; b=2` into names and values. A part without `=` is not a cookie.
pub fn parse_cookies(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
}
