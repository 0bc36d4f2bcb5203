//! Thousands of invocations in one process, good and bad in turn: nothing leaks, and every good
//! answer is exact.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::process::{Bootstrap, Running};
use crate::support::recorder::{Event, Fate, Post, Recorder};
use crate::support::steps::{head, write};

/// Every kind of invocation, in turn.
const KINDS: usize = 8;
/// Turns until the process has taken what it keeps.
const WARM_UP_TURNS: usize = 25;
const TURNS: usize = 250;

/// What a process may take beyond what it had when warm, in KiB.
const MEMORY_MARGIN_KIB: u64 = 8 * 1024;

#[test]
fn two_thousand_good_and_bad_invocations_leave_nothing_behind() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .start();

    (0..WARM_UP_TURNS).for_each(|turn| take_turn(&lambda, turn));
    let (memory, files) = (host.resident_kib(), settled_files(&lambda, &host));
    (WARM_UP_TURNS..TURNS).for_each(|turn| take_turn(&lambda, turn));

    host.assert_running();
    assert!(settled_files(&lambda, &host) <= files);
    assert!(host.resident_kib() <= memory + MEMORY_MARGIN_KIB);
}

/// Open files once the worker polls again, on whatever connection.
fn settled_files(lambda: &Recorder, host: &Running) -> usize {
    lambda.idle(1);
    host.open_files()
}

/// One invocation of each kind, all queued at once.
fn take_turn(lambda: &Recorder, turn: usize) {
    let id = |kind: usize| format!("{turn}-{kind}");
    for kind in 0..KINDS {
        let event = Event::script(&id(kind), &script(&id(kind), kind));
        if kind == KINDS - 1 {
            lambda.on(
                &format!("{}/response", id(kind)),
                Post::default().early_after(1).fate(Fate::Reset),
            );
        }
        lambda.enqueue(event.deadline_in(Duration::from_secs(30)));
    }
    for kind in [0, 1] {
        let response = lambda.complete_response(&id(kind));
        assert_eq!(response.body(), format!("answer to {}", id(kind)));
    }
    lambda.failed_response(&id(2), "Function.Trap");
    lambda.failed_response(&id(3), "Function.Error");
    lambda.reported_error(&id(4), "Function.Panic");
    lambda.reported_error(&id(5), "Function.Exit");
    lambda.reported_error(&id(6), "Function.Trap");
}

fn script(id: &str, kind: usize) -> Value {
    let answer = write(&format!("answer to {id}"));
    match kind {
        0 => json!([head(200), answer, "finish"]),
        1 => json!([answer, "finish", {"grow_memory": 4 * 1024 * 1024}, "trap"]),
        2 => json!([write("part"), "trap"]),
        3 => json!([write("part"), {"error": "late"}]),
        4 => json!([{"panic": "early"}]),
        5 => json!([{"exit": 1}]),
        6 => json!(["trap"]),
        _ => json!([write("part"), {"sleep_ms": 5}, write("never read")]),
    }
}
