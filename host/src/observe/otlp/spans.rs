//! The spans of one invocation.

use std::time::Instant;

use http::StatusCode;
use serde_json::Value;

use super::super::calls::Call;
use super::super::guest_span::{Attributes, GuestSpan, Kind, Status};
use super::super::id::{Ids, SpanId};
use super::super::number::{microseconds, numbers};
use super::super::record::Record;
use super::super::span::{About, Span, unix_ns};
use super::super::xray::{parsed, phases};
use super::Subject;
use super::protobuf::{Message, attribute};

const STATUS_OK: u64 = 1;
const STATUS_ERROR: u64 = 2;

/// Flags of a span: it is recorded, and it is known whether its parent is of another process.
const FLAGS_LOCAL: u32 = 0x101;
const FLAGS_REMOTE: u32 = 0x301;

/// The members of a span up to its times.
fn begin(
    subject: &Subject<'_>,
    (id, parent): (SpanId, Option<SpanId>),
    (name, kind): (&str, Kind),
    [began, ended]: [u64; 2],
) -> Message {
    let mut span = Message::default();
    span.bytes(1, &subject.context.trace.to_bytes());
    span.bytes(2, &id.to_bytes());
    span.text(3, subject.context.state.as_deref().unwrap_or_default());
    if let Some(parent) = parent {
        span.bytes(4, &parent.to_bytes());
    }
    span.text(5, name);
    span.enumeration(6, kind as u64);
    span.fixed64(7, began);
    span.fixed64(8, ended);
    span
}

/// The members of a span from its status on.
fn end(span: &mut Message, (code, description): (u64, &str), flags: u32) {
    if code != 0 {
        let mut status = Message::default();
        status.text(2, description);
        status.enumeration(3, code);
        span.message(15, &status);
    }
    span.fixed32(16, flags);
}

fn add(message: &mut Message, number: u32, attributes: &[(&str, Value)]) {
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_null()) {
        message.message(number, &attribute(name, value));
    }
}

/// Returns the span of the invocation.
pub(super) fn invocation(record: &Record, subject: &Subject<'_>) -> Message {
    let context = subject.context;
    let event = context.event.as_ref();
    let route = event.and_then(|event| event.route.as_deref());
    let time = [record.began, record.ended].map(|at| unix_ns(record, at));
    let ids = (subject.ids.span(Ids::INVOCATION), context.parent);
    let name = route.unwrap_or(subject.function_name);
    let mut span = begin(subject, ids, (name, Kind::Server), time);

    let trigger = if event.is_some() { "http" } else { "other" };
    let account = subject.function_arn.and_then(account);
    let method = event.and_then(|it| it.method.as_deref());
    let mut attributes = vec![
        ("faas.trigger", trigger.into()),
        ("cloud.account.id", account.into()),
        ("aws.lambda.invoked_arn", subject.function_arn.into()),
        ("http.request.method", method.into()),
        ("http.route", route.into()),
    ];
    attributes.extend(numbers(record).map(|(names, value)| (names.attribute, value)));
    let omitted = Some(record.spans.omitted).filter(|omitted| *omitted > 0);
    attributes.push(("bootstream.spans_omitted", omitted.into()));
    add(&mut span, 9, &attributes);

    let moments = [
        ("head", record.head),
        ("first_byte", record.first_byte),
        ("finished", record.finished),
    ];
    for (name, at) in moments {
        let Some(at) = at else { continue };
        add_event(&mut span, record, (name, at), &[]);
    }
    add_moments(&mut span, record);
    let status = match record.ending.report() {
        Some(report) => (STATUS_ERROR, report.message.as_str()),
        None => (0, ""),
    };
    let flags = if context.parent.is_some() {
        FLAGS_REMOTE
    } else {
        FLAGS_LOCAL
    };
    end(&mut span, status, flags);
    span
}

/// The writes of the guest, and its waits for the reader, as events.
fn add_moments(span: &mut Message, record: &Record) {
    for write in record.moments.writes.kept() {
        let joined = Some(write.writes).filter(|writes| *writes > 1);
        let attributes = [
            ("bootstream.bytes", write.bytes.into()),
            ("bootstream.writes", joined.into()),
        ];
        add_event(span, record, ("write", write.at), &attributes);
    }
    for (began, ended) in record.moments.waits() {
        let time = microseconds(ended.saturating_duration_since(began));
        let attributes = [("bootstream.wait_us", time.into())];
        add_event(span, record, ("wait", began), &attributes);
    }
}

fn add_event(
    span: &mut Message,
    record: &Record,
    (name, at): (&str, Instant),
    attributes: &[(&str, Value)],
) {
    let mut event = Message::default();
    event.fixed64(1, unix_ns(record, at));
    event.text(2, name);
    add(&mut event, 3, attributes);
    span.message(11, &event);
}

/// The account in the ARN of a function: `arn:aws:lambda:region:account:function:name`.
fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Returns a span within the invocation.
pub(super) fn within(span: &Span<'_>, subject: &Subject<'_>) -> Message {
    let (name, kind) = match span.about {
        About::Call(call) => (call.method.as_str(), Kind::Client),
        About::Guest(guest) => (span.name, guest.kind),
        About::Init(_) | About::Instance | About::Wait => (span.name, Kind::Internal),
    };
    let time = [span.began, span.ended];
    let mut message = begin(subject, (span.id, Some(span.parent)), (name, kind), time);
    let status = match span.about {
        About::Instance | About::Wait => (0, ""),
        About::Init(init) => {
            let names = [
                "bootstream.init.config_us",
                "bootstream.init.load_us",
                "bootstream.init.prepare_us",
            ];
            let values = names.into_iter().zip(phases(init));
            let attributes: Vec<_> = values.map(|(name, (_, us))| (name, us.into())).collect();
            add(&mut message, 9, &attributes);
            (0, "")
        }
        About::Call(call) => describe_call(&mut message, call),
        About::Guest(guest) => describe_guest(&mut message, guest),
    };
    end(&mut message, status, FLAGS_LOCAL);
    message
}

fn describe_call(span: &mut Message, call: &Call) -> (u64, &'static str) {
    // Of a client, each of these is a failure.
    let is_failure = |it: &StatusCode| it.is_client_error() || it.is_server_error();
    let failure = match &call.status {
        Some(status) => Some(status.as_str()).filter(|_| is_failure(status)),
        None => Some("no response"),
    };
    let status = call.status.map(|status| status.as_u16());
    let attributes = [
        ("http.request.method", call.method.as_str().into()),
        ("server.address", call.host.as_str().into()),
        ("url.full", call.url.as_str().into()),
        ("http.response.status_code", status.into()),
        ("error.type", failure.into()),
    ];
    add(span, 9, &attributes);
    (failure.map_or(0, |_| STATUS_ERROR), "")
}

fn describe_guest<'a>(span: &mut Message, guest: &'a GuestSpan) -> (u64, &'a str) {
    let [attributes, events, links] = guest.dropped;
    add_parsed(span, 9, &guest.attributes);
    span.enumeration(10, attributes.into());
    for event in &guest.events {
        let mut message = Message::default();
        message.fixed64(1, event.at);
        message.text(2, &event.name);
        add_parsed(&mut message, 3, &event.attributes);
        span.message(11, &message);
    }
    span.enumeration(12, events.into());
    for link in &guest.links {
        let mut message = Message::default();
        message.bytes(1, &link.trace.to_bytes());
        message.bytes(2, &link.span.to_bytes());
        add_parsed(&mut message, 4, &link.attributes);
        span.message(13, &message);
    }
    span.enumeration(14, links.into());
    match &guest.status {
        Status::Unset => (0, ""),
        Status::Ok => (STATUS_OK, ""),
        Status::Error(description) => (STATUS_ERROR, description),
    }
}

fn add_parsed(message: &mut Message, number: u32, attributes: &Attributes) {
    for (name, value) in attributes {
        message.message(number, &attribute(name, &parsed(value)));
    }
}
