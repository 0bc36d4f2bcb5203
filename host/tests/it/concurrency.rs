//! Several invocations at once, as on Lambda Managed Instances.

use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running, serving_with};
use bootstream_test_support::recorder::{End, Event, Fate, Post, Recorder};
use bootstream_test_support::steps::{expect, head, write};
use bootstream_test_support::tagged::{IDS, WORKERS, assert_tagged, tagged};
use serde_json::{Value, json};

fn start(lambda: &Recorder) -> Running {
    let host = Bootstrap::scripted(lambda)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "4")
        .start();
    lambda.idle(WORKERS);
    host
}

/// A script whose body identifies it.
fn script(id: &str) -> Value {
    tagged(id).collect()
}

#[test]
fn every_worker_polls_on_a_connection_of_its_own() {
    let lambda = Recorder::start();
    let _host = start(&lambda);
    let connections = lambda.look(|seen| {
        let mut connections: Vec<_> = seen.polls().iter().map(|poll| poll.connection).collect();
        connections.sort_unstable();
        connections
    });
    assert_eq!(connections, [0, 1, 2, 3]);

    let events = (0..40).map(|n| Event::script(&format!("id-{n}-"), &json!([write("x")])));
    lambda.enqueue_all(events.collect());
    lambda.idle(WORKERS);

    assert_eq!(lambda.look(|seen| seen.posts().len()), 40);
    assert_eq!(lambda.look(|seen| seen.most_waiting_polls), WORKERS);
}

/// A thread whose stack takes more address space than there is cannot be started.
#[test]
fn a_process_that_may_have_no_more_threads_serves_all_with_one() {
    let (lambda, _host) = serving_with(&[
        ("AWS_LAMBDA_MAX_CONCURRENCY", "4"),
        ("RUST_MIN_STACK", &(1_u64 << 48).to_string()),
    ]);
    lambda.idle(WORKERS);
    lambda.enqueue_all(
        IDS.iter()
            .map(|id| Event::script(id, &script(id)))
            .collect(),
    );

    for id in IDS {
        assert_tagged(&lambda.response(id), id);
    }
}

#[test]
fn without_the_variable_or_with_nonsense_there_is_one_worker() {
    for value in ["", "0", "1", "many"] {
        let (lambda, _host) = serving_with(&[("AWS_LAMBDA_MAX_CONCURRENCY", value)]);
        lambda.script("id-1", &json!([write("x"), {"sleep_ms": 300}]));
        lambda.script("id-2", &json!([write("x")]));

        lambda.complete_response("id-1");
        lambda.complete_response("id-2");

        assert_eq!(lambda.look(|seen| seen.most_waiting_polls), 1, "{value:?}");
    }
}

#[test]
fn a_handler_that_fails_or_loops_leaves_its_neighbours_alone() {
    let lambda = Recorder::start();
    let mut host = start(&lambda);
    let looping = Event::script("id-1", &json!([write("part"), "loop_forever"]));
    lambda.enqueue_all(vec![
        looping.deadline_in(Duration::from_secs(3)),
        Event::script("id-2", &json!([write("part"), "trap"])),
        Event::script("id-3", &script("id-3")),
        Event::script("id-4", &script("id-4")),
    ]);

    assert_tagged(&lambda.response("id-3"), "id-3");
    assert_tagged(&lambda.response("id-4"), "id-4");
    lambda.response("id-2").assert_failed("Function.Trap");
    let stopped = lambda.response("id-1");
    stopped.assert_failed("Function.DeadlineExceeded");
    lambda.idle(WORKERS);
    host.assert_running();
}

/// A call that returns at once does not suspend the guest. The guest yields between two calls, because the timer
/// increments the epoch.
#[test]
fn a_handler_that_only_calls_the_host_leaves_its_thread_to_sockets_and_neighbours() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "4")
        // One thread for all: the system refuses others.
        .env("RUST_MIN_STACK", &(1_u64 << 48).to_string())
        .start();
    lambda.idle(WORKERS);
    let repeated = |step: Value| json!({"repeat_forever": step});
    let steps = [
        json!([
            write("part"),
            repeated(expect(&head(200), "already-started"))
        ]),
        json!([
            write("part"),
            "finish",
            repeated(expect(&json!("finish"), "already-finished"))
        ]),
        json!([
            write("part"),
            repeated(json!({"log": {"level": "trace", "message": "x"}}))
        ]),
    ];
    let looping = IDS
        .iter()
        .zip(&steps)
        .map(|(id, steps)| Event::script(id, steps).deadline_in(Duration::from_secs(2)));
    lambda.enqueue_all(looping.collect());
    for id in [IDS[0], IDS[2]] {
        lambda.first_chunk(id);
    }
    lambda.response(IDS[1]).assert_clean_end();
    lambda.enqueue(Event::script(IDS[3], &script(IDS[3])));
    assert_tagged(&lambda.response(IDS[3]), IDS[3]);

    for id in [IDS[0], IDS[2]] {
        lambda
            .response(id)
            .assert_failed("Function.DeadlineExceeded");
    }
    lambda.idle(WORKERS);
    host.assert_running();
}

/// All invocations share the engine's epoch, but each is interrupted separately.
#[test]
fn stopping_one_handler_does_not_stop_another_that_computes() {
    let lambda = Recorder::start();
    let _host = start(&lambda);
    let looping = Event::script("id-1", &json!(["loop_forever"]));
    lambda.enqueue_all(vec![
        looping.deadline_in(Duration::from_secs(1)),
        Event::script("id-2", &json!([write("a"), {"spin_ms": 2500}, write("b")])),
    ]);

    let response = lambda.response("id-2");

    response.assert_clean_end();
    assert_eq!(response.body(), "ab");
    let error = lambda.error("id-1").document();
    assert_eq!(error["errorType"], "Function.DeadlineExceeded");
}

#[test]
fn an_early_refusal_concerns_one_worker() {
    let lambda = Recorder::start();
    let gone = Post::status("410 Gone", "{\"errorType\":\"InvokeTimeout\"}\n");
    lambda.on("id-1/response", gone.early_after(1));
    let mut host = start(&lambda);
    let events = IDS.map(|id| Event::script(id, &script(id)));
    lambda.enqueue_all(events.into());

    for id in &IDS[1..] {
        assert_tagged(&lambda.response(id), id);
    }
    assert_eq!(lambda.response("id-1").end, End::Truncated);
    lambda.idle(WORKERS);
    host.assert_running();
}

#[test]
fn a_broken_poll_is_repeated_once_on_a_new_connection() {
    let lambda = Recorder::start();
    let _host = start(&lambda);

    lambda.enqueue(Event::none("", Fate::Reset));
    lambda.wait("a new connection", |seen| {
        (seen.connections == WORKERS + 1).then_some(())
    });
    lambda.idle(WORKERS);

    assert_eq!(lambda.look(|seen| seen.exchanges.len()), WORKERS + 1);
}

/// The process lives as long as one worker, and then exits with a failure.
#[test]
fn a_worker_whose_poll_is_refused_leaves_the_others() {
    let lambda = Recorder::start();
    let mut host = start(&lambda);
    lambda.enqueue(Event::none("500 Internal Server Error", Fate::Keep));
    host.logged("a worker ended");
    lambda.enqueue_all(IDS.map(|id| Event::script(id, &script(id))).into());
    for id in IDS {
        assert_tagged(&lambda.response(id), id);
    }
    lambda.idle(WORKERS - 1);
    host.assert_running();

    let refused = || Event::none("403 Forbidden", Fate::Keep);
    lambda.enqueue_all((1..WORKERS).map(|_| refused()).collect());

    assert!(!host.exit().success());
}

/// Each invocation sees its own X-Ray header, also when others run beside it.
#[test]
fn each_handler_sees_its_own_trace_id() {
    let lambda = Recorder::start();
    let _host = start(&lambda);
    let events = IDS.map(|id| {
        Event::script(id, &json!([{"sleep_ms": 100}, "write_env"]))
            .header("Lambda-Runtime-Trace-Id", format!("Root={id}"))
    });
    lambda.enqueue_all(events.into());

    for id in IDS {
        let environment: Value = serde_json::from_str(&lambda.response(id).body()).expect("JSON");
        assert_eq!(environment["_X_AMZN_TRACE_ID"], format!("Root={id}"));
    }
}
