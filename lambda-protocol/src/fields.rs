//! The headers of a [`Head`] as JSON objects, in the two forms that front ends read.

use http::header::SET_COOKIE;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::head::{Field, Head};

/// One string for each name: several values are joined.
pub(crate) struct SingleValues<'a> {
    fields: &'a [Field],
    cookie: Option<&'a String>,
}

impl<'a> SingleValues<'a> {
    /// The headers without the cookies.
    pub(crate) fn of(head: &'a Head) -> Self {
        Self {
            fields: &head.fields,
            cookie: None,
        }
    }

    /// The headers, and the last cookie as one of them.
    pub(crate) fn with_last_cookie(head: &'a Head) -> Self {
        Self {
            cookie: head.cookies.last(),
            ..Self::of(head)
        }
    }
}

impl Serialize for SingleValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in self.fields {
            map.serialize_entry(field.name.as_str(), &field.joined())?;
        }
        if let Some(cookie) = self.cookie {
            map.serialize_entry(SET_COOKIE.as_str(), cookie)?;
        }
        map.end()
    }
}

/// A list of values for each name.
pub(crate) struct MultiValues<'a> {
    fields: &'a [Field],
    only_repeated: bool,
    cookies: &'a [String],
}

impl<'a> MultiValues<'a> {
    /// All headers, and the cookies as one of them.
    pub(crate) fn all(head: &'a Head) -> Self {
        Self {
            fields: &head.fields,
            only_repeated: false,
            cookies: &head.cookies,
        }
    }

    /// The headers with more than one value.
    pub(crate) fn repeated(head: &'a Head) -> Self {
        Self {
            fields: &head.fields,
            only_repeated: true,
            cookies: &[],
        }
    }
}

impl Serialize for MultiValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let is_listed = |field: &&Field| !self.only_repeated || field.is_repeated();
        for field in self.fields.iter().filter(is_listed) {
            map.serialize_entry(field.name.as_str(), &field.values)?;
        }
        if !self.cookies.is_empty() {
            map.serialize_entry(SET_COOKIE.as_str(), self.cookies)?;
        }
        map.end()
    }
}
