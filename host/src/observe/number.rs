//! The numbers of a record, each with its name in every output.

use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::record::{Record, milliseconds};

/// The names of a number. An empty one: that output does not have it.
pub(super) struct Names {
    /// In metrics, and in the log.
    pub(super) metric: &'static str,
    /// The unit of the metric, or empty for a member that is not a metric.
    pub(super) unit: &'static str,
    /// In spans of OpenTelemetry.
    pub(super) attribute: &'static str,
    /// In subsegments of X-Ray.
    pub(super) xray: &'static str,
    /// Whether X-Ray indexes it.
    pub(super) is_indexed: bool,
}

impl Names {
    const fn new(metric: [&'static str; 2], attribute: &'static str, xray: &'static str) -> Self {
        let [metric, unit] = metric;
        Self {
            metric,
            unit,
            attribute,
            xray,
            is_indexed: true,
        }
    }

    const fn not_indexed(
        metric: [&'static str; 2],
        attribute: &'static str,
        xray: &'static str,
    ) -> Self {
        let names = Self::new(metric, attribute, xray);
        Self {
            is_indexed: false,
            ..names
        }
    }
}

const MS: &str = "Milliseconds";
const COUNT: &str = "Count";

/// In this unit the metric has megabytes of 1,000,000 bytes, and the others have bytes.
pub(super) const MEGABYTES: &str = "Megabytes";

/// What a record says in all outputs.
static NAMES: [Names; 16] = [
    Names::new(["requestId", ""], "faas.invocation_id", "request_id"),
    Names::new(["tenantId", ""], "bootstream.tenant_id", "tenant_id"),
    Names::new(["errorType", ""], "error.type", "error_type"),
    Names::new(["ColdStart", COUNT], "faas.coldstart", "cold_start"),
    Names::new(["Head", MS], "bootstream.head_ms", "head_ms"),
    Names::new(
        ["FirstByte", MS],
        "bootstream.first_byte_ms",
        "first_byte_ms",
    ),
    Names::new(
        ["ResponseBytes", "Bytes"],
        "bootstream.response.bytes",
        "response_bytes",
    ),
    Names::new(["Writes", COUNT], "bootstream.response.writes", "writes"),
    Names::new(
        ["LongestSilence", MS],
        "bootstream.longest_silence_ms",
        "longest_silence_ms",
    ),
    Names::new(
        ["Backpressure", MS],
        "bootstream.backpressure_ms",
        "backpressure_ms",
    ),
    Names::not_indexed(
        ["AfterFinish", MS],
        "bootstream.after_finish_ms",
        "after_finish_ms",
    ),
    Names::new(
        ["OutboundRequests", COUNT],
        "bootstream.outbound.requests",
        "outbound_requests",
    ),
    Names::not_indexed(
        ["OutboundFailures", COUNT],
        "bootstream.outbound.failed",
        "outbound_failed",
    ),
    Names::not_indexed(
        ["OutboundTime", MS],
        "bootstream.outbound_ms",
        "outbound_ms",
    ),
    Names::not_indexed(
        ["GuestMemory", MEGABYTES],
        "bootstream.guest.memory_bytes",
        "guest_memory_bytes",
    ),
    Names::not_indexed(
        ["Instantiate", "Microseconds"],
        "bootstream.instantiate_us",
        "instantiate_us",
    ),
];

/// Returns what is known, in the order of the table.
pub(super) fn numbers(record: &Record) -> impl Iterator<Item = (&'static Names, Value)> {
    let since = |at: Option<Instant>| at.map(|at| ms(record.since_event(at))).into();
    let guest = record.guest.as_ref();
    let calls = &record.calls;
    let values: [Value; 16] = [
        record.request_id.as_str().into(),
        record.tenant_id.as_deref().into(),
        record
            .ending
            .report()
            .map(|it| it.error_type.as_str())
            .into(),
        record.is_first.into(),
        since(record.head),
        since(record.first_byte),
        guest.map(|it| it.written_bytes).into(),
        guest.map(|it| it.writes).into(),
        ms(record.longest_silence),
        ms(record.backpressure),
        ms(record.after_finish()),
        calls.count.into(),
        calls.failed.into(),
        ms(calls.time),
        guest.map(|it| it.memory_bytes).into(),
        record.instantiated.map(|it| microseconds(it.time)).into(),
    ];
    let known = NAMES.iter().zip(values);
    known.filter(|(_, value)| !value.is_null())
}

/// Milliseconds with three decimals.
pub(super) fn ms(time: Duration) -> Value {
    milliseconds(time).into()
}

pub(super) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Returns an object of those members that are not null.
pub(super) fn object(members: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    }
    Value::Object(object)
}
