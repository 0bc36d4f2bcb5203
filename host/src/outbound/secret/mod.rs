//! Secrets that the guest can use but never see. Decides, and does no I/O.
//!
//! The guest sees a placeholder. `head` finds and replaces it in the head of a request, `body` in its body.

mod body;
mod form;
mod head;
mod json;
mod source;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use artifact::hex;
use http::HeaderValue;

use super::target::{Destination, Target};
#[cfg(feature = "outbound-http")]
pub(crate) use body::{Kind, plan};
#[cfg(feature = "outbound-http")]
pub(crate) use head::{fill_head, find_in_head};
#[cfg(feature = "outbound-http")]
pub(crate) use source::Store;
pub(crate) use source::{EXPECTED as SOURCE_EXPECTED, Source};

/// Random bytes in a placeholder: as hard to guess as a key, so that untrusted text cannot contain one.
const PLACEHOLDER_BYTES: usize = 16;

/// Most bytes by which the values of secrets may lengthen a head, or a body. Bounds the memory of a request with many
/// placeholders.
const GROWTH_LIMIT_BYTES: usize = 64 * 1024;

/// The value of a secret. It has no `Debug` form.
#[derive(Clone)]
pub(crate) struct Text(Arc<str>);

/// Where the value of a secret comes from.
#[derive(Clone)]
pub(crate) enum Value {
    /// A variable of the function.
    Given(Text),
    /// A store, from which the host fetches it.
    Stored(Source),
}

/// A part of a request in which a placeholder is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The value of a header.
    Header,
    /// User and password of `Basic` authentication, which are encoded.
    Basic,
    /// A string in a JSON body, or a value in a form.
    Body,
}

/// A host that gets the value, and where.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) target: Target,
    pub(crate) places: Vec<Place>,
}

/// One secret. Its `Debug` form omits the value.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// The value that the guest sees.
    pub(crate) placeholder: String,
    pub(crate) value: Value,
    pub(crate) uses: Vec<Use>,
}

/// A placeholder, and the value that replaces it.
#[derive(Clone)]
pub(crate) struct Filling<'a> {
    pub(crate) secret: &'a Secret,
    pub(crate) value: Text,
}

impl Text {
    pub(crate) fn new(value: &str) -> Self {
        Self(value.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a header can have this value.
    pub(crate) fn fits_header(&self) -> bool {
        HeaderValue::from_str(self.as_str()).is_ok()
    }
}

impl Place {
    /// Its name in the settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Basic => "basic",
            Self::Body => "body",
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Header, Self::Basic, Self::Body];
        all.into_iter().find(|it| it.name() == text).ok_or(())
    }
}

impl Secret {
    /// Creates a secret with a new placeholder, and no hosts.
    pub(crate) fn new(name: &str, value: Value) -> Self {
        Self {
            name: name.to_owned(),
            placeholder: placeholder(name),
            value,
            uses: Vec::new(),
        }
    }

    /// Whether any host gets the value in `place`.
    pub(crate) fn has_place(&self, place: Place) -> bool {
        self.uses.iter().any(|it| it.places.contains(&place))
    }

    /// Whether `destination` gets the value in `place`.
    pub(crate) fn may_go(&self, destination: &Destination, place: Place) -> bool {
        let mut uses = self.uses.iter();
        uses.any(|it| it.target.covers(destination) && it.places.contains(&place))
    }

    /// Whether `destination` gets the value anywhere.
    fn may_go_to(&self, destination: &Destination) -> bool {
        self.uses.iter().any(|it| it.target.covers(destination))
    }

    fn is_in(&self, text: &[u8]) -> bool {
        find(text, &self.placeholder).is_some()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.name)
            .field("uses", &self.uses)
            .finish_non_exhaustive()
    }
}

impl Filling<'_> {
    /// Returns `text` with each placeholder replaced by the value. `room` is the number of bytes by which it may
    /// still grow. `None` if that is not enough: then nothing larger was made.
    fn fill(&self, text: &[u8], room: &mut usize) -> Option<Vec<u8>> {
        let (placeholder, value) = (&self.secret.placeholder, self.value.as_str());
        let growth = value.len().saturating_sub(placeholder.len());
        let (mut rest, mut filled) = (text, Vec::with_capacity(text.len()));
        while let Some(at) = find(rest, placeholder) {
            *room = room.checked_sub(growth)?;
            let (before, after) = rest.split_at(at);
            filled.extend_from_slice(before);
            filled.extend_from_slice(value.as_bytes());
            rest = after.get(placeholder.len()..).unwrap_or_default();
        }
        filled.extend_from_slice(rest);
        Some(filled)
    }
}

fn placeholder(name: &str) -> String {
    let mut random = [0; PLACEHOLDER_BYTES];
    getrandom::fill(&mut random).expect("Linux has random bytes");
    format!("bootstream-secret-{name}-{}", hex(&random))
}

/// Returns the position of `placeholder`. A header's value need not be UTF-8, but a placeholder in it is.
fn find(value: &[u8], placeholder: &str) -> Option<usize> {
    value
        .windows(placeholder.len())
        .position(|part| part == placeholder.as_bytes())
}

/// Secrets for the tests of this folder.
#[cfg(test)]
mod samples {
    use super::*;

    pub(super) const VALUE: &str = "s3cret \"\\\u{e9}&=+%";

    /// A secret `name` that `api.example` gets in `places`.
    pub(super) fn secret(name: &str, value: &str, places: &[Place]) -> Secret {
        let mut secret = Secret::new(name, Value::Given(Text::new(value)));
        secret.uses.push(Use {
            target: "api.example".parse().unwrap(),
            places: places.to_vec(),
        });
        secret
    }

    pub(super) fn to(uri: &str) -> Destination {
        Destination::of(&uri.parse().unwrap()).unwrap()
    }

    /// The fillings of secrets whose values are given.
    pub(super) fn fillings<'a>(secrets: &[&'a Secret]) -> Vec<Filling<'a>> {
        let filling = |secret: &&'a Secret| match &secret.value {
            Value::Given(value) => Filling {
                secret,
                value: value.clone(),
            },
            Value::Stored(_) => panic!("it is not given"),
        };
        secrets.iter().map(filling).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{VALUE, secret};
    use super::*;

    #[test]
    fn placeholders_differ_and_show_nothing_of_the_value() {
        let of = || secret("KEY", VALUE, &[Place::Header]);
        let (one, other) = (of(), of());
        assert_ne!(one.placeholder, other.placeholder);
        for shown in [format!("{one:?}"), one.placeholder.clone()] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_header_has_no_line_breaks() {
        assert!(Text::new("a b\u{e9}").fits_header());
        assert!(!Text::new("a\nb").fits_header());
    }
}
