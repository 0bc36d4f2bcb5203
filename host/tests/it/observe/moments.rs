//! When the handler wrote, in the span of its invocation.

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Exchange, Post, Recorder};
use bootstream_test_support::steps::{head, write};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event as SpanEvent;
use serde_json::{Value, json};

use super::collector::{Collector, OK, attribute};
use super::daemon::sampled;

const MS: u64 = 1_000_000;

/// How late a moment may be on a busy machine, in nanoseconds.
const LATE: u64 = 60 * MS;

/// One invocation: the span, and what Lambda got.
fn told(steps: &Value, post: Post, variables: &[(&str, &str)]) -> (Span, Exchange) {
    let (lambda, collector) = (Recorder::with_small_buffers(), Collector::start(&[OK]));
    lambda.on("id-1/response", post);
    lambda.enqueue(sampled("id-1", steps));
    let mut host = collector.known_to(Bootstrap::scripted(&lambda));
    for (name, value) in variables {
        host = host.env(name, value);
    }
    let _host = host.start();
    let export = collector.export();
    let span = super::collector::spans(&export.request).remove(0);
    (span, lambda.complete_response("id-1"))
}

const ON: [(&str, &str); 1] = [("BOOTSTREAM_OBSERVE_WRITES", "true")];

fn named<'a>(span: &'a Span, name: &str) -> Vec<&'a SpanEvent> {
    let events = span.events.iter();
    events.filter(|event| event.name == name).collect()
}

#[test]
fn each_write_is_an_event_at_its_beginning() {
    let steps = json!([
        head(200), write("first"), {"sleep_ms": 300}, write("second"), {"sleep_ms": 100}, write("x"), "finish"
    ]);
    let (span, _) = told(&steps, Post::default(), &ON);
    let writes = named(&span, "write");
    let bytes: Vec<_> = writes
        .iter()
        .map(|it| attribute(&it.attributes, "bootstream.bytes"))
        .collect();
    assert_eq!(bytes, ["5", "6", "1"]);
    for (pair, slept) in writes.windows(2).zip([300 * MS, 100 * MS]) {
        let gap = pair[1].time_unix_nano - pair[0].time_unix_nano;
        assert!((slept..slept + LATE).contains(&gap), "{gap}");
    }
    assert!(named(&span, "wait").is_empty());
}

#[test]
fn each_wait_for_the_reader_is_an_event() {
    let chunk = "x".repeat(65_536);
    let steps = json!([head(200), {"write_many": {"count": 40, "chunk": chunk}}, "finish"]);
    let slow = Post::default().bytes_per_second(4_000_000);
    let (span, _) = told(&steps, slow, &ON);
    assert_eq!(named(&span, "write").len(), 40);
    let waits = named(&span, "wait");
    assert!(!waits.is_empty());
    let us = |it: &&SpanEvent| attribute(&it.attributes, "bootstream.wait_us").parse::<f64>();
    let waited: f64 = waits.iter().map(|it| us(it).expect("a number")).sum();
    let counted = attribute(&span.attributes, "bootstream.backpressure_ms");
    let counted: f64 = counted.parse().expect("a number");
    assert!((waited / 1e3 - counted).abs() < 1.0, "{waited} {counted}");
}

#[test]
fn of_many_writes_neighbours_are_joined() {
    let steps = json!([head(200), {"write_many": {"count": 10_000, "chunk": "xyz"}}, "finish"]);
    let (span, response) = told(&steps, Post::default(), &ON);
    let writes = named(&span, "write");
    assert!((1024..=2048).contains(&writes.len()), "{}", writes.len());
    let sum = |name: &str| -> usize {
        let numbers = writes.iter().map(|it| attribute(&it.attributes, name));
        numbers
            .map(|it| it.parse::<usize>().expect("a number"))
            .sum()
    };
    assert_eq!(sum("bootstream.writes"), 10_000);
    assert_eq!(sum("bootstream.bytes"), response.prelude_and_body().1.len());
}

#[test]
fn without_the_setting_there_are_none() {
    let steps = json!([head(200), write("first"), "finish"]);
    let (span, _) = told(&steps, Post::default(), &[]);
    let names: Vec<_> = span.events.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["head", "first_byte", "finished"]);
}
