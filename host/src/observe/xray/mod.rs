//! The record of an invocation as a subsegment of X-Ray, in the form that its daemon takes.

use std::time::Instant;

use http::StatusCode;
use lambda_protocol::error_report::ErrorReport;
use lambda_protocol::xray::error_cause;
use serde_json::{Value, json};

use super::calls::Call;
use super::guest_span::{Attributes, GuestSpan, Kind, Status};
use super::id::{Ids, SpanId};
use super::number::{microseconds, numbers, object};
use super::record::{Init, Record};
use super::span::{About, Span, drop_shortest, unix_ns, within};
use super::trace::Place;

/// What precedes the document in its datagram.
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Largest datagram, in bytes. The daemon drops what is over 64 KiB.
const LIMIT_BYTES: usize = 60_000;

/// Returns one datagram. Of requests and of the guest's spans that do not fit, the longest stay.
pub(crate) fn datagram(record: &Record, ids: Ids, place: Place) -> Vec<u8> {
    let mut spans = within(record, ids);
    loop {
        let document = document(record, ids, place, &spans);
        let mut datagram = HEADER.to_vec();
        serde_json::to_writer(&mut datagram, &document).expect("text and numbers serialize");
        let fits = datagram.len() <= LIMIT_BYTES;
        if fits || !drop_shortest(&mut spans, ids.span(Ids::INVOCATION)) {
            return datagram;
        }
    }
}

fn document(record: &Record, ids: Ids, place: Place, spans: &[Span<'_>]) -> Value {
    let (mut annotations, mut metadata) = (Vec::new(), Vec::new());
    for (names, value) in numbers(record) {
        let part = if names.is_indexed {
            &mut annotations
        } else {
            &mut metadata
        };
        part.push((names.xray, value));
    }
    metadata.push(("version", env!("CARGO_PKG_VERSION").into()));
    metadata.push(("omitted", omitted(record, spans).into()));
    let report = record.ending.report();
    let root = ids.span(Ids::INVOCATION);
    let time = [record.began, record.ended].map(|at| unix_ns(record, at));
    let mut members = segment("handler", root, time, children(spans, root));
    members.extend([
        ("type", "subsegment".into()),
        ("trace_id", place.trace.as_xray().to_string().into()),
        ("parent_id", place.parent.to_string().into()),
        ("fault", report.map(|_| true).into()),
        ("cause", report.map(cause).into()),
        ("annotations", object(annotations)),
        ("metadata", object(vec![("bootstream", object(metadata))])),
    ]);
    object(members)
}

/// Returns how many requests and spans of the guest are not in `spans`, if any.
fn omitted(record: &Record, spans: &[Span<'_>]) -> Option<u64> {
    let is_counted = |it: &&Span<'_>| matches!(it.about, About::Call(_) | About::Guest(_));
    let described = u64::try_from(spans.iter().filter(is_counted).count()).unwrap_or(u64::MAX);
    let ended = u64::try_from(record.spans.described().len()).unwrap_or(u64::MAX);
    let all = record.calls.count + record.spans.omitted + ended;
    Some(all.saturating_sub(described)).filter(|omitted| *omitted > 0)
}

/// The members that all segments have.
fn segment(
    name: &str,
    id: SpanId,
    [began, ended]: [u64; 2],
    children: Vec<Value>,
) -> Vec<(&'static str, Value)> {
    let children = Some(children).filter(|it| !it.is_empty());
    vec![
        ("id", id.to_string().into()),
        ("name", allowed_name(name).into()),
        ("start_time", seconds(began).into()),
        ("end_time", seconds(ended).into()),
        ("subsegments", children.into()),
    ]
}

fn children(spans: &[Span<'_>], parent: SpanId) -> Vec<Value> {
    let below = spans.iter().filter(|span| span.parent == parent);
    below.map(|span| child(spans, span)).collect()
}

fn child(spans: &[Span<'_>], span: &Span<'_>) -> Value {
    let time = [span.began, span.ended];
    let mut members = segment(span.name, span.id, time, children(spans, span.id));
    match span.about {
        About::Instance | About::Wait => {}
        About::Init(init) => {
            let phases = object(phases(init).map(|(name, us)| (name, us.into())).into());
            members.push(("metadata", object(vec![("bootstream", phases)])));
        }
        About::Call(call) => describe_call(&mut members, call),
        About::Guest(span) => describe_guest(&mut members, span),
    }
    object(members)
}

/// The phases of a start, in microseconds.
pub(super) fn phases(init: &Init) -> [(&'static str, u64); 3] {
    let between = |from: Instant, to: Instant| microseconds(to.saturating_duration_since(from));
    [
        ("config_us", between(init.began, init.configured)),
        ("load_us", between(init.configured, init.loaded)),
        ("prepare_us", between(init.loaded, init.ready)),
    ]
}

fn describe_call(members: &mut Vec<(&'static str, Value)>, call: &Call) {
    let set = |is_set: bool| is_set.then_some(true).into();
    let status = call.status;
    let response = status.map(|status| object(vec![("status", status.as_u16().into())]));
    let request = vec![
        ("method", call.method.as_str().into()),
        ("url", call.url.as_str().into()),
    ];
    let is_throttle = status == Some(StatusCode::TOO_MANY_REQUESTS);
    members.extend([
        ("namespace", "remote".into()),
        ("fault", set(status.is_none_or(|it| it.is_server_error()))),
        ("error", set(status.is_some_and(|it| it.is_client_error()))),
        ("throttle", set(is_throttle)),
        (
            "http",
            object(vec![
                ("request", object(request)),
                ("response", response.into()),
            ]),
        ),
    ]);
}

fn describe_guest(members: &mut Vec<(&'static str, Value)>, span: &GuestSpan) {
    if span.kind == Kind::Client {
        members.push(("namespace", "remote".into()));
    }
    if let Status::Error(description) = &span.status {
        let exceptions = json!([{ "message": description }]);
        members.push(("fault", true.into()));
        members.push(("cause", object(vec![("exceptions", exceptions)])));
    }
    let events: Vec<Value> = span.events.iter().map(event).collect();
    let events = Some(events).filter(|it| !it.is_empty());
    let mut metadata = vec![("events", events.into())];
    if !span.attributes.is_empty() {
        metadata.push(("attributes", attributes(&span.attributes)));
    }
    if metadata.iter().any(|(_, value)| !value.is_null()) {
        members.push(("metadata", object(vec![("default", object(metadata))])));
    }
}

fn event(event: &super::guest_span::GuestEvent) -> Value {
    object(vec![
        ("name", event.name.as_str().into()),
        ("time", seconds(event.at).into()),
        ("attributes", attributes(&event.attributes)),
    ])
}

fn attributes(attributes: &Attributes) -> Value {
    let attributes = attributes.iter();
    object(
        attributes
            .map(|(name, value)| (name.as_str(), parsed(value)))
            .collect(),
    )
}

/// The value of an attribute. One that is not JSON is a text.
pub(super) fn parsed(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| value.into())
}

/// Replaces what X-Ray does not allow in a name, and cuts it.
fn allowed_name(name: &str) -> String {
    const NAME_LIMIT: usize = 200;
    let is_allowed =
        |c: &char| c.is_ascii_alphanumeric() || !c.is_ascii() || " _.:/%&#=+\\-@".contains(*c);
    let name: String = name
        .chars()
        .map(|c| if is_allowed(&c) { c } else { '_' })
        .take(NAME_LIMIT)
        .collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

/// The cause as in the header of an error report, with the same frames.
fn cause(report: &ErrorReport) -> Value {
    serde_json::from_slice(error_cause(report).as_bytes()).unwrap_or_default()
}

/// Seconds since 1970, with six decimals.
#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds since 1970 are below 2^53"
)]
fn seconds(unix_ns: u64) -> f64 {
    (unix_ns / 1000) as f64 / 1e6
}

#[cfg(test)]
mod tests;
