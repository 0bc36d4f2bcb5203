//! The record of an invocation as a line of the log: metrics for `CloudWatch` in the embedded metric format (EMF), or
//! the same numbers as an ordinary record.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::number::{MEGABYTES, ms, numbers, object};
use super::record::{Ending, Record};

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

/// A member of a line, with its unit. A member without one is not a metric.
type Member = (&'static str, &'static str, Value);

/// Returns the document of EMF, in one line.
pub(crate) fn emf(record: &Record, line: Line<'_>) -> String {
    let members = members(record, line);
    let metrics = members.iter().filter(|(_, unit, _)| !unit.is_empty());
    let metrics: Vec<Value> = metrics
        .map(|(name, unit, _)| object(vec![("Name", (*name).into()), ("Unit", (*unit).into())]))
        .collect();
    let Labels {
        namespace,
        service,
        function_name,
    } = line.labels;
    let directive = object(vec![
        ("Namespace", namespace.as_str().into()),
        ("Dimensions", json!([["service", "function_name"]])),
        ("Metrics", metrics.into()),
    ]);
    let metadata = object(vec![
        ("Timestamp", unix_ms(record.wall).into()),
        ("CloudWatchMetrics", vec![directive].into()),
    ]);
    let others = vec![
        ("service", service.as_str().into()),
        ("function_name", function_name.as_str().into()),
        ("_aws", metadata),
    ];
    json(members, others)
}

/// Returns the record as one object of a log in JSON.
pub(crate) fn json_line(record: &Record, line: Line<'_>) -> String {
    json(
        members(record, line),
        vec![("message", "invocation".into())],
    )
}

fn json(members: Vec<Member>, mut others: Vec<(&str, Value)>) -> String {
    let members = members.into_iter();
    others.extend(members.map(|(name, _, value)| (name, value)));
    object(others).to_string()
}

/// Returns the record as one line of a log in text.
pub(crate) fn text_line(record: &Record, line: Line<'_>) -> String {
    let (timestamp, level) = (line.timestamp, line.level);
    let mut text = format!("{timestamp} {level:>5} invocation:");
    let members = members(record, line).into_iter();
    for (name, _, value) in members.skip_while(|(name, ..)| matches!(*name, "timestamp" | "level"))
    {
        match value {
            Value::String(value) => write!(text, " {name}={value}"),
            other => write!(text, " {name}={other}"),
        }
        .expect("a string takes any text");
    }
    text
}

/// What all lines have, time and level first.
fn members(record: &Record, line: Line<'_>) -> Vec<Member> {
    let mut members: Vec<Member> = vec![
        ("timestamp", "", line.timestamp.into()),
        ("level", "", line.level.into()),
    ];
    members.extend(line.trace.map(|trace| ("traceId", "", trace.into())));
    for (names, value) in numbers(record) {
        let value = match (names.unit, &value) {
            (MEGABYTES, bytes) => megabytes(bytes.as_f64().unwrap_or_default()).into(),
            (_, Value::Bool(true)) => 1.into(),
            // The sum of a metric counts.
            (_, Value::Bool(false)) => continue,
            _ => value,
        };
        members.push((names.metric, names.unit, value));
    }
    members.extend(
        record
            .init_time()
            .map(|it| ("Init", "Milliseconds", ms(it))),
    );
    let (before, after) = match record.ending {
        Ending::Completed => (0, 0),
        Ending::Failed(_) => (1, 0),
        Ending::FailedInStream(_) => (0, 1),
    };
    members.push(("Failures", "Count", before.into()));
    members.push(("StreamFailures", "Count", after.into()));
    members
}

/// Megabytes of 1,000,000 bytes, with three decimals.
fn megabytes(bytes: f64) -> f64 {
    (bytes / 1e3).round() / 1e3
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
