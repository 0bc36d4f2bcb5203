//! The record of an invocation in the log.

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::{head, write};
use serde_json::{Value, json};

/// A host that logs the records of its invocations.
fn host(lambda: &Recorder, metrics: &str) -> Bootstrap {
    Bootstrap::scripted(lambda)
        .settings(&format!("[observe]\nmetrics = \"{metrics}\"\n"))
        .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
}

fn steps() -> Value {
    json!([head(200), write("hello"), {"log": {"level": "info", "message": "of the handler"}}, "finish"])
}

/// The first line that is a document of metrics.
#[track_caller]
fn document(host: &Running) -> Value {
    let line = host.line("metrics", |line| line.contains("CloudWatchMetrics"));
    serde_json::from_str(&line).expect("the line is one document")
}

#[test]
fn the_metrics_of_an_invocation_are_one_document_in_either_format() {
    for format in ["Text", "JSON"] {
        let lambda = Recorder::start();
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0";
        let event = Event::script("id-1", &steps()).header("Lambda-Runtime-Trace-Id", trace);
        lambda.enqueue(event);
        let host = host(&lambda, "emf")
            .env("AWS_LAMBDA_LOG_FORMAT", format)
            .env("POWERTOOLS_SERVICE_NAME", "shop")
            .start();
        let document = document(&host);
        for (name, value) in [
            ("requestId", "id-1"),
            ("traceId", trace),
            ("service", "shop"),
            ("function_name", "orders"),
            ("level", "INFO"),
        ] {
            assert_eq!(document[name], value);
        }
        for (name, value) in [
            ("ResponseBytes", 5),
            ("Writes", 1),
            ("ColdStart", 1),
            ("Failures", 0),
            ("StreamFailures", 0),
        ] {
            assert_eq!(document[name], value, "{name}");
        }
        let directive = &document["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Bootstream");
        assert_eq!(
            directive["Dimensions"],
            json!([["service", "function_name"]])
        );
        let metrics = directive["Metrics"].as_array().expect("a list");
        for metric in metrics {
            let name = metric["Name"].as_str().expect("a name");
            assert!(document[name].is_number(), "{name}");
        }
        let unit_of = |name| {
            metrics
                .iter()
                .find(|it| it["Name"] == name)
                .map(|it| it["Unit"].clone())
        };
        assert_eq!(unit_of("FirstByte"), Some("Milliseconds".into()));
        assert_eq!(unit_of("LongestSilence"), Some("Milliseconds".into()));
    }
}

#[test]
fn metrics_pass_the_level_of_the_log() {
    for (level, expected) in [("ERROR", "ERROR"), ("FATAL", "FATAL"), ("DEBUG", "INFO")] {
        let lambda = Recorder::start();
        lambda.script("id-1", &steps());
        let host = host(&lambda, "emf")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", level)
            .start();
        assert_eq!(document(&host)["level"], expected);
        let has_record = host
            .stdout()
            .iter()
            .any(|line| line.contains("of the handler"));
        assert_eq!(has_record, level == "DEBUG", "{level}");
    }
}

#[test]
fn a_failure_after_the_first_byte_is_counted_as_one_of_a_stream() {
    for (steps, count, other) in [
        (json!([write("part"), "trap"]), "StreamFailures", "Failures"),
        (json!(["trap"]), "Failures", "StreamFailures"),
    ] {
        let lambda = Recorder::start();
        lambda.script("id-1", &steps);
        let host = host(&lambda, "emf").start();
        let document = document(&host);
        assert_eq!((&document[count], &document[other]), (&1.into(), &0.into()));
        assert_eq!(document["errorType"], "Function.Trap");
    }
}

#[test]
fn the_same_numbers_can_be_an_ordinary_record() {
    for (format, part) in [
        ("JSON", "\"message\":\"invocation\""),
        ("Text", " INFO invocation: "),
    ] {
        let lambda = Recorder::start();
        lambda.script("id-1", &steps());
        let host = host(&lambda, "log")
            .env("AWS_LAMBDA_LOG_FORMAT", format)
            .start();
        let line = host.logged(part);
        assert!(!line.contains("_aws"), "{line}");
        if format == "JSON" {
            let record: Value = serde_json::from_str(&line).expect("one object");
            assert_eq!(record["requestId"], "id-1");
            assert_eq!(record["Writes"], 1);
        } else {
            assert!(
                line.contains(" requestId=id-1") && line.contains(" Writes=1"),
                "{line}"
            );
        }
    }
}

#[test]
fn an_unknown_kind_of_metrics_stops_the_start() {
    let lambda = Recorder::start();
    let _host = host(&lambda, "statsd").start();
    let message = lambda.request("init/error").error_message();
    for part in [
        "bootstream.toml:2",
        "observe.metrics",
        "statsd",
        "`none`, `emf` or `log`",
    ] {
        assert!(message.contains(part), "{message}");
    }
}
