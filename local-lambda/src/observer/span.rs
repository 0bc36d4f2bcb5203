//! A span, whichever way it came.

use std::time::{Duration, SystemTime};

/// Something that took time in an invocation, told by the runtime or the handler.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSpan {
    /// The span's id, as hexadecimal digits.
    pub id: String,
    /// The id of the span that it is part of.
    pub parent: Option<String>,
    /// Its name.
    pub name: String,
    /// Its role.
    pub kind: SpanKind,
    /// The library that made it. Empty if that is not known.
    pub scope: String,
    /// When it began, on the clock of its process.
    pub began: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// The method and the URL of a request to another host, if they are known.
    pub request: Option<(String, String)>,
    /// The status of its response.
    pub status: Option<u16>,
    /// Whether it failed.
    pub is_failure: bool,
    /// What it says about itself, as names and values.
    pub attributes: Vec<(String, String)>,
    /// What happened in it.
    pub events: Vec<SpanEvent>,
    /// The phases of a start.
    pub phases: Vec<InitPhase>,
}

/// The role of a span.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpanKind {
    /// Work within the process.
    Internal,
    /// A request from outside.
    Server,
    /// A request to another host.
    Client,
    /// A message that was sent.
    Producer,
    /// A message that was received.
    Consumer,
}

/// A moment in a span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanEvent {
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub name: String,
}

/// One phase of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct InitPhase {
    /// Its name, such as `load`.
    pub name: String,
    /// How long it took, in milliseconds.
    pub milliseconds: f64,
}

impl TraceSpan {
    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.ended.duration_since(self.began).unwrap_or_default()
    }

    /// Memory in use, in bytes.
    pub(crate) fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes = attributes.map(|(name, value)| name.len() + value.len());
        let events = self
            .events
            .iter()
            .map(|event| size_of_val(event) + event.name.len());
        size_of::<Self>()
            + self.name.len()
            + self.scope.len()
            + attributes.sum::<usize>()
            + events.sum::<usize>()
    }
}

impl SpanKind {
    /// Its name in documents.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}
