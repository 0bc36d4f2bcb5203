//! Spans and records that a guest makes by `wasi:otel`.

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::write;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::{Value, json};

use super::collector::{Collector, OK, attribute};
use super::daemon::{Daemon, PARENT, ROOT, sampled};
use super::otlp::hex;

const TRACE: &str = "5759e988bd862e3fe1be46a994272793";
const OUTER: &str = "00000000000000a1";
const INNER: &str = "00000000000000a2";

fn host(lambda: &Recorder) -> Bootstrap {
    Bootstrap::with_handler(lambda, &guests::component("otel_guest"))
}

fn nested() -> Value {
    json!([
        {"start_span": OUTER},
        {"start_span": INNER},
        {"sleep_ms": 30},
        {"end_span": {
            "id": INNER, "parent": OUTER, "name": "inner", "trace": "7".repeat(32), "ms": 2, "kind": "client",
            "attributes": [["model", "\"m-1\""], ["tokens", "7"], ["ratio", "0.5"], ["tags", "[\"a\",true]"], ["plain", "not json"]],
            "event": "first token", "error": "no luck", "scope": "llm",
        }},
        {"end_span": {"id": OUTER, "name": "outer", "ms": 4, "scope": "llm"}},
        write("done"),
        "finish",
    ])
}

/// One invocation with both receivers: its document, and its request.
fn told(steps: &Value) -> (Value, super::collector::Export) {
    let (lambda, daemon, collector) = (Recorder::start(), Daemon::start(), Collector::start(&[OK]));
    lambda.enqueue(sampled("id-1", steps));
    let host = collector.known_to(daemon.known_to(host(&lambda)));
    let _host = host.env("OTEL_PROPAGATORS", "xray-lambda").start();
    let told = (daemon.document(), collector.export());
    assert_eq!(lambda.complete_response("id-1").body(), "done");
    told
}

fn children(document: &Value) -> Vec<&Value> {
    let below = document["subsegments"].as_array().expect("subsegments");
    let made = below.iter().filter(|it| it["name"] != "init");
    made.collect()
}

#[test]
fn nested_spans_are_below_that_of_the_invocation() {
    let (document, export) = told(&nested());
    let [outer] = children(&document)[..] else {
        panic!("{document:#}");
    };
    let inner = &outer["subsegments"][0];
    assert_eq!((&outer["id"], &inner["id"]), (&OUTER.into(), &INNER.into()));
    assert_eq!(
        (&inner["name"], &inner["namespace"]),
        (&"inner".into(), &"remote".into())
    );
    assert_eq!(inner["cause"]["exceptions"][0]["message"], "no luck");
    let metadata = &inner["metadata"]["default"];
    assert_eq!(
        metadata["attributes"],
        json!({"model": "m-1", "tokens": 7, "ratio": 0.5, "tags": ["a", true], "plain": "not json"})
    );
    assert_eq!(metadata["events"][0]["name"], "first token");

    let scopes = &export.request.resource_spans[0].scope_spans;
    let names: Vec<_> = scopes
        .iter()
        .map(|it| it.scope.as_ref().expect("a scope").name.as_str())
        .collect();
    assert_eq!(names, ["bootstream", "llm"]);
    let ours = &scopes[0].spans[0];
    let [inner, outer] = &scopes[1].spans[..] else {
        panic!("{scopes:#?}");
    };
    assert_eq!(
        (&outer.name, &outer.parent_span_id),
        (&"outer".to_owned(), &ours.span_id)
    );
    assert_eq!(inner.parent_span_id, outer.span_id);
    for span in [ours, inner, outer] {
        assert_eq!(hex(&span.trace_id), TRACE);
    }
    assert_eq!(inner.kind(), SpanKind::Client);
    assert_eq!(
        (
            attribute(&inner.attributes, "tokens"),
            attribute(&inner.attributes, "ratio")
        ),
        ("7".to_owned(), "0.5".to_owned())
    );
    assert_eq!(inner.events[0].name, "first token");
    assert_eq!(hex(&inner.links[0].span_id), "8".repeat(16));
    let status = inner.status.as_ref().expect("a status");
    assert_eq!(
        (status.code(), status.message.as_str()),
        (StatusCode::Error, "no luck")
    );
    let took = inner.end_time_unix_nano - inner.start_time_unix_nano;
    assert!((1_900_000..=2_100_000).contains(&took), "{took}");
}

/// Never ended, ended twice, without a beginning, with ids that are none, with a foreign parent, with impossible times,
/// below itself: no trap, and what is left is below our span.
#[test]
fn a_span_that_makes_no_sense_harms_nobody() {
    let steps = json!([
        {"start_span": OUTER},
        {"start_span": "nonsense"},
        {"end_span": {"id": "", "name": "no id"}},
        {"end_span": {"id": "0000000000000000", "name": "no id"}},
        {"end_span": {"id": "a".repeat(100_000), "name": "no id"}},
        {"end_span": {"id": INNER, "parent": "b".repeat(16), "name": "foreign parent"}},
        {"end_span": {"id": INNER, "name": "twice"}},
        {"end_span": {"id": "00000000000000a3", "parent": "00000000000000a3", "name": "own parent", "has_odd_times": true}},
        write("done"),
        "finish",
    ]);
    let (document, export) = told(&steps);
    let names: Vec<_> = children(&document)
        .iter()
        .map(|it| it["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["foreign parent", "own parent"]);
    for child in children(&document) {
        assert!(child["start_time"].as_f64() >= document["start_time"].as_f64());
        assert!(child["end_time"].as_f64() <= document["end_time"].as_f64());
    }
    let spans = super::collector::spans(&export.request);
    let ours = spans[0].span_id.clone();
    assert!(
        spans[1..].iter().all(|span| span.parent_span_id == ours),
        "{spans:#?}"
    );
}

#[test]
fn ten_thousand_spans_are_bounded_and_counted() {
    let (document, export) = told(&json!([{"many_spans": 10_000}, write("done"), "finish"]));
    assert_eq!(children(&document).len(), 100);
    assert_eq!(document["metadata"]["bootstream"]["omitted"], 9900);
    let spans = super::collector::spans(&export.request);
    assert_eq!(spans.iter().filter(|span| span.name == "many").count(), 100);
    assert_eq!(
        attribute(&spans[0].attributes, "bootstream.spans_omitted"),
        "9900"
    );
}

/// Both names of the function give the span that the guest is in.
#[test]
fn the_current_span_is_that_of_the_invocation_or_the_guest_s_own() {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    let steps = json!(["current_span", "outer_span", {"start_span": OUTER}, "current_span"]);
    lambda.enqueue(sampled("id-1", &steps));
    let _host = daemon.known_to(host(&lambda)).start();
    let document = daemon.document();
    let body = lambda.complete_response("id-1").body();
    let ours = document["id"].as_str().expect("an id");
    let lines: Vec<_> = body.lines().collect();
    let of_host = format!("{TRACE} {ours} true");
    assert_eq!(
        lines,
        [of_host.clone(), of_host, format!("{TRACE} {OUTER} true")]
    );
}

/// Without a receiver the guest hears the caller's span, which is not sampled, or none.
#[test]
fn without_a_receiver_a_component_runs_and_nothing_is_recorded() {
    let lambda = Recorder::start();
    let steps = json!(["current_span", {"many_spans": 100}, "outer_span"]);
    let header = format!("Root={ROOT};Parent={PARENT};Sampled=0");
    lambda.enqueue_all(vec![
        Event::script("id-1", &steps),
        Event::script("id-2", &steps).header("Lambda-Runtime-Trace-Id", header),
    ]);
    let _host = host(&lambda).start();
    let none = format!("{} {} false\n", "0".repeat(32), "0".repeat(16));
    assert_eq!(lambda.complete_response("id-1").body(), none.repeat(2));
    let caller = format!("{TRACE} {PARENT} false\n");
    assert_eq!(lambda.complete_response("id-2").body(), caller.repeat(2));
}

#[test]
fn a_log_record_is_a_line_of_the_log_and_metrics_are_refused() {
    let lambda = Recorder::start();
    lambda.script("id-1", &json!([{"emit_log": "sold out"}, "export_metrics"]));
    let host = host(&lambda).env("AWS_LAMBDA_LOG_FORMAT", "JSON").start();
    let body = lambda.complete_response("id-1").body();
    assert!(
        body.starts_with("Err(") && body.contains("embedded metric format"),
        "{body}"
    );
    let line: Value = serde_json::from_str(&host.logged("sold out")).expect("JSON");
    for (name, value) in [
        ("level", "WARN".into()),
        ("requestId", "id-1".into()),
        ("order", json!(7)),
    ] {
        assert_eq!(line[name], value, "{line}");
    }
}
