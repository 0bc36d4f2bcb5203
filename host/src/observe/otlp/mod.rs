//! The record of an invocation as spans of OpenTelemetry, in the encoding of OTLP.
//!
//! Names are those of OpenTelemetry's semantic conventions where they have one, and begin with `bootstream.`
//! otherwise.

mod protobuf;
mod spans;

use std::time::{Instant, UNIX_EPOCH};

use super::event::HttpEvent;
use super::id::Ids;
use super::record::Record;
use super::trace::Context;
pub(crate) use protobuf::Attribute;
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
    pub(crate) event: Option<&'a HttpEvent>,
    pub(crate) function_arn: Option<&'a str>,
}

/// The resource of all spans of a process, encoded.
#[derive(Clone, Debug)]
pub(crate) struct Resource(Message);

impl Resource {
    /// `attributes`: the last of several with the same name counts.
    pub(crate) fn new(attributes: &[(String, Attribute)]) -> Self {
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
    let mut scope = Message::default();
    scope.text(1, SCOPE);
    scope.text(2, env!("CARGO_PKG_VERSION"));
    let mut scope_spans = Message::default();
    scope_spans.message(1, &scope);
    for span in spans::of(record, subject) {
        scope_spans.message(2, &span);
    }
    let mut resource_spans = Message::default();
    resource_spans.message(1, &resource.0);
    resource_spans.message(2, &scope_spans);
    let mut request = Message::default();
    request.message(1, &resource_spans);
    request.into_bytes()
}

fn unix_ns(record: &Record, at: Instant) -> u64 {
    let since = record.wall_time(at).duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
