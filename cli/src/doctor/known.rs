//! What is known of a value before the template is deployed.

/// A value that is not there, one that is known, or one that only the deployment knows.
///
/// An unknown value is neither a default nor a fault: a rule that meets one says so in a note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Known<T> {
    Absent,
    Is(T),
    /// What it depends on, as a noun: `` `!ImportValue shared` ``.
    Unknown(String),
}

impl<T> Known<T> {
    /// The value, if it is known.
    pub(crate) fn is(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// What an unknown value depends on.
    pub(crate) fn why(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Absent | Self::Is(_) => None,
        }
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Known<U> {
        self.and_then(|value| Known::Is(change(value)))
    }

    pub(crate) fn and_then<U>(self, change: impl FnOnce(T) -> Known<U>) -> Known<U> {
        match self {
            Self::Absent => Known::Absent,
            Self::Is(value) => change(value),
            Self::Unknown(why) => Known::Unknown(why),
        }
    }

    /// The same, with a default for a missing value.
    pub(crate) fn or(self, default: T) -> Self {
        match self {
            Self::Absent => Self::Is(default),
            Self::Is(_) | Self::Unknown(_) => self,
        }
    }
}

impl<T> From<Option<T>> for Known<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Is)
    }
}
