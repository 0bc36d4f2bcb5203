//! The record of an invocation as a subsegment of X-Ray, in the form that its daemon takes.

use std::time::{Duration, Instant, UNIX_EPOCH};

use http::StatusCode;
use lambda_protocol::error_report::ErrorReport;
use lambda_protocol::xray::error_cause;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::calls::Call;
use super::id::{Ids, SpanId};
use super::record::{Init, Record, milliseconds};
use super::trace::Place;

/// What precedes the document in its datagram.
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Largest datagram, in bytes. The daemon drops what is over 64 KiB.
const LIMIT_BYTES: usize = 60_000;

/// Waits that are shorter are not worth a subsegment.
pub(super) const LEAST_WAIT: Duration = Duration::from_millis(10);

/// Returns one datagram. Of requests that do not fit, the longest stay.
pub(crate) fn datagram(record: &Record, ids: Ids, place: Place) -> Vec<u8> {
    let mut calls = record.calls.described();
    loop {
        let document = document(record, ids, place, &calls);
        let json = serde_json::to_vec(&document).expect("text and numbers serialize");
        if HEADER.len() + json.len() <= LIMIT_BYTES || calls.is_empty() {
            return [HEADER, &json].concat();
        }
        // A tenth at a time: each attempt formats the rest again.
        for _ in 0..calls.len().div_ceil(10) {
            let shortest = (0..calls.len()).min_by_key(|at| calls.get(*at).map(|it| it.time()));
            shortest.map(|at| calls.remove(at));
        }
    }
}

#[derive(Serialize)]
struct Subsegment {
    r#type: &'static str,
    trace_id: String,
    parent_id: String,
    #[serde(flatten)]
    span: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Value>,
    annotations: Value,
    metadata: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subsegments: Vec<Child>,
}

#[derive(Serialize)]
struct Span {
    id: String,
    name: String,
    start_time: f64,
    end_time: f64,
    #[serde(skip_serializing_if = "is_false")]
    fault: bool,
}

#[derive(Serialize)]
struct Child {
    #[serde(flatten)]
    span: Span,
    #[serde(skip_serializing_if = "is_false")]
    error: bool,
    #[serde(skip_serializing_if = "is_false")]
    throttle: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
fn is_false(value: &bool) -> bool {
    !value
}

fn document(record: &Record, ids: Ids, place: Place, calls: &[&Call]) -> Subsegment {
    let report = record.ending.report();
    let mut span = span(
        record,
        "handler",
        ids.span(Ids::INVOCATION),
        (record.began, record.ended),
    );
    span.fault = report.is_some();
    Subsegment {
        r#type: "subsegment",
        trace_id: place.trace.as_xray().to_string(),
        parent_id: place.parent.to_string(),
        span,
        cause: report.map(cause),
        annotations: annotations(record),
        metadata: metadata(record, calls.len()),
        subsegments: children(record, ids, calls),
    }
}

/// The numbers that X-Ray indexes.
fn annotations(record: &Record) -> Value {
    let since = |at: Option<Instant>| at.map(|at| milliseconds(record.since_event(at)));
    let guest = record.guest.as_ref();
    without_nulls(json!({
        "request_id": record.request_id,
        "tenant_id": record.tenant_id,
        "cold_start": record.is_first,
        "head_ms": since(record.head),
        "first_byte_ms": since(record.first_byte),
        "response_bytes": guest.map_or(0, |it| it.written_bytes),
        "writes": guest.map_or(0, |it| it.writes),
        "longest_silence_ms": milliseconds(record.longest_silence),
        "backpressure_ms": milliseconds(record.backpressure),
        "outbound_requests": record.calls.count,
        "error_type": record.ending.report().map(|it| it.error_type.as_str()),
    }))
}

fn metadata(record: &Record, described: usize) -> Value {
    let described = u64::try_from(described).unwrap_or(u64::MAX);
    let omitted = record.calls.count.saturating_sub(described);
    let ours = without_nulls(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "guest_memory_bytes": record.guest.as_ref().map(|it| it.memory_bytes),
        "instantiate_us": record.instantiated.map(|it| microseconds(it.time)),
        "after_finish_ms": milliseconds(record.after_finish()),
        "outbound_ms": milliseconds(record.calls.time),
        "outbound_failed": record.calls.failed,
        "omitted": (omitted > 0).then_some(omitted),
    }));
    json!({ "bootstream": ours })
}

fn children(record: &Record, ids: Ids, calls: &[&Call]) -> Vec<Child> {
    let mut children = Vec::new();
    if let Some(init) = &record.init {
        let span = span(
            record,
            "init",
            ids.span(Ids::INIT),
            (init.began, init.ready),
        );
        let phases = json!({ "bootstream": init_phases(init) });
        children.push(Child {
            metadata: Some(phases),
            ..internal(span)
        });
    }
    if let Some(made) = record.instantiated.filter(|it| it.on_path) {
        let time = (made.began, made.began + made.time);
        children.push(internal(span(
            record,
            "instance",
            ids.span(Ids::INSTANCE),
            time,
        )));
    }
    if let Some(waits) = record.waits.filter(|_| record.backpressure > LEAST_WAIT) {
        let id = ids.span(Ids::WAIT);
        children.push(internal(span(record, "waiting for the reader", id, waits)));
    }
    children.extend(calls.iter().map(|call| child_of_call(record, ids, call)));
    children
}

/// The phases of a start, in microseconds.
pub(super) fn init_phases(init: &Init) -> Value {
    let between = |from: Instant, to: Instant| microseconds(to.saturating_duration_since(from));
    json!({
        "config_us": between(init.began, init.configured),
        "load_us": between(init.configured, init.loaded),
        "prepare_us": between(init.loaded, init.ready),
    })
}

fn child_of_call(record: &Record, ids: Ids, call: &Call) -> Child {
    let id = ids.span(Ids::FIRST_CALL + call.id.number());
    let mut span = span(record, &call.host, id, (call.began, call.ended));
    span.fault = call.status.is_none_or(|status| status.is_server_error());
    let response = call
        .status
        .map(|status| json!({ "status": status.as_u16() }));
    Child {
        error: call.status.is_some_and(|status| status.is_client_error()),
        throttle: call.status == Some(StatusCode::TOO_MANY_REQUESTS),
        namespace: Some("remote"),
        http: Some(without_nulls(json!({
            "request": { "method": call.method.as_str(), "url": call.url },
            "response": response,
        }))),
        ..internal(span)
    }
}

fn internal(span: Span) -> Child {
    Child {
        span,
        error: false,
        throttle: false,
        namespace: None,
        http: None,
        metadata: None,
    }
}

fn span(record: &Record, name: &str, id: SpanId, (began, ended): (Instant, Instant)) -> Span {
    Span {
        id: id.to_string(),
        name: allowed_name(name),
        start_time: seconds(record, began),
        end_time: seconds(record, ended.max(began)),
        fault: false,
    }
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

fn seconds(record: &Record, at: Instant) -> f64 {
    let since = record.wall_time(at).duration_since(UNIX_EPOCH);
    (since.unwrap_or_default().as_secs_f64() * 1e6).round() / 1e6
}

pub(super) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn without_nulls(object: Value) -> Value {
    let mut present = Map::new();
    if let Value::Object(members) = object {
        for (name, value) in members {
            if !value.is_null() {
                present.insert(name, value);
            }
        }
    }
    Value::Object(present)
}

#[cfg(test)]
mod tests;
