//! The small formats inside an event: maps with one or several values per name, cookies.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// A string that is borrowed unless JSON escapes it.
#[derive(Debug)]
pub(crate) struct Text<'event>(pub(crate) Cow<'event, str>);

/// A JSON object of texts, or of lists of texts, in the order of the document. `null` is empty.
#[derive(Debug, Default)]
pub(crate) struct Fields<'event>(Vec<(Cow<'event, str>, Values<'event>)>);

/// The values of one name. `null` is none.
#[derive(Debug)]
enum Values<'event> {
    One(Cow<'event, str>),
    Many(Vec<Cow<'event, str>>),
}

impl<'event> Fields<'event> {
    /// Reads the names and values of an object.
    ///
    /// # Errors
    ///
    /// A value is neither a text, a list of texts nor `null`.
    pub(crate) fn read<A: MapAccess<'event>>(mut map: A) -> Result<Self, A::Error> {
        let mut fields = Self::default();
        while let Some(Text(name)) = map.next_key()? {
            fields.0.push((name, map.next_value()?));
        }
        Ok(fields)
    }

    pub(crate) const EMPTY: Self = Self(Vec::new());

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of names.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Yields every name with every value it has.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            let (one, many) = match values {
                Values::One(value) => (Some(&**value), [].as_slice()),
                Values::Many(values) => (None, values.as_slice()),
            };
            let many = many.iter().map(|value| &**value);
            one.into_iter().chain(many).map(|value| (&**name, value))
        })
    }
}

impl<'de: 'event, 'event> Deserialize<'de> for Text<'event> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
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
            values.extend(value.map(|Text(value)| value));
        }
        Ok(Values::Many(values))
    }
}

/// Splits a line `a=1; b=2` into names and values. A part without `=` is not a cookie.
pub fn parse_cookies(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
}
