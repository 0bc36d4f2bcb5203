//! What others are told of values that a guest passes to `wasi:otel`, whatever they are.

use std::slice::from_ref;

use wasmtime::component::Val;

use super::otel_values::{Fields, log_record, span, span_id};
use crate::logging::Fields as LogFields;
use crate::observe::otlp::{self, Resource, Subject};
use crate::observe::{Context, Ids, Place, SpanId, Traces, Watch, xray};

/// What an invocation with these values leads to.
#[derive(Debug)]
pub struct Told {
    /// The datagram for X-Ray's daemon.
    pub datagram: Vec<u8>,
    /// The request for a collector.
    pub request: Vec<u8>,
    /// The fields of records for the log, as text.
    pub fields: Vec<String>,
}

/// Passes each value to `on-start`, `on-end` and `on-emit`, in this order, and returns what becomes of them.
#[must_use]
pub fn told(values: &[Val]) -> Told {
    let ids = Ids::new(1);
    let trace = ids.trace();
    let parent = ids.span(Ids::INVOCATION);
    let context = Context {
        trace,
        parent: None,
        state: None,
        event: None,
    };
    let place = Place { trace, parent };
    let traces = Traces {
        xray: Some(place),
        otlp: Some(context.clone()),
    };
    let watch = Watch::new(ids, traces, false);
    let records = values
        .iter()
        .filter_map(|value| Fields::first(from_ref(value)));
    let fields = records.map(|value| pass(&watch, value)).collect();
    let record = watch.record("id", None, None);
    let subject = Subject {
        ids,
        context: &context,
        function_name: "function",
        function_arn: None,
    };
    Told {
        datagram: xray::datagram(&record, ids, place),
        request: otlp::request(&record, &subject, &Resource::new(&[])),
        fields,
    }
}

/// Returns the fields of the value as a record of the log.
fn pass(watch: &Watch, value: Fields<'_>) -> String {
    let begun: Option<SpanId> = span_id(&value);
    begun.into_iter().for_each(|id| watch.span_begins(id));
    span(&value)
        .into_iter()
        .for_each(|span| watch.span_ends(span));
    LogFields::new(log_record(&value).fields).to_string()
}
