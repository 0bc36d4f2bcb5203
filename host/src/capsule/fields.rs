//! Reads the values of a line.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::part::Taken;
use super::tape::{Kind, Seen};

/// The values of a line after its name.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [Value]);

impl Fields<'_> {
    pub(super) fn number(self, index: usize) -> Option<u64> {
        self.0.get(index)?.as_u64()
    }

    pub(super) fn text(self, index: usize) -> Option<String> {
        Some(self.0.get(index)?.as_str()?.to_owned())
    }

    pub(super) fn bytes(self, index: usize) -> Option<Vec<u8>> {
        bytes(self.0.get(index)?)
    }

    pub(super) fn taken(self, index: usize) -> Option<Taken> {
        let name = self.0.get(index)?.as_str()?;
        let all = [Taken::Whole, Taken::Closed, Taken::Refused];
        all.into_iter().find(|taken| taken.name() == name)
    }

    pub(super) fn pairs(self, index: usize) -> Option<Vec<(String, String)>> {
        let headers = self.headers(index)?.into_iter();
        let pairs = headers.map(|(name, value)| Some((name, String::from_utf8(value).ok()?)));
        pairs.collect()
    }

    pub(super) fn headers(self, index: usize) -> Option<Vec<(String, Vec<u8>)>> {
        let pairs = self.0.get(index)?.as_array()?.iter();
        let pairs = pairs.map(|pair| {
            let name = pair.get(0)?.as_str()?.to_owned();
            Some((name, bytes(pair.get(1)?)?))
        });
        pairs.collect()
    }

    pub(super) fn seen(self, kind: Kind) -> Option<Seen> {
        let value = self.0.first();
        Some(match (kind, value) {
            (Kind::Block, None) => Seen::Nothing,
            (Kind::Poll, Some(Value::Array(list))) => {
                let index = |value: &Value| u32::try_from(value.as_u64()?).ok();
                Seen::List(list.iter().map(index).collect::<Option<_>>()?)
            }
            (Kind::Ready, Some(Value::Bool(flag))) => Seen::Flag(*flag),
            (Kind::Read | Kind::Room | Kind::Splice, Some(Value::String(text)))
                if text == "ended" =>
            {
                Seen::Ended
            }
            (
                Kind::Wall | Kind::Monotonic | Kind::Read | Kind::Room | Kind::Splice,
                Some(Value::Number(number)),
            ) => Seen::Number(number.as_u64()?),
            _ => return None,
        })
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(object) => {
            let text = object.get("base64")?.as_str()?;
            BASE64_STANDARD.decode(text).ok()
        }
        _ => None,
    }
}
