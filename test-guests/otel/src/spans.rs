//! The steps that make spans.

use serde::Deserialize;

use crate::bindings::wasi::clocks::wall_clock::{Datetime, now};
use crate::bindings::wasi::otel::logs::{LogRecord, on_emit};
use crate::bindings::wasi::otel::metrics::{ResourceMetrics, export};
use crate::bindings::wasi::otel::tracing::{
    Event, Link, SpanContext, SpanData, SpanKind, Status, TraceFlags, current_span_context, on_end,
    on_start, outer_span_context,
};
use crate::bindings::wasi::otel::types::{InstrumentationScope, KeyValue, Resource};

/// One step.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Otel {
    /// Begins the span with this id.
    StartSpan(String),
    EndSpan(Box<Span>),
    /// Begins and ends this many spans, one after another.
    ManySpans(u64),
    /// Writes trace, span and flags of the current span, by either name of the function.
    CurrentSpan,
    OuterSpan,
    /// Logs a text with a field.
    EmitLog(String),
    /// Exports no metrics, and writes the answer.
    ExportMetrics,
}

/// A span that ends now.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Span {
    id: String,
    parent: String,
    name: String,
    /// That of the host if it is empty.
    trace: String,
    kind: String,
    /// When it began, in milliseconds before now.
    ms: u64,
    /// The times are those before 1970 ended and after the sun has.
    has_odd_times: bool,
    /// Names and JSON.
    attributes: Vec<(String, String)>,
    event: Option<String>,
    error: Option<String>,
    scope: String,
}

impl Otel {
    /// Returns a line to write, if there is one.
    pub(crate) fn run(&self) -> Option<String> {
        match self {
            Self::StartSpan(id) => on_start(&context("", id)),
            Self::EndSpan(span) => on_end(&span.data()),
            Self::ManySpans(count) => many(*count),
            Self::CurrentSpan => return Some(line(&current_span_context())),
            Self::OuterSpan => return Some(line(&outer_span_context())),
            Self::EmitLog(text) => emit(text),
            Self::ExportMetrics => return Some(export_nothing()),
        }
        None
    }
}

impl Span {
    fn data(&self) -> SpanData {
        let now = now();
        let (start_time, end_time) = if self.has_odd_times {
            let late = Datetime {
                seconds: u64::MAX,
                nanoseconds: u32::MAX,
            };
            (
                late,
                Datetime {
                    seconds: 0,
                    nanoseconds: 0,
                },
            )
        } else {
            (before(now, self.ms), now)
        };
        let event = |name: &String| Event {
            name: name.clone(),
            time: now,
            attributes: vec![attribute("step", "2")],
        };
        SpanData {
            span_context: context(&self.trace, &self.id),
            parent_span_id: self.parent.clone(),
            span_kind: match self.kind.as_str() {
                "client" => SpanKind::Client,
                _ => SpanKind::Internal,
            },
            name: self.name.clone(),
            start_time,
            end_time,
            attributes: self
                .attributes
                .iter()
                .map(|(key, value)| attribute(key, value))
                .collect(),
            events: self.event.iter().map(event).collect(),
            links: vec![Link {
                span_context: context(&"9".repeat(32), &"8".repeat(16)),
                attributes: Vec::new(),
            }],
            status: match &self.error {
                Some(error) => Status::Error(error.clone()),
                None => Status::Unset,
            },
            instrumentation_scope: InstrumentationScope {
                name: self.scope.clone(),
                version: Some("1.2".to_owned()),
                schema_url: None,
                attributes: Vec::new(),
            },
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        }
    }
}

fn many(count: u64) {
    for number in 1..=count {
        let id = format!("{number:016x}");
        on_start(&context("", &id));
        let name = "many".to_owned();
        on_end(
            &Span {
                id,
                name,
                ..Span::default()
            }
            .data(),
        );
    }
}

fn context(trace: &str, span: &str) -> SpanContext {
    SpanContext {
        trace_id: trace.to_owned(),
        span_id: span.to_owned(),
        trace_flags: TraceFlags::SAMPLED,
        is_remote: false,
        trace_state: Vec::new(),
    }
}

fn line(context: &SpanContext) -> String {
    let is_sampled = context.trace_flags & TraceFlags::SAMPLED == TraceFlags::SAMPLED;
    format!("{} {} {is_sampled}", context.trace_id, context.span_id)
}

fn emit(text: &str) {
    on_emit(&LogRecord {
        timestamp: None,
        observed_timestamp: None,
        severity_text: None,
        severity_number: Some(13),
        body: Some(serde_json::Value::from(text).to_string()),
        attributes: Some(vec![attribute("order", "7")]),
        event_name: None,
        resource: None,
        instrumentation_scope: None,
        trace_id: None,
        span_id: None,
        trace_flags: None,
    });
}

fn export_nothing() -> String {
    let resource = Resource {
        attributes: Vec::new(),
        schema_url: None,
    };
    let exported = export(&ResourceMetrics {
        resource,
        scope_metrics: Vec::new(),
    });
    format!("{exported:?}")
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn before(now: Datetime, ms: u64) -> Datetime {
    let ns = now.seconds * 1_000_000_000 + u64::from(now.nanoseconds) - ms * 1_000_000;
    Datetime {
        seconds: ns / 1_000_000_000,
        nanoseconds: u32::try_from(ns % 1_000_000_000).unwrap_or_default(),
    }
}
