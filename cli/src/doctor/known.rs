//! A value as far as it is known before the deployment.

/// A value that is absent, known, or known only to the deployment.
///
/// An unknown value is neither a default nor a fault: a rule reports it in a note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Known<T> {
    Absent,
    Is(T),
    /// What it depends on, as a noun: `` `!ImportValue shared` ``.
    Unknown(String),
}

impl<T> Known<T> {
    /// Returns the value, if it is known.
    pub(crate) fn is(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Returns what an unknown value depends on.
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

    /// Replaces an absent value by a default.
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
