//! The small formats inside an event: maps with one or several values per name, cookies.

use std::borrow::Cow;
use std::slice;

/// Names, each with one text or a list of texts, in the order of the document.
#[derive(Debug, Default)]
pub(crate) struct Fields<'event>(Vec<(Cow<'event, str>, Values<'event>)>);

/// The values of one name.
#[derive(Debug)]
pub(crate) enum Values<'event> {
    One(Cow<'event, str>),
    Many(Vec<Cow<'event, str>>),
}

impl<'event> Fields<'event> {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    pub(crate) fn push(&mut self, name: Cow<'event, str>, values: Values<'event>) {
        self.0.push((name, values));
    }

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
            let values = match values {
                Values::One(value) => slice::from_ref(value),
                Values::Many(values) => values,
            };
            values.iter().map(|value| (&**name, &**value))
        })
    }
}

/// Splits a line `a=1; b=2` into names and values. A part without `=` is not a cookie.
pub fn parse_cookies(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
}
