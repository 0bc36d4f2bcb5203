//! Spans for a collector of OpenTelemetry.

use std::time::Duration;

use bootstream_test_support::pause;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::{head, write};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::collector::{Collector, OK, attribute, number};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:orders";

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An event of a REST API that is also a script, with this trace in its headers.
fn rest_event(id: &str, traceparent: &str, steps: &Value) -> Event {
    let event = json!({
        "resource": "/orders/{id}",
        "path": "/orders/7",
        "httpMethod": "POST",
        "headers": {"Traceparent": traceparent, "tracestate": "vendor=1"},
        "requestContext": {"stage": "prod", "resourcePath": "/orders/{id}"},
        "body": json!({ "steps": steps }).to_string(),
        "isBase64Encoded": false,
    });
    Event::new(id, event.to_string())
        .header("Lambda-Runtime-Trace-Id", XRAY)
        .header("Lambda-Runtime-Invoked-Function-Arn", ARN)
}

fn host(lambda: &Recorder, collector: &Collector) -> Bootstrap {
    collector
        .known_to(Bootstrap::scripted(lambda))
        .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
}

fn steps() -> Value {
    json!([head(200), write("hello"), write(" world"), "finish"])
}

#[test]
fn an_invocation_is_a_span_below_that_of_its_caller() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
    let traceparent = format!("00-{TRACE}-{SPAN}-01");
    lambda.enqueue(rest_event("id-1", &traceparent, &steps()));
    let _host = host(&lambda, &collector)
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("OTEL_RESOURCE_ATTRIBUTES", "team=a%20b,service.name=other")
        .env("OTEL_SERVICE_NAME", "shop")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret,x=a%20b")
        .start();

    let export = collector.export();
    assert!(
        export.head.starts_with("POST /v1/traces HTTP/1.1\r\n"),
        "{}",
        export.head
    );
    for line in [
        "content-type: application/x-protobuf",
        "api-key: s3cret",
        "x: a b",
    ] {
        assert!(
            export.head.contains(&format!("\r\n{line}\r\n")),
            "{}",
            export.head
        );
    }
    let resource = export.request.resource_spans[0]
        .resource
        .as_ref()
        .expect("a resource");
    for (name, value) in [
        ("service.name", "shop"),
        ("team", "a b"),
        ("cloud.provider", "aws"),
        ("cloud.region", "eu-central-1"),
        ("faas.name", "orders"),
        ("faas.max_memory", "134217728"),
        ("telemetry.sdk.language", "rust"),
    ] {
        assert_eq!(attribute(&resource.attributes, name), value, "{name}");
    }

    let spans = super::collector::spans(&export.request);
    let [span, init] = spans.as_slice() else {
        panic!("{spans:#?}");
    };
    assert_eq!(span.name, "/orders/{id}");
    assert_eq!(span.kind(), SpanKind::Server);
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        (TRACE.to_owned(), SPAN.to_owned())
    );
    assert_eq!(span.trace_state, "vendor=1");
    for (name, value) in [
        ("faas.invocation_id", "id-1"),
        ("faas.coldstart", "true"),
        ("faas.trigger", "http"),
        ("cloud.account.id", "123456789012"),
        ("aws.lambda.invoked_arn", ARN),
        ("http.route", "/orders/{id}"),
        ("http.request.method", "POST"),
        ("bootstream.response.bytes", "11"),
        ("bootstream.response.writes", "2"),
    ] {
        assert_eq!(attribute(&span.attributes, name), value, "{name}");
    }
    assert!(number(&span.attributes, "bootstream.first_byte_ms") > 0.0);
    let events: Vec<_> = span
        .events
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert_eq!(events, ["head", "first_byte", "finished"]);
    let within = |at| (span.start_time_unix_nano..=span.end_time_unix_nano).contains(&at);
    assert!(span.events.iter().all(|event| within(event.time_unix_nano)));
    assert_eq!(init.name, "init");
    assert_eq!(init.parent_span_id, span.span_id);
    assert!(number(&init.attributes, "bootstream.init.load_us") > 0.0);
}

#[test]
fn the_parent_is_lambda_s_only_if_asked_for_and_an_event_without_one_is_a_root() {
    let traceparent = format!("00-{TRACE}-{SPAN}-01");
    for (propagators, has_header, parent) in [
        (None, true, SPAN),
        (Some("xray-lambda,tracecontext"), true, "53995c3f42cd8ad8"),
        (None, false, ""),
    ] {
        let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
        let header = if has_header { &traceparent } else { "" };
        lambda.enqueue(rest_event("id-1", header, &steps()));
        let mut host = host(&lambda, &collector);
        if let Some(propagators) = propagators {
            host = host.env("OTEL_PROPAGATORS", propagators);
        }
        let _host = host.start();
        let span = collector.spans().remove(0);
        assert_eq!(hex(&span.parent_span_id), parent, "{propagators:?}");
    }
}

#[test]
fn a_caller_that_records_nothing_gets_no_spans() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
    lambda.enqueue_all(vec![
        rest_event("id-1", &format!("00-{TRACE}-{SPAN}-00"), &steps()),
        rest_event("id-2", &format!("00-{TRACE}-{SPAN}-01"), &steps()),
    ]);
    let _host = host(&lambda, &collector).start();
    let span = collector.spans().remove(0);
    assert_eq!(attribute(&span.attributes, "faas.invocation_id"), "id-2");
    lambda.polls(3);
    assert_eq!(collector.count(), 0);
}

#[test]
fn a_failure_in_the_middle_of_a_response_is_that_of_its_span() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
    lambda.script("id-1", &json!([write("part"), {"panic": "no luck"}]));
    let _host = host(&lambda, &collector).start();
    let span = collector.spans().remove(0);
    assert_eq!(span.name, "orders");
    assert_eq!(attribute(&span.attributes, "error.type"), "Function.Panic");
    let status = span.status.expect("a status");
    assert_eq!(status.code(), StatusCode::Error);
    assert!(status.message.contains("no luck"), "{}", status.message);
}

/// Response, spans, poll: while the process may be frozen, nothing is under way. The connection is kept.
#[test]
fn spans_are_sent_after_the_response_and_before_the_next_poll() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
    lambda.enqueue_all(vec![
        Event::script("id-1", &steps()),
        Event::script("id-2", &steps()),
    ]);
    let _host = host(&lambda, &collector).start();
    let exports = [collector.export(), collector.export()];
    lambda.polls(3);
    for (number, export) in exports.iter().enumerate() {
        let ended = lambda
            .complete_response(&format!("id-{}", number + 1))
            .ended;
        let next = lambda.look(|seen| seen.polls()[number + 1].began);
        assert!(ended < Some(export.at) && export.at < next);
        assert_eq!(export.connection, 0);
    }
}

/// Whatever a collector does, responses are complete, and one warning says so.
#[test]
fn a_collector_that_fails_costs_a_short_time_once_and_one_warning() {
    const BUSY: &str =
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n";
    for answers in [
        &[""][..],
        &["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"],
        &[BUSY],
        &["HTTP/1.1 400 Bad Request\r\n\r\n"],
        &["nonsense\r\n\r\n"],
    ] {
        let (lambda, collector) = (Recorder::start(), Collector::start(answers));
        let ids: Vec<_> = (0..10).map(|number| format!("id-{number}")).collect();
        lambda.enqueue_all(ids.iter().map(|id| Event::script(id, &steps())).collect());
        let host = host(&lambda, &collector)
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
            .start();
        for id in &ids {
            lambda.complete_response(id);
        }
        lambda.polls(ids.len() + 1);
        let warning = host.logged("spans were lost");
        assert!(warning.contains("127.0.0.1:"), "{warning}");
        assert_eq!(host.stdout().len(), 1, "{:?}", host.stdout());
        assert!((1..3).contains(&collector.count()), "{answers:?}");
    }
}

#[test]
fn a_collector_that_hangs_does_not_outlast_the_deadline() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[""]));
    let event = Event::script("id-1", &steps()).deadline_in(Duration::from_millis(700));
    lambda.enqueue(event);
    let _host = host(&lambda, &collector)
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "60000")
        .start();
    lambda.polls(2);
    let (event, next) = lambda.look(|seen| {
        let polls = seen.polls();
        (polls[0].answered.expect("an event"), polls[1].began)
    });
    let took = next - event;
    assert!(took < Duration::from_millis(700), "{took:?}");
}

#[test]
fn a_setting_that_cannot_be_followed_stops_the_start() {
    for (name, value, part) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "`http/protobuf`"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "http/json",
            "`http/protobuf`",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "ftp://collector.example",
            "a URL such as",
        ),
        (
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            "ca.pem",
            "`outbound.ca-file`",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "collector:4318",
            "a URL such as",
        ),
        (
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "soon",
            "a whole number of milliseconds",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret", "`name=value` pairs"),
        ("OTEL_TRACES_SAMPLER", "xray", "`always_on`"),
    ] {
        let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
        let _host = host(&lambda, &collector).env(name, value).start();
        let message = lambda.request("init/error").error_message();
        assert!(
            message.contains(name) && message.contains(part),
            "{message}"
        );
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn the_sdk_can_be_disabled() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
    lambda.script("id-1", &steps());
    let _host = host(&lambda, &collector)
        .env("OTEL_SDK_DISABLED", "true")
        .start();
    lambda.polls(2);
    assert_eq!(collector.count(), 0);
}

/// The connection is kept: a handshake for each invocation would cost more than the spans.
#[test]
fn a_collector_may_have_tls() {
    let lambda = Recorder::start();
    let (collector, certificate) = Collector::start_tls(&[OK]);
    lambda.enqueue_all(vec![
        Event::script("id-1", &steps()),
        Event::script("id-2", &steps()),
    ]);
    let host = host(&lambda, &collector).settings("[outbound]\nca-file = 'ca.pem'\n");
    std::fs::write(host.package().join("ca.pem"), certificate).expect("a file in a fresh folder");
    let _host = host
        .env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret")
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "20000")
        .start();
    for id in ["id-1", "id-2"] {
        let export = collector.export();
        assert!(
            export.head.starts_with("POST /v1/traces HTTP/1.1\r\n"),
            "{}",
            export.head
        );
        assert!(
            export.head.contains("api-key: s3cret\r\n"),
            "{}",
            export.head
        );
        assert_eq!(export.connection, 0);
        let span = super::collector::spans(&export.request).remove(0);
        assert_eq!(attribute(&span.attributes, "faas.invocation_id"), id);
    }
}

#[test]
fn a_collector_without_a_certificate_to_trust_gets_nothing() {
    let lambda = Recorder::start();
    let (collector, _) = Collector::start_tls(&[OK]);
    lambda.script("id-1", &steps());
    let host = host(&lambda, &collector)
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "20000")
        .start();
    lambda.complete_response("id-1");
    let warning = host.logged("spans were lost");
    assert!(warning.contains("localhost:"), "{warning}");
    lambda.polls(2);
    assert_eq!(collector.count(), 0);
}

/// Also while the collector takes nothing, records do not pile up.
#[test]
fn a_collector_that_hangs_holds_no_memory() {
    const WARM_UP: usize = 500;
    let (lambda, collector) = (Recorder::start(), Collector::start(&[""]));
    let host = host(&lambda, &collector)
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "20")
        .start();
    let serve = |ids: std::ops::Range<usize>| {
        let events = ids
            .clone()
            .map(|number| Event::script(&format!("id-{number}"), &steps()));
        lambda.enqueue_all(events.collect());
        lambda.complete_response(&format!("id-{}", ids.end - 1));
        lambda.idle(1);
        lambda.forget();
    };
    serve(0..WARM_UP);
    let before = host.anonymous_kib();
    for turn in 1..20 {
        serve(turn * WARM_UP..(turn + 1) * WARM_UP);
    }
    let grown = host.anonymous_kib().saturating_sub(before);
    assert!(grown < 1024, "{grown} KiB more after 10,000 invocations");
}

/// What Lambda does between two invocations.
#[test]
fn a_process_that_is_stopped_after_its_poll_loses_nothing_and_sends_nothing_twice() {
    let (lambda, collector) = (Recorder::start(), Collector::start(&[OK]));
    lambda.script("id-1", &steps());
    let host = host(&lambda, &collector).start();
    lambda.polls(2);
    host.signal(Signal::STOP);
    lambda.script("id-2", &steps());
    pause(Duration::from_millis(300));
    host.signal(Signal::CONT);
    lambda.polls(3);
    let exported = || {
        attribute(
            &collector.spans().remove(0).attributes,
            "faas.invocation_id",
        )
    };
    assert_eq!([exported(), exported()], ["id-1", "id-2"]);
    assert_eq!(collector.count(), 0);
    assert!(host.stdout().is_empty(), "{:?}", host.stdout());
}
