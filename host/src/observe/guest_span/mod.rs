//! Spans that a guest made, and which of its spans it is in. All of it is the guest's word: what is kept is bounded, and
//! nothing of it is an error.

use super::id::{SpanId, TraceId};

/// Most spans that are kept: the longest.
const SPANS_KEPT: usize = 100;

/// Most bytes of all kept spans, as [`GuestSpan::bytes`] counts them.
const KEPT_BYTES: usize = 256 * 1024;

/// Most bytes of one span. Attributes, events and links over it are counted only.
const SPAN_BYTES: usize = 16 * 1024;

/// Longest name, in bytes.
const NAME_BYTES: usize = 200;

/// What an attribute, an event or a link counts beside its text.
const OVERHEAD_BYTES: usize = 32;

/// Most spans that are open at once. Deeper ones are not known as parents.
const OPEN_LIMIT: usize = 64;

/// The role of a span, by the numbers of OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// How a span ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Unset,
    Ok,
    /// A failure, with its description.
    Error(String),
}

/// Names and values. A value is a text in JSON.
pub(crate) type Attributes = Vec<(String, String)>;

/// Something that happened in a span.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuestEvent {
    pub(crate) name: String,
    /// Nanoseconds since 1970.
    pub(crate) at: u64,
    pub(crate) attributes: Attributes,
}

/// A span of another trace.
#[derive(Clone, Debug)]
pub(crate) struct GuestLink {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) attributes: Attributes,
}

/// A span that has ended.
#[derive(Clone, Debug)]
pub(crate) struct GuestSpan {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Nanoseconds since 1970.
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) status: Status,
    /// Name and version of the library that made it.
    pub(crate) scope: (String, String),
    pub(crate) attributes: Attributes,
    pub(crate) events: Vec<GuestEvent>,
    pub(crate) links: Vec<GuestLink>,
    /// Numbers of attributes, events and links that were dropped.
    pub(crate) dropped: [u32; 3],
}

/// The spans of one invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct GuestSpans {
    open: Vec<SpanId>,
    kept: Vec<GuestSpan>,
    kept_bytes: usize,
    /// Those that were not kept.
    pub(crate) omitted: u64,
}

impl GuestSpans {
    pub(super) fn start(&mut self, id: SpanId) {
        if self.open.len() < OPEN_LIMIT && !self.open.contains(&id) {
            self.open.push(id);
        }
    }

    /// The span that was started last and has not ended.
    pub(super) fn current(&self) -> Option<SpanId> {
        self.open.last().copied()
    }

    pub(super) fn end(&mut self, mut span: GuestSpan) {
        self.open.retain(|id| *id != span.id);
        if self.kept.iter().any(|kept| kept.id == span.id) {
            return;
        }
        span.cut();
        self.kept_bytes += span.bytes();
        self.kept.push(span);
        while self.kept.len() > SPANS_KEPT || self.kept_bytes > KEPT_BYTES {
            self.drop_shortest();
        }
    }

    /// Those that are kept, in the order of their ends.
    pub(super) fn described(&self) -> &[GuestSpan] {
        &self.kept
    }

    fn drop_shortest(&mut self) {
        let spans = self.kept.iter().enumerate();
        let shortest = spans.min_by_key(|(_, span)| span.ended.saturating_sub(span.began));
        if let Some(at) = shortest.map(|(at, _)| at) {
            self.kept_bytes -= self.kept.remove(at).bytes();
            self.omitted += 1;
        }
    }
}

impl GuestSpan {
    /// Drops what is over the limit of a span.
    fn cut(&mut self) {
        shorten(&mut self.name, NAME_BYTES);
        shorten(&mut self.scope.0, NAME_BYTES);
        shorten(&mut self.scope.1, NAME_BYTES);
        if let Status::Error(description) = &mut self.status {
            shorten(description, SPAN_BYTES / 4);
        }
        let mut room = SPAN_BYTES;
        let [attributes, events, links] = &mut self.dropped;
        keep(&mut self.attributes, &mut room, attributes, attribute_bytes);
        keep(&mut self.events, &mut room, events, |event| {
            event.name.len() + OVERHEAD_BYTES + bytes_of(&event.attributes)
        });
        keep(&mut self.links, &mut room, links, |link| {
            OVERHEAD_BYTES + bytes_of(&link.attributes)
        });
    }

    fn bytes(&self) -> usize {
        let events = self
            .events
            .iter()
            .map(|it| it.name.len() + OVERHEAD_BYTES + bytes_of(&it.attributes));
        let links = self
            .links
            .iter()
            .map(|it| OVERHEAD_BYTES + bytes_of(&it.attributes));
        size_of::<Self>()
            + self.name.len()
            + bytes_of(&self.attributes)
            + events.chain(links).sum::<usize>()
    }
}

/// Keeps what fits into `room`.
fn keep<T>(items: &mut Vec<T>, room: &mut usize, dropped: &mut u32, bytes: impl Fn(&T) -> usize) {
    items.retain(|item| match room.checked_sub(bytes(item)) {
        Some(left) => {
            *room = left;
            true
        }
        None => {
            *dropped = dropped.saturating_add(1);
            false
        }
    });
    items.shrink_to_fit();
}

fn attribute_bytes((name, value): &(String, String)) -> usize {
    name.len() + value.len() + OVERHEAD_BYTES
}

fn bytes_of(attributes: &Attributes) -> usize {
    attributes.iter().map(attribute_bytes).sum()
}

fn shorten(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests;
