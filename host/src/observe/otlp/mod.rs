//! The record of an invocation as spans of OpenTelemetry, in the encoding of OTLP.
//!
//! Names are those of OpenTelemetry's semantic conventions where they have one, and begin with `bootstream.`
//! otherwise.

mod protobuf;
mod spans;

use serde_json::Value;

use super::guest_span::GuestSpan;
use super::id::Ids;
use super::record::Record;
use super::span::{self, About};
use super::trace::Context;
use protobuf::{Message, attribute};

/// The name of the scope, and of the SDK.
const SCOPE: &str = "bootstream";

/// What the spans of an invocation have beside its record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) ids: Ids,
    pub(crate) context: &'a Context,
    /// The function's name.
    pub(crate) function_name: &'a str,
    pub(crate) function_arn: Option<&'a str>,
}

/// The resource of all spans of a process, encoded.
#[derive(Clone, Debug)]
pub(crate) struct Resource(Message);

impl Resource {
    /// `attributes`: the last of several with the same name counts.
    pub(crate) fn new(attributes: &[(String, Value)]) -> Self {
        let mut resource = Message::default();
        for (at, (name, value)) in attributes.iter().enumerate() {
            let mut later = attributes.iter().skip(at + 1);
            if !later.any(|(other, _)| other == name) {
                resource.message(1, &attribute(name, value));
            }
        }
        Self(resource)
    }
}

/// Returns an `ExportTraceServiceRequest` of one invocation.
pub(crate) fn request(record: &Record, subject: &Subject<'_>, resource: &Resource) -> Vec<u8> {
    let within = span::within(record, subject.ids);
    let mut ours = scope(SCOPE, env!("CARGO_PKG_VERSION"));
    ours.message(2, &spans::invocation(record, subject));
    // Each library of the guest has a scope of its own.
    let mut others: Vec<(&GuestSpan, Message)> = Vec::new();
    for span in &within {
        let encoded = spans::within(span, subject);
        let About::Guest(guest) = span.about else {
            ours.message(2, &encoded);
            continue;
        };
        let known = others
            .iter()
            .position(|(other, _)| other.scope == guest.scope);
        let at = known.unwrap_or_else(|| {
            others.push((guest, scope(&guest.scope.0, &guest.scope.1)));
            others.len() - 1
        });
        if let Some((_, spans)) = others.get_mut(at) {
            spans.message(2, &encoded);
        }
    }
    let mut resource_spans = Message::default();
    resource_spans.message(1, &resource.0);
    resource_spans.message(2, &ours);
    for (_, spans) in &others {
        resource_spans.message(2, spans);
    }
    let mut request = Message::default();
    request.message(1, &resource_spans);
    request.into_bytes()
}

/// A `ScopeSpans` without spans.
fn scope(name: &str, version: &str) -> Message {
    let mut scope = Message::default();
    scope.text(1, name);
    scope.text(2, version);
    let mut spans = Message::default();
    spans.message(1, &scope);
    spans
}
