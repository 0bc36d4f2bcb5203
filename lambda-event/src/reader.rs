//! Reads an event in one pass.
//!
//! One function serves every member and takes its type from a table. A function for each type, as serde derives them,
//! is several times the code, which every handler would carry.

use std::borrow::Cow;

use crate::ReadError;
use crate::error::TypeMismatch;
use crate::fields::{Fields, Values};
use crate::json::{Json, JsonError, Kind};
use crate::members::{Member, Type};
use crate::raw::RawEvent;

/// Reads an event. Returns an empty one if it does not come from an HTTP front end.
///
/// # Errors
///
/// [`ReadError::NotJson`], and for the event of an HTTP front end [`ReadError::Member`] or [`ReadError::Twice`].
#[inline(never)]
pub(crate) fn read(json: &[u8]) -> Result<RawEvent<'_>, ReadError> {
    let mut reader = Reader {
        json: Json::new(json),
        event: RawEvent::default(),
        member: "event",
        fault: None,
    };
    let read = reader.value(Member::Event);
    read.and_then(|()| reader.json.end())
        .map_err(ReadError::NotJson)?;
    let Some(fault) = reader.fault else {
        return Ok(reader.event);
    };
    // Only the event of a front end has to have these types.
    if reader.event.kind().is_none() || reader.event.asks_authorizer() {
        return Ok(RawEvent::default());
    }
    Err(fault)
}

struct Reader<'event> {
    json: Json<'event>,
    event: RawEvent<'event>,
    /// The name of the member of the event that is being read.
    member: &'static str,
    /// What is wrong with the first member that has anything wrong with it.
    fault: Option<ReadError>,
}

impl<'event> Reader<'event> {
    /// Reads the value of a member. `null` counts as absent.
    fn value(&mut self, member: Member) -> Result<(), JsonError> {
        let found = self.json.kind()?;
        if found == Kind::Null {
            return self.json.skip();
        }
        // No front end has a context of another type, whatever else the event has.
        if member != Member::Context || found == Kind::Object {
            self.event.note(member);
        }
        match (member.value_type(), found) {
            (Type::Text, Kind::Text) => {
                let text = self.json.text()?;
                self.event.set_text(member, text);
            }
            (Type::Fields, Kind::Object) => {
                let fields = self.fields()?;
                self.event.set_fields(member, fields);
            }
            (Type::Texts, Kind::List) => self.event.cookies = self.texts(false)?,
            (Type::Boolean, Kind::Boolean) => self.event.is_base64_encoded = self.json.boolean()?,
            (Type::Object(members), Kind::Object) => self.members(member, members)?,
            (Type::Any, _) => self.json.skip()?,
            (expected, _) => self.mismatch(expected.name(), found)?,
        }
        Ok(())
    }

    fn members(
        &mut self,
        of: Member,
        known: &'static [(&'static str, Member)],
    ) -> Result<(), JsonError> {
        let mut seen = 0;
        self.json.open();
        while let Some(name) = self.json.name()? {
            let Some((name, member)) = known.iter().find(|(known, _)| *known == name) else {
                self.json.skip()?;
                continue;
            };
            if of == Member::Event {
                self.member = name;
            }
            if seen & member.bit() != 0 {
                self.fault.get_or_insert(ReadError::Twice(name));
            }
            seen |= member.bit();
            self.value(*member)?;
        }
        Ok(())
    }

    /// Reads names with their values.
    fn fields(&mut self) -> Result<Fields<'event>, JsonError> {
        let mut fields = Fields::EMPTY;
        self.json.open();
        while let Some(name) = self.json.name()? {
            fields.push(name, self.values()?);
        }
        Ok(fields)
    }

    fn values(&mut self) -> Result<Values<'event>, JsonError> {
        Ok(match self.json.kind()? {
            Kind::Text => Values::One(self.json.text()?),
            Kind::List => Values::Many(self.texts(true)?),
            found => {
                if found == Kind::Null {
                    self.json.skip()?;
                } else {
                    self.mismatch("a string, a list of strings, or null", found)?;
                }
                Values::Many(Vec::new())
            }
        })
    }

    /// Reads a list of texts.
    fn texts(&mut self, may_be_null: bool) -> Result<Vec<Cow<'event, str>>, JsonError> {
        let mut texts = Vec::new();
        self.json.open();
        while self.json.has_element()? {
            match self.json.kind()? {
                Kind::Text => texts.push(self.json.text()?),
                Kind::Null if may_be_null => self.json.skip()?,
                found => self.mismatch("a string", found)?,
            }
        }
        Ok(texts)
    }

    /// Passes over a value of another type than expected.
    fn mismatch(&mut self, expected: &'static str, found: Kind) -> Result<(), JsonError> {
        let mismatch = TypeMismatch {
            expected,
            found: found.name(),
        };
        let fault = ReadError::Member(self.member, mismatch);
        self.fault.get_or_insert(fault);
        self.json.skip()
    }
}
