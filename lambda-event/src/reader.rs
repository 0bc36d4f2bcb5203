//! Reads an event in one pass.
//!
//! One visitor serves every member and takes its type from a table. A visitor for each type, as serde derives them,
//! is several times the code, which every handler would carry.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

use crate::ReadError;
use crate::fields::{Fields, Text};
use crate::members::{Member, Type};
use crate::raw::RawEvent;

/// Reads an event. One of no HTTP front end is empty.
///
/// # Errors
///
/// [`ReadError::NotJson`], and [`ReadError::Member`] for the event of an HTTP front end that has a member of
/// another type, or has it twice.
pub(crate) fn read(json: &[u8]) -> Result<RawEvent<'_>, ReadError> {
    let mut event = RawEvent::default();
    let Err(error) = read_into(&mut event, Strictness::Types, json) else {
        return Ok(event);
    };
    // Only the event of a front end has to have these types.
    let mut shape = RawEvent::default();
    if let Err(error) = read_into(&mut shape, Strictness::Shape, json) {
        return Err(ReadError::NotJson(error));
    }
    if shape.kind().is_none() || shape.asks_authorizer() {
        return Ok(RawEvent::default());
    }
    Err(ReadError::Member(event.unread.unwrap_or("event"), error))
}

fn read_into<'event>(
    event: &mut RawEvent<'event>,
    strictness: Strictness,
    json: &'event [u8],
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let root = Value {
        event,
        member: Member::Event,
        strictness,
    };
    root.deserialize(&mut deserializer)?;
    deserializer.end()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Members have the types of the tables.
    Types,
    /// Members have any type, and only their presence is noted.
    Shape,
}

/// Where the value of a member is read to.
struct Value<'a, 'event> {
    event: &'a mut RawEvent<'event>,
    member: Member,
    strictness: Strictness,
}

impl<'event> Value<'_, 'event> {
    fn expected(&self) -> Type {
        match (self.strictness, self.member) {
            (Strictness::Types, member) => member.value_type(),
            (Strictness::Shape, Member::Event | Member::Context) => self.member.value_type(),
            (Strictness::Shape, _) => Type::Any,
        }
    }

    /// Ends a value of another type than expected.
    fn other<E: Error>(self, unexpected: Unexpected<'_>) -> Result<(), E> {
        match self.expected() {
            Type::Any => self.event.note(self.member),
            _ if self.strictness == Strictness::Shape => {}
            _ => return Err(E::invalid_type(unexpected, &self)),
        }
        Ok(())
    }

    fn text<E: Error>(self, text: Cow<'event, str>) -> Result<(), E> {
        if let Type::Text = self.expected() {
            self.event.set_text(self.member, text);
            return Ok(());
        }
        self.other(Unexpected::Str(&text))
    }

    fn members<A: MapAccess<'event>>(
        self,
        members: &'static [(&'static str, Member)],
        mut map: A,
    ) -> Result<(), A::Error> {
        self.event.note(self.member);
        let mut seen = 0;
        while let Some(known) = map.next_key_seed(Name(members))? {
            let Some((name, member)) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if self.member == Member::Event {
                self.event.unread = Some(name);
            }
            if self.strictness == Strictness::Types && seen & member.bit() != 0 {
                return Err(A::Error::duplicate_field(name));
            }
            seen |= member.bit();
            map.next_value_seed(Value {
                event: self.event,
                member,
                strictness: self.strictness,
            })?;
        }
        Ok(())
    }
}

impl<'event> DeserializeSeed<'event> for Value<'_, 'event> {
    type Value = ();

    fn deserialize<D: Deserializer<'event>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'event> Visitor<'event> for Value<'_, 'event> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.member.value_type().name())
    }

    /// `null` counts as absent.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if let Type::Boolean = self.expected() {
            self.event.is_base64_encoded = value;
            return Ok(());
        }
        self.other(Unexpected::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.other(Unexpected::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.other(Unexpected::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.other(Unexpected::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'event str) -> Result<(), E> {
        self.text(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(Cow::Owned(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'event>>(self, mut seq: A) -> Result<(), A::Error> {
        if let Type::Texts = self.expected() {
            while let Some(Text(text)) = seq.next_element()? {
                self.event.cookies.push(text);
            }
            return Ok(());
        }
        self.other(Unexpected::Seq)?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'event>>(self, mut map: A) -> Result<(), A::Error> {
        match self.expected() {
            Type::Object(members) => return self.members(members, map),
            Type::Fields => {
                let fields = Fields::read(map)?;
                self.event.set_fields(self.member, fields);
                return Ok(());
            }
            _ => self.other(Unexpected::Map)?,
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Finds the name of a member in a table.
struct Name(&'static [(&'static str, Member)]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<(&'static str, Member)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<(&'static str, Member)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(known, _)| *known == name).copied())
    }
}
