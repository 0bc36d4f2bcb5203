//! The values of `wasi:otel`, read by the names of their fields. What has another type than expected is as if it were
//! missing.

use serde_json::Value;
use wasmtime::component::Val;

use super::world::Level;
use crate::logging::Field;
use crate::observe::{Attributes, GuestEvent, GuestLink, GuestSpan, Kind, SpanId, Status, TraceId};

/// The fields of a record.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a [(String, Val)]);

impl<'a> Fields<'a> {
    /// The first argument, which is a record.
    pub(super) fn first(params: &'a [Val]) -> Option<Self> {
        params.first().and_then(Self::of)
    }

    fn of(value: &'a Val) -> Option<Self> {
        match value {
            Val::Record(fields) => Some(Self(fields)),
            _ => None,
        }
    }

    /// The value of a field. Of an optional one: what is in it.
    fn get(self, name: &str) -> Option<&'a Val> {
        match self.0.iter().find(|(field, _)| field == name) {
            Some((_, Val::Option(value))) => value.as_deref(),
            Some((_, value)) => Some(value),
            None => None,
        }
    }

    fn text(self, name: &str) -> Option<&'a str> {
        match self.get(name) {
            Some(Val::String(text)) => Some(text),
            _ => None,
        }
    }

    fn owned(self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    fn number(self, name: &str) -> u64 {
        match self.get(name) {
            Some(Val::U64(number)) => *number,
            Some(Val::U32(number)) => u64::from(*number),
            Some(Val::U8(number)) => u64::from(*number),
            _ => 0,
        }
    }

    fn record(self, name: &str) -> Option<Self> {
        self.get(name).and_then(Self::of)
    }

    /// The records of a list.
    fn list(self, name: &str) -> impl Iterator<Item = Self> {
        let items = match self.get(name) {
            Some(Val::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().filter_map(Self::of)
    }

    /// A time, in nanoseconds since 1970.
    fn time(self, name: &str) -> u64 {
        let time = self.record(name);
        time.map_or(0, |time| {
            let seconds = time.number("seconds").saturating_mul(1_000_000_000);
            seconds.saturating_add(time.number("nanoseconds"))
        })
    }

    fn attributes(self) -> Attributes {
        let pairs = self.list("attributes");
        pairs
            .map(|pair| (pair.owned("key"), pair.owned("value")))
            .collect()
    }
}

/// The id of the span of a `span-context`, if it is one.
pub(super) fn span_id(context: &Fields<'_>) -> Option<SpanId> {
    SpanId::parse(context.text("span-id")?)
}

/// Returns a `span-data`, unless its id is none.
pub(super) fn span(data: &Fields<'_>) -> Option<GuestSpan> {
    let scope = data.record("instrumentation-scope");
    let of_scope = |name| scope.map(|it| it.owned(name)).unwrap_or_default();
    let dropped = ["dropped-attributes", "dropped-events", "dropped-links"];
    Some(GuestSpan {
        id: span_id(&data.record("span-context")?)?,
        parent: data.text("parent-span-id").and_then(SpanId::parse),
        name: data.owned("name"),
        kind: kind(data.get("span-kind")),
        began: data.time("start-time"),
        ended: data.time("end-time"),
        status: status(data.get("status")),
        scope: (of_scope("name"), of_scope("version")),
        attributes: data.attributes(),
        events: data.list("events").map(event).collect(),
        links: data.list("links").filter_map(link).collect(),
        dropped: dropped.map(|name| u32::try_from(data.number(name)).unwrap_or(u32::MAX)),
    })
}

fn event(event: Fields<'_>) -> GuestEvent {
    GuestEvent {
        name: event.owned("name"),
        at: event.time("time"),
        attributes: event.attributes(),
    }
}

fn link(link: Fields<'_>) -> Option<GuestLink> {
    let context = link.record("span-context")?;
    Some(GuestLink {
        trace: TraceId::parse(context.text("trace-id")?)?,
        span: span_id(&context)?,
        attributes: link.attributes(),
    })
}

fn kind(value: Option<&Val>) -> Kind {
    match value {
        Some(Val::Enum(name)) => match name.as_str() {
            "client" => Kind::Client,
            "server" => Kind::Server,
            "producer" => Kind::Producer,
            "consumer" => Kind::Consumer,
            _ => Kind::Internal,
        },
        _ => Kind::Internal,
    }
}

fn status(value: Option<&Val>) -> Status {
    match value {
        Some(Val::Variant(name, payload)) => match (name.as_str(), payload.as_deref()) {
            ("ok", _) => Status::Ok,
            ("error", Some(Val::String(description))) => Status::Error(description.clone()),
            _ => Status::Unset,
        },
        _ => Status::Unset,
    }
}

/// A record of the log.
pub(super) struct LogRecord {
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) target: Option<String>,
    pub(super) fields: Vec<(String, Field)>,
}

/// Returns a `log-record`. Its ids are left out: the host adds those of the invocation.
pub(super) fn log_record(record: &Fields<'_>) -> LogRecord {
    let scope = record.record("instrumentation-scope");
    let message = record.text("body").map(parsed);
    let named = record.text("event-name").map(str::to_owned);
    LogRecord {
        level: level(
            record.number("severity-number"),
            record.text("severity-text"),
        ),
        message: match message {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => named.unwrap_or_default(),
        },
        target: scope.map(|it| it.owned("name")).filter(|it| !it.is_empty()),
        fields: record
            .attributes()
            .into_iter()
            .map(|(name, value)| (name, field(&value)))
            .collect(),
    }
}

/// The level of a severity: 1 to 4 are traces, and each further four a level more.
fn level(number: u64, text: Option<&str>) -> Level {
    match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17.. => Level::Error,
        0 => {
            let known = [
                ("TRACE", Level::Trace),
                ("DEBUG", Level::Debug),
                ("WARN", Level::Warn),
                ("ERROR", Level::Error),
                ("FATAL", Level::Error),
            ];
            let text = text.unwrap_or_default();
            let mut known = known.into_iter();
            let found = known.find(|(name, _)| text.eq_ignore_ascii_case(name));
            found.map_or(Level::Info, |(_, level)| level)
        }
    }
}

fn field(value: &str) -> Field {
    match parsed(value) {
        Value::String(text) => Field::Text(text),
        Value::Bool(value) => Field::Boolean(value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Field::Integer(integer),
            (None, Some(number)) => Field::Number(number),
            (None, None) => Field::Text(number.to_string()),
        },
        other => Field::Text(other.to_string()),
    }
}

fn parsed(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| value.into())
}
