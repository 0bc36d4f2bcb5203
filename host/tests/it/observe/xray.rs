//! Subsegments of X-Ray.

use std::time::{Duration, Instant};

use bootstream_test_support::moto::Moto;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Post, Recorder};
use bootstream_test_support::steps::{head, write};
use serde_json::{Value, json};

use super::daemon::{Daemon, PARENT, ROOT, document_of, sampled};

#[track_caller]
fn number(document: &Value, name: &str) -> f64 {
    let found = document["annotations"][name].as_f64();
    found.unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

/// Whether `actual` is `expected` within 5 %.
#[track_caller]
fn assert_near(what: &str, actual: f64, expected: f64) {
    let near = (expected * 0.95..=expected * 1.05).contains(&actual);
    assert!(near, "{what}: {actual} and not {expected}");
}

#[test]
fn an_invocation_is_one_subsegment_below_the_segment_of_the_function() {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    let steps = json!([head(200), write("hello"), write(" world"), "finish"]);
    lambda.enqueue_all(vec![sampled("id-1", &steps), sampled("id-2", &steps)]);
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();

    let (first, second) = (daemon.document(), daemon.document());
    lambda.polls(3);
    daemon.assert_silent();

    for (document, id) in [(&first, "id-1"), (&second, "id-2")] {
        assert_eq!(document["type"], "subsegment");
        assert_eq!(document["name"], "handler");
        assert_eq!(document["trace_id"], ROOT);
        assert_eq!(document["parent_id"], PARENT);
        assert_eq!(document["annotations"]["request_id"], id);
        assert_eq!(number(document, "response_bytes"), 11.0);
        assert_eq!(number(document, "writes"), 2.0);
        let (head, first_byte) = (
            number(document, "head_ms"),
            number(document, "first_byte_ms"),
        );
        assert!(0.0 < head && head <= first_byte, "{document:#}");
        let ours = &document["metadata"]["bootstream"];
        assert!(ours["guest_memory_bytes"].as_u64() > Some(65_536), "{ours}");
        assert!(ours["instantiate_us"].as_u64() > Some(0), "{ours}");
        assert_eq!(document.get("fault"), None);
    }
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["annotations"]["cold_start"], true);
    assert_eq!(second["annotations"]["cold_start"], false);
    let init = &first["subsegments"][0];
    assert_eq!(init["name"], "init");
    assert!(
        init["metadata"]["bootstream"]["load_us"].as_u64() > Some(0),
        "{init}"
    );
    assert!(init["end_time"].as_f64() <= first["start_time"].as_f64());
    assert_eq!(second.get("subsegments"), None);
}

#[test]
fn no_datagram_leaves_for_a_trace_that_is_not_recorded() {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    let headers = [
        format!("Root={ROOT};Parent={PARENT};Sampled=0"),
        format!("Root={ROOT};Parent={PARENT};Sampled=?"),
        format!("Root={ROOT};Parent={PARENT}"),
        format!("Root={ROOT};Sampled=1"),
        format!("Root=1-2-3;Parent={PARENT};Sampled=1"),
        "=;;=\u{e9};Sampled=1;".to_owned(),
    ];
    let events = headers.iter().enumerate().map(|(number, header)| {
        let event = Event::script(&format!("id-{number}"), &json!([write("x"), "finish"]));
        event.header("Lambda-Runtime-Trace-Id", header)
    });
    lambda.enqueue_all(
        events
            .chain([Event::script("last", &json!(["finish"]))])
            .collect(),
    );
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    for number in 0..headers.len() {
        lambda.complete_response(&format!("id-{number}"));
    }
    lambda.polls(headers.len() + 2);
    daemon.assert_silent();
}

#[test]
fn nothing_is_sent_if_the_settings_say_so() {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    lambda.enqueue(sampled("id-1", &json!([write("x"), "finish"])));
    let host = Bootstrap::scripted(&lambda).settings("[observe]\nxray = false\n");
    let _host = daemon.known_to(host).start();
    lambda.polls(2);
    daemon.assert_silent();
}

#[test]
fn a_failure_in_the_middle_of_a_response_has_its_cause() {
    let document = document_of(&json!([head(200), write("part"), {"panic": "no luck"}]));
    assert_eq!(document["fault"], true);
    assert_eq!(document["annotations"]["error_type"], "Function.Panic");
    let exception = &document["cause"]["exceptions"][0];
    assert_eq!(exception["type"], "Function.Panic");
    assert!(
        exception["message"]
            .as_str()
            .is_some_and(|it| it.contains("no luck"))
    );
    let frames = exception["stack"].as_array().expect("frames");
    let has_place = |frame: &Value| frame["path"].is_string() && frame["line"].is_u64();
    assert!(frames.iter().any(has_place), "{document:#}");
}

#[test]
fn the_longest_silence_is_that_of_the_wire() {
    let pause = |ms: u64| json!({ "sleep_ms": ms });
    let steps = json!([
        head(200),
        write("a"),
        pause(100),
        write("b"),
        pause(700),
        write("c"),
        "finish"
    ]);
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    lambda.enqueue(sampled("id-1", &steps));
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    let document = daemon.document();
    let chunks = lambda.complete_response("id-1").chunks;
    let seen = chunks.windows(2).map(|pair| pair[1].at - pair[0].at).max();
    let seen = seen.expect("several chunks").as_secs_f64() * 1e3;
    assert_near("silence", number(&document, "longest_silence_ms"), seen);
}

#[test]
fn waiting_for_a_slow_reader_is_measured_and_has_a_subsegment() {
    const BYTES: u64 = 3_000_000;
    let (lambda, daemon) = (Recorder::with_small_buffers(), Daemon::start());
    lambda.on("id-1/response", Post::default().bytes_per_second(4_000_000));
    let block = json!({"write_bytes": {"fill": 120, "len": BYTES}});
    lambda.enqueue(sampled("id-1", &json!([head(200), block, "finish"])));
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    let document = daemon.document();
    let response = lambda.complete_response("id-1");

    assert_eq!(number(&document, "response_bytes"), 3_000_000.0);
    assert_eq!(number(&document, "writes"), 1.0);
    let took = response.ended.expect("it has ended") - response.began;
    let waited = number(&document, "backpressure_ms");
    // What is in the buffers at the end is not waited for.
    let least = took.as_secs_f64() * 1e3 * 0.5;
    assert!(
        (least..took.as_secs_f64() * 1e3).contains(&waited),
        "{waited} of {took:?}"
    );
    let children = document["subsegments"].as_array().expect("a subsegment");
    assert!(
        children
            .iter()
            .any(|it| it["name"] == "waiting for the reader"),
        "{document:#}"
    );
}

#[test]
fn work_after_the_response_is_measured_and_the_caller_has_its_end_before() {
    let steps = json!([head(200), write("a"), "finish", {"sleep_ms": 300}]);
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    lambda.enqueue(sampled("id-1", &steps));
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    let document = daemon.document();
    let at = Instant::now();
    let ended = lambda
        .complete_response("id-1")
        .ended
        .expect("it has ended");
    assert!(at - ended >= Duration::from_millis(290));
    let after = document["metadata"]["bootstream"]["after_finish_ms"].as_f64();
    assert!(
        after.is_some_and(|it| (299.0..500.0).contains(&it)),
        "{document:#}"
    );
}

/// Also where nobody listens: the refusal of a datagram is nobody's error.
#[test]
fn a_daemon_that_is_not_there_costs_nothing() {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    let host = daemon.known_to(Bootstrap::scripted(&lambda));
    drop(daemon);
    let steps = json!([write("x"), "finish"]);
    let ids: Vec<_> = (0..20).map(|number| format!("id-{number}")).collect();
    lambda.enqueue_all(ids.iter().map(|id| sampled(id, &steps)).collect());
    let mut host = host.start();
    for id in &ids {
        lambda.complete_response(id);
    }
    lambda.polls(ids.len() + 1);
    host.assert_running();
    assert!(host.stdout().is_empty(), "{:?}", host.stdout());
}

/// A daemon whose socket is full: what does not fit is dropped, and nobody waits.
#[test]
fn a_daemon_that_reads_nothing_holds_nobody_up() {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    let steps = json!([write("x"), "finish"]);
    let ids: Vec<_> = (0..500).map(|number| format!("id-{number}")).collect();
    lambda.enqueue_all(ids.iter().map(|id| sampled(id, &steps)).collect());
    let mut host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    lambda.polls(ids.len() + 1);
    host.assert_running();
    assert!(host.stdout().is_empty(), "{:?}", host.stdout());
    assert_eq!(daemon.document()["annotations"]["request_id"], "id-0");
}

#[test]
fn documents_are_taken_by_a_judge_and_come_back_as_they_are() {
    let moto = Moto::start();
    for steps in [
        json!([head(200), write("whole"), "finish"]),
        json!([head(200), write("part"), {"panic": "no luck"}]),
    ] {
        let document = document_of(&steps);
        let segments = json!({"TraceSegmentDocuments": [document.to_string()]});
        let answer = moto.post("xray", "/TraceSegments", &segments);
        assert_eq!(
            answer["UnprocessedTraceSegments"],
            json!([]),
            "{document:#}"
        );

        let traces = moto.post("xray", "/Traces", &json!({"TraceIds": [ROOT]}));
        let segments = traces["Traces"][0]["Segments"]
            .as_array()
            .expect("segments");
        let found = segments.iter().find(|it| it["Id"] == document["id"]);
        let text = found.expect("the document")["Document"]
            .as_str()
            .expect("JSON");
        let back: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(back, document);
    }
    // It does refuse what is no document.
    let nameless = json!({"TraceSegmentDocuments": ["{\"id\": \"1\"}"]});
    let answer = moto.post("xray", "/TraceSegments", &nameless);
    assert_ne!(answer["UnprocessedTraceSegments"], json!([]));
}
