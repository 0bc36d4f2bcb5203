//! The spans within an invocation, in the form that all outputs share.

use std::time::{Duration, Instant, UNIX_EPOCH};

use super::calls::Call;
use super::guest_span::GuestSpan;
use super::id::{Ids, SpanId};
use super::record::{Init, Record};

/// Waits that are shorter are not worth a span.
const LEAST_WAIT: Duration = Duration::from_millis(10);

/// Deepest level of spans below that of the invocation. Readers of nested documents have limits.
const DEEPEST: usize = 15;

/// A span within an invocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    pub(super) id: SpanId,
    /// The invocation, or another span of the same list.
    pub(super) parent: SpanId,
    pub(super) name: &'a str,
    /// Nanoseconds since 1970.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) about: About<'a>,
}

/// What a span is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About<'a> {
    Init(&'a Init),
    Instance,
    Wait,
    Call(&'a Call),
    Guest(&'a GuestSpan),
}

/// Returns the spans within an invocation.
pub(super) fn within(record: &Record, ids: Ids) -> Vec<Span<'_>> {
    let root = ids.span(Ids::INVOCATION);
    let mut spans = Vec::new();
    let mut add = |position, name, (began, ended): (Instant, Instant), parent, about| {
        spans.push(Span {
            id: ids.span(position),
            parent,
            name,
            began: unix_ns(record, began),
            ended: unix_ns(record, ended.max(began)),
            about,
        });
    };
    if let Some(init) = &record.init {
        let time = (init.began, init.ready);
        add(Ids::INIT, "init", time, root, About::Init(init));
    }
    if let Some(made) = record.instantiated.filter(|it| it.on_path) {
        let time = (made.began, made.began + made.time);
        add(Ids::INSTANCE, "instance", time, root, About::Instance);
    }
    if let Some(waits) = record.waits.filter(|_| record.backpressure > LEAST_WAIT) {
        let name = "waiting for the reader";
        add(Ids::WAIT, name, waits, root, About::Wait);
    }
    for call in record.calls.described() {
        let time = (call.began, call.ended);
        let parent = call.parent.unwrap_or(root);
        let position = Ids::FIRST_CALL + call.id.number();
        add(position, &call.host, time, parent, About::Call(call));
    }
    let (began, ended) = (unix_ns(record, record.began), unix_ns(record, record.ended));
    spans.extend(record.spans.described().iter().map(|span| Span {
        id: span.id,
        parent: span.parent.unwrap_or(root),
        name: &span.name,
        // A receiver may refuse a whole document for one impossible time.
        began: span.began.clamp(began, ended),
        ended: span.ended.max(span.began).clamp(began, ended),
        about: About::Guest(span),
    }));
    attach(&mut spans, root);
    spans
}

/// Drops a tenth of the requests and of the guest's spans, the shortest first. Returns `false` if there are none.
pub(super) fn drop_shortest(spans: &mut Vec<Span<'_>>, root: SpanId) -> bool {
    let can_go = |span: &Span<'_>| matches!(span.about, About::Call(_) | About::Guest(_));
    let mut times: Vec<u64> = spans
        .iter()
        .filter(|it| can_go(it))
        .map(Span::time)
        .collect();
    times.sort_unstable();
    let Some(longest) = times.get(times.len() / 10).copied() else {
        return false;
    };
    let mut left = times.len().div_ceil(10);
    spans.retain(|span| {
        let goes = left > 0 && can_go(span) && span.time() <= longest;
        left -= usize::from(goes);
        !goes
    });
    attach(spans, root);
    true
}

/// Attaches those to the invocation whose parent is not in the list, too deep, or their own descendant.
fn attach(spans: &mut [Span<'_>], root: SpanId) {
    for at in 0..spans.len() {
        let parent_of = |id| spans.iter().find(|it| it.id == id).map(|it| it.parent);
        let mut above = spans.get(at).map(|it| it.parent);
        let mut levels = 0;
        while let Some(id) = above.filter(|id| *id != root && levels < DEEPEST) {
            above = parent_of(id);
            levels += 1;
        }
        let has_parent = spans
            .get(at)
            .is_some_and(|it| it.parent == root || parent_of(it.parent).is_some());
        if let Some(span) = spans.get_mut(at)
            && (!has_parent || levels == DEEPEST)
        {
            span.parent = root;
        }
    }
}

impl Span<'_> {
    fn time(&self) -> u64 {
        self.ended - self.began
    }
}

/// A moment of an invocation, in nanoseconds since 1970.
pub(super) fn unix_ns(record: &Record, at: Instant) -> u64 {
    let since = record.wall_time(at).duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
