//! The spans of one invocation.

use std::time::Instant;

use super::super::calls::Call;
use super::super::id::{Ids, SpanId};
use super::super::record::{Init, Record, milliseconds};
use super::super::xray::{LEAST_WAIT, microseconds};
use super::protobuf::{Attribute, Message, attribute};
use super::{Subject, unix_ns};

const INTERNAL: u64 = 1;
const SERVER: u64 = 2;
const CLIENT: u64 = 3;

const STATUS_ERROR: u64 = 2;

/// Flags of a span: it is recorded, and it is known whether its parent is of another process.
const FLAGS_LOCAL: u32 = 0x101;
const FLAGS_REMOTE: u32 = 0x301;

/// The parts of a span that all have.
struct Span<'a> {
    id: SpanId,
    parent: Option<SpanId>,
    name: &'a str,
    kind: u64,
    time: (Instant, Instant),
    attributes: Vec<(&'static str, Attribute)>,
    events: Vec<(&'static str, Instant)>,
    /// The description of a failure.
    failure: Option<String>,
}

impl<'a> Span<'a> {
    /// A span within the invocation.
    fn child(
        subject: &Subject<'_>,
        position: u64,
        name: &'a str,
        time: (Instant, Instant),
    ) -> Self {
        Self {
            id: subject.ids.span(position),
            parent: Some(subject.ids.span(Ids::INVOCATION)),
            name,
            kind: INTERNAL,
            time,
            attributes: Vec::new(),
            events: Vec::new(),
            failure: None,
        }
    }

    fn encode(self, record: &Record, subject: &Subject<'_>) -> Message {
        let (began, ended) = self.time;
        let is_server = self.kind == SERVER;
        let mut span = Message::default();
        span.bytes(1, &subject.context.trace.to_bytes());
        span.bytes(2, &self.id.to_bytes());
        span.text(3, subject.context.state.as_deref().unwrap_or_default());
        if let Some(parent) = self.parent {
            span.bytes(4, &parent.to_bytes());
        }
        span.text(5, self.name);
        span.enumeration(6, self.kind);
        span.fixed64(7, unix_ns(record, began));
        span.fixed64(8, unix_ns(record, ended.max(began)));
        for (name, value) in &self.attributes {
            span.message(9, &attribute(name, value));
        }
        for (name, at) in self.events {
            let mut event = Message::default();
            event.fixed64(1, unix_ns(record, at));
            event.text(2, name);
            span.message(11, &event);
        }
        if let Some(failure) = self.failure {
            let mut status = Message::default();
            status.text(2, &failure);
            status.enumeration(3, STATUS_ERROR);
            span.message(15, &status);
        }
        let has_remote_parent = is_server && self.parent.is_some();
        span.fixed32(
            16,
            if has_remote_parent {
                FLAGS_REMOTE
            } else {
                FLAGS_LOCAL
            },
        );
        span
    }
}

/// Returns the span of the invocation, then those within it.
pub(super) fn of(record: &Record, subject: &Subject<'_>) -> Vec<Message> {
    let mut spans = vec![invocation(record, subject)];
    if let Some(init) = &record.init {
        spans.push(of_init(init, subject));
    }
    if let Some(made) = record.instantiated.filter(|it| it.on_path) {
        let time = (made.began, made.began + made.time);
        spans.push(Span::child(subject, Ids::INSTANCE, "instance", time));
    }
    if let Some(waits) = record.waits.filter(|_| record.backpressure > LEAST_WAIT) {
        let waiting = "waiting for the reader";
        spans.push(Span::child(subject, Ids::WAIT, waiting, waits));
    }
    let calls = record.calls.described();
    spans.extend(calls.into_iter().map(|call| of_call(call, subject)));
    spans
        .into_iter()
        .map(|span| span.encode(record, subject))
        .collect()
}

fn invocation<'a>(record: &Record, subject: &Subject<'a>) -> Span<'a> {
    let report = record.ending.report();
    let route = subject.event.and_then(|event| event.route.as_deref());
    let moments = [
        ("head", record.head),
        ("first_byte", record.first_byte),
        ("finished", record.finished),
    ];
    let events = moments.into_iter();
    Span {
        id: subject.ids.span(Ids::INVOCATION),
        parent: subject.context.parent,
        name: route.unwrap_or(subject.function_name),
        kind: SERVER,
        time: (record.began, record.ended),
        attributes: attributes(record, subject),
        events: events.filter_map(|(name, at)| Some((name, at?))).collect(),
        failure: report.map(|report| report.message.clone()),
    }
}

fn attributes(record: &Record, subject: &Subject<'_>) -> Vec<(&'static str, Attribute)> {
    let since = |at: Option<Instant>| at.map(|at| milliseconds(record.since_event(at)).into());
    let text = |text: Option<&str>| text.map(Attribute::from);
    let guest = record.guest.as_ref();
    let event = subject.event;
    let trigger = if event.is_some() { "http" } else { "other" };
    let memory = guest.map(|it| u64::try_from(it.memory_bytes).unwrap_or(u64::MAX).into());
    let optional = [
        ("faas.invocation_id", text(Some(&record.request_id))),
        ("faas.coldstart", Some(record.is_first.into())),
        ("faas.trigger", text(Some(trigger))),
        (
            "cloud.account.id",
            text(subject.function_arn.and_then(account)),
        ),
        ("aws.lambda.invoked_arn", text(subject.function_arn)),
        (
            "http.request.method",
            text(event.and_then(|it| it.method.as_deref())),
        ),
        ("http.route", text(event.and_then(|it| it.route.as_deref()))),
        (
            "error.type",
            text(record.ending.report().map(|it| it.error_type.as_str())),
        ),
        ("bootstream.tenant_id", text(record.tenant_id.as_deref())),
        ("bootstream.head_ms", since(record.head)),
        ("bootstream.first_byte_ms", since(record.first_byte)),
        (
            "bootstream.response.bytes",
            guest.map(|it| it.written_bytes.into()),
        ),
        (
            "bootstream.response.writes",
            guest.map(|it| it.writes.into()),
        ),
        (
            "bootstream.longest_silence_ms",
            Some(milliseconds(record.longest_silence).into()),
        ),
        (
            "bootstream.backpressure_ms",
            Some(milliseconds(record.backpressure).into()),
        ),
        (
            "bootstream.after_finish_ms",
            Some(milliseconds(record.after_finish()).into()),
        ),
        (
            "bootstream.outbound.requests",
            Some(record.calls.count.into()),
        ),
        (
            "bootstream.outbound.failed",
            Some(record.calls.failed.into()),
        ),
        (
            "bootstream.outbound_ms",
            Some(milliseconds(record.calls.time).into()),
        ),
        ("bootstream.guest.memory_bytes", memory),
        (
            "bootstream.instantiate_us",
            record.instantiated.map(|it| microseconds(it.time).into()),
        ),
    ];
    let present = optional.into_iter();
    present
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The account in the ARN of a function: `arn:aws:lambda:region:account:function:name`.
fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

fn of_init<'a>(init: &Init, subject: &Subject<'_>) -> Span<'a> {
    let between = |from: Instant, to: Instant| microseconds(to.saturating_duration_since(from));
    Span {
        attributes: vec![
            (
                "bootstream.init.config_us",
                between(init.began, init.configured).into(),
            ),
            (
                "bootstream.init.load_us",
                between(init.configured, init.loaded).into(),
            ),
            (
                "bootstream.init.prepare_us",
                between(init.loaded, init.ready).into(),
            ),
        ],
        ..Span::child(subject, Ids::INIT, "init", (init.began, init.ready))
    }
}

fn of_call<'a>(call: &'a Call, subject: &Subject<'_>) -> Span<'a> {
    let position = Ids::FIRST_CALL + call.id.number();
    let mut attributes = vec![
        ("http.request.method", call.method.as_str().into()),
        ("server.address", call.host.as_str().into()),
        ("url.full", call.url.as_str().into()),
    ];
    let failure = match call.status {
        Some(status) => {
            attributes.push(("http.response.status_code", status.as_u16().into()));
            // Of a client, each of these is a failure.
            let is_failure = status.is_client_error() || status.is_server_error();
            is_failure.then(|| status.as_str().to_owned())
        }
        None => Some("no response".to_owned()),
    };
    if let Some(failure) = &failure {
        attributes.push(("error.type", failure.as_str().into()));
    }
    Span {
        kind: CLIENT,
        attributes,
        failure: failure.map(|_| String::new()),
        ..Span::child(
            subject,
            position,
            call.method.as_str(),
            (call.began, call.ended),
        )
    }
}
