//! The record of an invocation as a line of the log: metrics for `CloudWatch` in the embedded metric format (EMF), or
//! the same numbers as an ordinary record.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::record::{Ending, Record, milliseconds};
use super::xray::microseconds;

/// The names of a function in its metrics.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) function_name: String,
}

/// What a line has beside the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) labels: &'a Labels,
    /// The time in UTC, by RFC 3339.
    pub(crate) timestamp: &'a str,
    /// The level of the record, such as `INFO`.
    pub(crate) level: &'a str,
    /// The header of X-Ray.
    pub(crate) trace: Option<&'a str>,
}

struct Metric {
    name: &'static str,
    unit: &'static str,
    value: Value,
}

/// Returns the document of EMF, in one line.
pub(crate) fn emf(record: &Record, line: Line<'_>) -> String {
    let metrics = metrics(record);
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|metric| json!({ "Name": metric.name, "Unit": metric.unit }))
        .collect();
    let mut document = members(record, line);
    document.insert("service".to_owned(), line.labels.service.clone().into());
    document.insert(
        "function_name".to_owned(),
        line.labels.function_name.clone().into(),
    );
    document.extend(metrics.into_iter().map(|it| (it.name.to_owned(), it.value)));
    document.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": unix_ms(record.wall),
            "CloudWatchMetrics": [{
                "Namespace": line.labels.namespace,
                "Dimensions": [["service", "function_name"]],
                "Metrics": definitions,
            }],
        }),
    );
    Value::Object(document).to_string()
}

/// Returns the record as one object of a log in JSON.
pub(crate) fn json_line(record: &Record, line: Line<'_>) -> String {
    let mut document = members(record, line);
    document.insert("message".to_owned(), "invocation".into());
    document.extend(
        metrics(record)
            .into_iter()
            .map(|it| (it.name.to_owned(), it.value)),
    );
    Value::Object(document).to_string()
}

/// Returns the record as one line of a log in text.
pub(crate) fn text_line(record: &Record, line: Line<'_>) -> String {
    let mut text = String::new();
    let members = members(record, line);
    let numbers = metrics(record)
        .into_iter()
        .map(|it| (it.name.to_owned(), it.value));
    let (timestamp, level) = (line.timestamp, line.level);
    write!(text, "{timestamp} {level:>5} invocation:").expect("a string takes any text");
    for (name, value) in members.into_iter().chain(numbers) {
        if matches!(name.as_str(), "timestamp" | "level") {
            continue;
        }
        match value {
            Value::String(value) => write!(text, " {name}={value}"),
            other => write!(text, " {name}={other}"),
        }
        .expect("a string takes any text");
    }
    text
}

/// The members of a record that are not numbers.
fn members(record: &Record, line: Line<'_>) -> Map<String, Value> {
    let report = record.ending.report();
    let error_type = report.map(|it| it.error_type.as_str());
    let members = [
        ("timestamp", Some(line.timestamp.to_owned())),
        ("level", Some(line.level.to_owned())),
        ("requestId", Some(record.request_id.clone())),
        ("tenantId", record.tenant_id.clone()),
        ("traceId", line.trace.map(ToOwned::to_owned)),
        ("errorType", error_type.map(ToOwned::to_owned)),
    ];
    let mut present = Map::new();
    for (name, value) in members {
        if let Some(value) = value {
            present.insert(name.to_owned(), Value::String(value));
        }
    }
    present
}

fn metrics(record: &Record) -> Vec<Metric> {
    let time = |name, time: Duration| Metric {
        name,
        unit: "Milliseconds",
        value: milliseconds(time).into(),
    };
    let count = |name, value: u64| Metric {
        name,
        unit: "Count",
        value: value.into(),
    };
    let since = |name, at: Option<_>| at.map(|at| time(name, record.since_event(at)));
    let guest = record.guest.as_ref();
    let ended = |fits: bool| u64::from(fits);
    let known = [
        since("Head", record.head),
        since("FirstByte", record.first_byte),
        guest.map(|it| Metric {
            name: "ResponseBytes",
            unit: "Bytes",
            value: it.written_bytes.into(),
        }),
        guest.map(|it| count("Writes", it.writes)),
        Some(time("LongestSilence", record.longest_silence)),
        Some(time("Backpressure", record.backpressure)),
        Some(time("AfterFinish", record.after_finish())),
        Some(count("OutboundRequests", record.calls.count)),
        Some(time("OutboundTime", record.calls.time)),
        Some(count("OutboundFailures", record.calls.failed)),
        guest.map(|it| Metric {
            name: "GuestMemory",
            unit: "Megabytes",
            value: megabytes(it.memory_bytes).into(),
        }),
        record.instantiated.map(|it| Metric {
            name: "Instantiate",
            unit: "Microseconds",
            value: microseconds(it.time).into(),
        }),
        record.is_first.then(|| count("ColdStart", 1)),
        record.init_time().map(|it| time("Init", it)),
        Some(count(
            "Failures",
            ended(matches!(record.ending, Ending::Failed(_))),
        )),
        Some(count(
            "StreamFailures",
            ended(matches!(record.ending, Ending::FailedInStream(_))),
        )),
    ];
    known.into_iter().flatten().collect()
}

/// Megabytes of 1,000,000 bytes, with three decimals.
#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^53 bytes")]
fn megabytes(bytes: usize) -> f64 {
    (bytes as f64 / 1e3).round() / 1e3
}

fn unix_ms(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lambda_protocol::error_report::{ErrorReport, ErrorType};

    use super::*;
    use crate::observe::{Ids, Traces, Watch};

    fn labels() -> Labels {
        Labels {
            namespace: "Bootstream".to_owned(),
            service: "shop".to_owned(),
            function_name: "orders".to_owned(),
        }
    }

    fn line<'a>(labels: &'a Labels, trace: Option<&'a str>) -> Line<'a> {
        Line {
            labels,
            timestamp: "2026-11-29T17:32:46.123456Z",
            level: "INFO",
            trace,
        }
    }

    fn record() -> Record {
        let watch = Watch::new(Ids::new(1), Traces::default(), true);
        watch.failed(&ErrorReport::new(ErrorType::Trap, "boom"), true);
        watch.record("r-1", Some("t"), None)
    }

    #[test]
    fn each_metric_of_a_document_is_defined_and_has_a_value() {
        let text = emf(&record(), line(&labels(), Some("Root=1")));
        let document: Value = serde_json::from_str(&text).unwrap();
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(
                document[metric["Name"].as_str().unwrap()].is_number(),
                "{metric}"
            );
        }
        for dimension in directive["Dimensions"][0].as_array().unwrap() {
            assert!(
                document[dimension.as_str().unwrap()].is_string(),
                "{dimension}"
            );
        }
        assert_eq!(directive["Namespace"], "Bootstream");
        for (name, value) in [
            ("requestId", "r-1"),
            ("tenantId", "t"),
            ("traceId", "Root=1"),
            ("errorType", "Function.Trap"),
            ("level", "INFO"),
        ] {
            assert_eq!(document[name], value);
        }
        assert_eq!(
            (&document["StreamFailures"], &document["Failures"]),
            (&1.into(), &0.into())
        );
        assert_eq!(document["ColdStart"], 1);
    }

    #[test]
    fn the_record_of_a_log_has_the_same_numbers_and_no_metadata() {
        let record = record();
        let mut metrics: Value =
            serde_json::from_str(&emf(&record, line(&labels(), None))).unwrap();
        let object: Value =
            serde_json::from_str(&json_line(&record, line(&labels(), None))).unwrap();
        for name in ["_aws", "service", "function_name"] {
            metrics.as_object_mut().unwrap().remove(name);
        }
        metrics["message"] = "invocation".into();
        assert_eq!(object, metrics);
        let text = text_line(&record, line(&labels(), None));
        assert!(text.contains("  INFO invocation: "), "{text}");
        for part in [
            " requestId=r-1",
            " StreamFailures=1",
            " errorType=Function.Trap",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
