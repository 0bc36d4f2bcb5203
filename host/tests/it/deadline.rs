//! Handlers that are still running shortly before the deadline.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bootstream_test_support::assert_contains;
use bootstream_test_support::process::{Bootstrap, serving, serving_with};
use bootstream_test_support::recorder::{Event, Post, Recorder};
use bootstream_test_support::steps::{sleep_forever, write};
use serde_json::{Value, json};

/// Long enough for a handler to start, short enough for a test to wait.
const TIME: Duration = Duration::from_millis(1500);

fn limited(id: &str, steps: &Value) -> Event {
    Event::script(id, steps).deadline_in(TIME)
}

#[test]
fn a_handler_that_never_ends_is_stopped_and_the_next_one_runs() {
    let (lambda, mut host) = serving();
    for (id, step) in [
        ("loops", json!("loop_forever")),
        ("sleeps", sleep_forever()),
        ("writes", json!("loop_writing")),
    ] {
        lambda.enqueue(limited(id, &json!([write("part"), step])));

        let response = lambda.failed_response(id, "Function.DeadlineExceeded");

        assert!(response.body().starts_with("part"));
        lambda.script(&format!("after-{id}"), &json!([write("fine")]));
        let next = lambda.complete_response(&format!("after-{id}"));
        assert_eq!(next.body(), "fine");
        host.assert_running();
    }
}

/// A busy machine may be late once: the best of three counts.
#[test]
fn the_stop_is_reported_before_the_deadline() {
    let (lambda, _host) = serving();
    let mut left = Vec::new();
    for id in ["id-1", "id-2", "id-3"] {
        let deadline = Instant::now() + TIME;
        lambda.enqueue(limited(id, &json!([write("a"), "loop_forever"])));
        let response = lambda.failed_response(id, "Function.DeadlineExceeded");
        left.push(deadline.checked_duration_since(response.ended.expect("an end")));
    }

    let best = left.iter().flatten().max().expect("one in time");
    assert!(*best < TIME / 2, "stopped too early: {left:?}");
}

/// The location is as precise as after any other failure, though only a tenth of a second is left to report
/// it: see `guest/stack.rs`.
#[test]
fn a_handler_stopped_deep_in_its_work_reports_where() {
    let (lambda, host) = serving();
    let deep = (0..50).fold(json!("loop_forever"), |step, _| json!({ "try": step }));
    lambda.enqueue(limited("id-1", &json!([write("part"), deep])));

    let response = lambda.failed_response("id-1", "Function.DeadlineExceeded");

    assert_eq!(response.body(), "part");
    let document = response.trailer_document();
    let frames = document["stackTrace"].as_array().expect("a list");
    let places = ["outcome at ", "attempt at ", "runner.rs:"];
    for place in places {
        let has_it = |frame: &Value| frame.as_str().is_some_and(|it| it.contains(place));
        assert!(frames.iter().any(has_it), "{place} in {frames:#?}");
    }
    let logged = host.logged("handler failed");
    assert!(
        places.iter().all(|place| logged.contains(place)),
        "{logged}"
    );
}

#[test]
fn a_handler_that_never_begins_is_reported_as_an_error() {
    let (lambda, _host) = serving();
    for (id, step) in [
        ("loops", json!("loop_forever")),
        ("sleeps", sleep_forever()),
    ] {
        lambda.enqueue(limited(id, &json!([step])));
        let error = lambda.reported_error(id, "Function.DeadlineExceeded");
        let message = error.error_message();
        assert_contains(&message, "timeout");
    }
}

/// The caller has the whole response; only the work after it is cut short.
#[test]
fn work_after_the_end_of_the_response_ends_with_the_deadline() {
    let (lambda, host) = serving();
    for (id, step) in [
        ("loops", json!("loop_forever")),
        ("sleeps", sleep_forever()),
    ] {
        lambda.enqueue(limited(id, &json!([write("all"), "finish", step])));
        assert_eq!(lambda.complete_response(id).body(), "all");
        host.line("the end of the handler", |line| {
            line.contains("DeadlineExceeded") && line.contains(id)
        });
    }
}

/// A handler with too slow a reader is stopped in the middle of its `write`.
#[test]
fn a_handler_that_waits_for_its_reader_is_stopped() {
    let lambda = Recorder::with_small_buffers();
    let stalled = Post::default().stall(100_000, 2 * TIME);
    lambda.on("id-1/response", stalled);
    let pattern = json!({"write_pattern": {"total": 100_000_000, "chunk": 65536}});
    lambda.enqueue(limited("id-1", &json!([pattern])));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.failed_response("id-1", "Function.DeadlineExceeded");

    assert!(response.data().len() < 100_000_000);
}

/// A stop that is due around the handler's start still takes effect.
#[test]
fn an_imminent_deadline_still_stops_the_handler() {
    let (lambda, mut host) = serving();
    lambda.idle(1);
    for n in 0..20 {
        let id = format!("id-{n}-");
        let event = Event::script(&id, &json!(["loop_forever"]));
        lambda.enqueue(event.deadline_in(Duration::from_millis(30 + n)));
        lambda.idle(1);
    }

    let (answers, errors) = lambda.look(|seen| (seen.posts().len(), seen.to("/error").len()));
    assert_eq!((answers, errors), (20, 20));
    host.assert_running();
}

/// Without time left, the handler does not begin.
#[test]
fn a_deadline_that_has_just_passed_stops_the_handler_at_once() {
    const NAME: &str = "Lambda-Runtime-Deadline-Ms";
    let (lambda, mut host) = serving();
    lambda.idle(1);
    for late in [1, 1000, 60_000, 30 * 60_000] {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let deadline = now.expect("after 1970").as_millis() - late;
        let id = format!("late-by-{late}-");
        let steps = json!([{"print": "it runs\n"}, write("x"), "loop_forever"]);
        lambda.enqueue(Event::script(&id, &steps).header(NAME, deadline.to_string()));

        let error = lambda.reported_error(&id, "Function.DeadlineExceeded");

        let took = error.began.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    let log = host.stdout().join("\n");
    assert!(!log.contains("it runs"), "{log}");
    lambda.script("after", &json!([write("fine")]));
    assert_eq!(lambda.complete_response("after").body(), "fine");
    host.assert_running();
}

/// AWS's emulator of Managed Instances sends a deadline weeks ahead, and the timeout separately.
#[test]
fn the_functions_timeout_replaces_an_implausible_deadline() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let (lambda, _host) = serving_with(&[("AWS_LAMBDA_FUNCTION_TIMEOUT", "2")]);
    let event = |id: &str| Event::script(id, &json!([write("part"), sleep_forever()]));
    let name = "Lambda-Runtime-Deadline-Ms";
    for (id, event) in [
        ("ahead", event("ahead").deadline_in(46 * DAY)),
        ("past", event("past").header(name, "600000")),
        ("missing", event("missing").without(name)),
    ] {
        lambda.enqueue(event);
        let response = lambda.failed_response(id, "Function.DeadlineExceeded");
        let took = response.ended.expect("an end") - response.began;
        assert!(took >= Duration::from_secs(1), "{id}: {took:?}");
    }
}

/// Emulators send deadlines long past, or none.
#[test]
fn an_implausible_deadline_stops_no_handler() {
    let (lambda, _host) = serving();
    let steps = json!([write("x"), {"sleep_ms": 300}, write("y")]);
    let name = "Lambda-Runtime-Deadline-Ms";
    let event = |id: &str| Event::script(id, &steps);
    for (id, event) in [
        ("missing", event("missing").without(name)),
        ("garbled", event("garbled").header(name, "soon")),
        ("negative", event("negative").header(name, "-1")),
        ("zero", event("zero").header(name, "0")),
        ("past", event("past").header(name, "600000")),
        (
            "huge",
            event("huge").header(name, "99999999999999999999999999"),
        ),
        (
            "largest",
            event("largest").header(name, "18446744073709551615"),
        ),
    ] {
        lambda.enqueue(event);
        assert_eq!(lambda.complete_response(id).body(), "xy", "{id}");
    }
}
