//! SIGTERM and SIGINT: the end of the execution environment.

use std::path::Path;
use std::time::{Duration, Instant};

use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, Running, executable, serving, serving_with};
use bootstream_test_support::recorder::{End, Event, Post, Recorder};
use bootstream_test_support::steps::{sleep_forever, write};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::reaching;

/// Longest shutdown. Lambda kills after a few hundred milliseconds; a busy test machine gets more.
const END_BUDGET: Duration = Duration::from_secs(5);

/// Signals the process and asserts that it ends in time and successfully.
#[track_caller]
fn assert_ends(host: &mut Running, signal: Signal) {
    let signalled = Instant::now();
    host.signal(signal);
    let status = host.exit();
    assert!(status.success(), "{status}");
    assert!(signalled.elapsed() < END_BUDGET);
}

/// Endless handlers: one waits, one computes, one writes, one waits for times that have passed.
fn endless() -> [Value; 4] {
    [
        sleep_forever(),
        json!("loop_forever"),
        json!("loop_writing"),
        json!({"repeat_forever": {"sleep_ms": 0}}),
    ]
}

#[test]
fn an_idle_process_ends_at_once() {
    for (signal, workers) in [(Signal::TERM, 1), (Signal::INT, 1), (Signal::TERM, 4)] {
        let (lambda, mut host) =
            serving_with(&[("AWS_LAMBDA_MAX_CONCURRENCY", &workers.to_string())]);
        lambda.idle(workers);

        assert_ends(&mut host, signal);

        assert_eq!(host.stdout(), [""; 0]);
    }
}

/// The pipe has no writer, so opening it for reading blocks a thread forever.
#[test]
fn a_handler_that_blocks_in_a_file_does_not_hold_up_the_end() {
    let lambda = Recorder::start();
    let host = reaching::host(&lambda, "files.task-root = 'read-only'");
    let pipe = host.package().join("pipe");
    mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR, 0).expect("a pipe in the package");
    let mut host = host.start();
    let read = json!({"read_file": "/var/task/pipe"});
    lambda.script("id-1", &json!([write("part"), read]));
    lambda.first_chunk("id-1");

    assert_ends(&mut host, Signal::TERM);

    lambda.response("id-1").assert_failed("Runtime.Shutdown");
}

#[test]
fn a_signal_mask_of_the_parent_changes_nothing() {
    let lambda = Recorder::start();
    let blocking = Path::new("/usr/bin/env");
    let mut host = Bootstrap::with_executable(&lambda, blocking, &guests::scripted())
        .args(["--block-signal=ALRM".into(), executable()])
        .start();
    lambda.script("id-1", &json!([write("part"), "loop_forever"]));
    lambda.first_chunk("id-1");

    assert_ends(&mut host, Signal::TERM);

    lambda.response("id-1").assert_failed("Runtime.Shutdown");
}

#[test]
fn a_response_under_way_is_ended_with_trailers() {
    for step in endless() {
        let (lambda, mut host) = serving();
        lambda.script("id-1", &json!([write("part"), step]));
        lambda.first_chunk("id-1");

        assert_ends(&mut host, Signal::TERM);

        let response = lambda.response("id-1");
        response.assert_failed("Runtime.Shutdown");
        assert!(response.body().starts_with("part"));
        assert_eq!(lambda.look(|seen| seen.polls().len()), 1);
    }
}

#[test]
fn the_second_signal_ends_the_process_whatever_its_handler_does() {
    for step in endless() {
        let (lambda, mut host) = serving();
        lambda.script("id-1", &json!([write("part"), step]));
        lambda.first_chunk("id-1");

        host.signal(Signal::TERM);
        host.signal(Signal::INT);

        assert!(host.exit().success());
        // The process waited for nothing, not even to report the failure.
        assert_eq!(lambda.response("id-1").end, End::Truncated);
    }
}

#[test]
fn a_handler_that_has_not_begun_is_reported_as_an_error() {
    let (lambda, mut host) = serving();
    lambda.script("id-1", &json!([{"print": "it runs\n"}, sleep_forever()]));
    host.logged("it runs");

    assert_ends(&mut host, Signal::TERM);

    let error = lambda.error("id-1");
    assert_eq!(error.document()["errorType"], "Runtime.Shutdown");
    assert_eq!(lambda.look(|seen| seen.to("id-1/response").len()), 0);
}

#[test]
fn a_complete_response_stays_complete() {
    let (lambda, mut host) = serving();
    lambda.script("id-1", &json!([write("all"), "finish", sleep_forever()]));
    lambda.response("id-1");

    assert_ends(&mut host, Signal::TERM);

    lambda.response("id-1").assert_clean_end();
    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
}

#[test]
fn every_response_under_way_is_ended() {
    let (lambda, mut host) = serving_with(&[("AWS_LAMBDA_MAX_CONCURRENCY", "4")]);
    let ids = ["id-1", "id-2", "id-3"];
    let steps = json!([write("part"), sleep_forever()]);
    lambda.enqueue_all(ids.map(|id| Event::script(id, &steps)).into());
    lambda.idle(1);
    for id in ids {
        lambda.first_chunk(id);
    }

    assert_ends(&mut host, Signal::TERM);

    for id in ids {
        lambda.response(id).assert_failed("Runtime.Shutdown");
    }
}

/// The process ends even if the end of its response is never read.
#[test]
fn a_receiver_that_does_not_read_does_not_hold_the_process() {
    let lambda = Recorder::with_small_buffers();
    let stall = Post::default().stall(1, 2 * END_BUDGET);
    lambda.on("id-1/response", stall);
    let pattern = json!({"write_pattern": {"total": 50_000_000, "chunk": 65536}});
    lambda.script("id-1", &json!([{"print": "it runs\n"}, pattern]));
    let mut host = Bootstrap::scripted(&lambda).start();
    host.logged("it runs");
    lambda.wait("the response", |seen| {
        (!seen.to("id-1/response").is_empty()).then_some(())
    });

    let signalled = Instant::now();
    host.signal(Signal::TERM);
    host.exit();

    assert!(signalled.elapsed() < END_BUDGET);
    assert_eq!(lambda.response("id-1").end, End::Truncated);
}

/// Time the process takes to end while the response to its post does not come.
fn time_without_an_answer(steps: &Value, post: &str) -> Duration {
    let (lambda, mut host) = serving();
    lambda.on(post, Post::default().delay(2 * END_BUDGET));
    lambda.enqueue(Event::script("id-1", steps).deadline_in(2 * END_BUDGET));
    lambda.request(post);

    let signalled = Instant::now();
    host.signal(Signal::TERM);
    assert!(host.exit().success());
    signalled.elapsed()
}

/// Lambda kills 300 to 500 ms after its signal. A busy machine may be late once: the best of three counts.
#[test]
fn a_receiver_that_never_answers_does_not_hold_the_process_either() {
    let part = json!([write("part"), sleep_forever()]);
    for (steps, post) in [
        (json!([write("all")]), "id-1/response"),
        (part, "id-1/response"),
        (json!(["trap"]), "id-1/error"),
    ] {
        let times = [(); 3].map(|()| time_without_an_answer(&steps, post));
        let best = times.iter().min().expect("three");
        assert!(*best < Duration::from_millis(450), "{post}: {times:?}");
    }
}
