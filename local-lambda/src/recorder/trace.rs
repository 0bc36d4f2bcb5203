//! The spans of an invocation, and when its handler wrote, as its process tells them.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::observer::{SpanEvent, TraceSpan};

/// Largest size of the spans kept of an invocation, in bytes.
const LIMIT_BYTES: usize = 512 * 1024;

/// Most spans kept of an invocation.
const MOST_SPANS: usize = 1000;

/// When a handler wrote, and when its writes waited for the reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GuestTimes {
    pub(crate) writes: Vec<GuestWrite>,
    /// From when until when.
    pub(crate) waits: Vec<(SystemTime, SystemTime)>,
}

/// A write of a handler, or several that were joined.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GuestWrite {
    /// When the first of them began.
    pub(crate) at: SystemTime,
    pub(crate) bytes: u64,
    /// How many writes this is.
    pub(crate) joined: u64,
}

/// What is known of the trace of an invocation.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    spans: Vec<TraceSpan>,
    /// Size of `spans`.
    bytes: usize,
    dropped: usize,
    guest: Option<GuestTimes>,
}

/// Converts a time to microseconds from the start of the request. It may be before that.
type Clock<'a> = &'a dyn Fn(SystemTime) -> i64;

impl Trace {
    /// Adds spans. One that comes again replaces what was known of it.
    pub(super) fn add(&mut self, spans: Vec<TraceSpan>, guest: Option<GuestTimes>) {
        for span in spans {
            if let Some(at) = self.spans.iter().position(|kept| kept.id == span.id) {
                self.bytes -= self.spans.swap_remove(at).size();
            }
            let bytes = self.bytes + span.size();
            if self.spans.len() < MOST_SPANS && bytes <= LIMIT_BYTES {
                self.bytes = bytes;
                self.spans.push(span);
            } else {
                self.dropped += 1;
            }
        }
        self.guest = guest.or(self.guest.take());
    }

    pub(super) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(super) fn size(&self) -> usize {
        let guest = self.guest.as_ref().map_or(0, GuestTimes::size);
        self.bytes + guest
    }

    /// Returns the spans, earliest first.
    pub(super) fn spans_json(&self, clock: Clock<'_>) -> Vec<Value> {
        let mut spans: Vec<_> = self.spans.iter().collect();
        spans.sort_by_key(|span| (span.began, std::cmp::Reverse(span.ended)));
        spans.into_iter().map(|span| object(span, clock)).collect()
    }

    /// Returns when the handler wrote. `None` if its process has not told it.
    pub(super) fn guest_json(&self, clock: Clock<'_>) -> Option<Value> {
        let guest = self.guest.as_ref()?;
        let writes = guest.writes.iter().map(
            |write| json!({ "at": clock(write.at), "bytes": write.bytes, "joined": write.joined }),
        );
        let waits = guest.waits.iter();
        let waits = waits.map(|(from, to)| json!({ "from": clock(*from), "to": clock(*to) }));
        Some(json!({
            "writes": writes.collect::<Vec<_>>(),
            "waits": waits.collect::<Vec<_>>(),
        }))
    }
}

impl GuestTimes {
    fn size(&self) -> usize {
        size_of_val(self.writes.as_slice()) + size_of_val(self.waits.as_slice())
    }
}

fn object(span: &TraceSpan, clock: Clock<'_>) -> Value {
    let event = |event: &SpanEvent| json!({ "at": clock(event.at), "name": event.name });
    json!({
        "id": span.id,
        "parent": span.parent,
        "name": span.name,
        "kind": span.kind.name(),
        "scope": span.scope,
        "at": clock(span.began),
        "endedAt": clock(span.ended.max(span.began)),
        "failed": span.is_failure,
        "attributes": span.attributes,
        "events": span.events.iter().map(event).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::observer::SpanKind;

    fn span(id: &str, began: u64, name: &str) -> TraceSpan {
        TraceSpan {
            id: id.to_owned(),
            parent: None,
            name: name.to_owned(),
            kind: SpanKind::Internal,
            scope: String::new(),
            began: UNIX_EPOCH + Duration::from_secs(began),
            ended: UNIX_EPOCH + Duration::from_secs(began + 1),
            request: None,
            status: None,
            is_failure: false,
            attributes: Vec::new(),
            events: Vec::new(),
            phases: Vec::new(),
        }
    }

    fn clock(time: SystemTime) -> i64 {
        let since = time.duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_micros()).unwrap()
    }

    #[test]
    fn a_span_that_comes_again_replaces_itself_and_the_earliest_is_first() {
        let mut trace = Trace::default();
        trace.add(vec![span("a", 5, "late"), span("b", 1, "early")], None);
        trace.add(vec![span("a", 5, "again")], Some(GuestTimes::default()));
        trace.add(Vec::new(), None);
        let spans = trace.spans_json(&clock);
        let names: Vec<_> = spans.iter().map(|it| &it["name"]).collect();
        assert_eq!(names, ["early", "again"]);
        assert_eq!(spans[0]["endedAt"], 2_000_000);
        assert!(trace.guest_json(&clock).is_some(), "it is not forgotten");
    }

    #[test]
    fn spans_have_a_limit_and_what_is_dropped_is_counted() {
        let mut many = Trace::default();
        many.add(
            (0..2000).map(|id| span(&id.to_string(), 1, "s")).collect(),
            None,
        );
        assert_eq!((many.spans.len(), many.dropped()), (MOST_SPANS, 1000));
        let mut large = Trace::default();
        let name = "n".repeat(100 * 1024);
        large.add(
            (0..10).map(|id| span(&id.to_string(), 1, &name)).collect(),
            None,
        );
        assert!(large.size() <= LIMIT_BYTES);
        assert_eq!(large.spans.len() + large.dropped(), 10);
    }
}
