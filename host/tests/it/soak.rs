//! Ten thousand invocations in one process, good and bad in turn: nothing leaks, and every good response is
//! exact.

use std::time::Duration;

use bootstream_test_support::process::serving_with;
use bootstream_test_support::recorder::{Event, Fate, Post, Recorder};
use bootstream_test_support::steps::{head, write};
use serde_json::{Value, json};

/// Invocations at once.
const WORKERS: usize = 2;
/// Number of kinds of invocation, which take turns.
const KINDS: usize = 10;
/// Turns until the process has allocated what it keeps.
const WARM_UP_TURNS: usize = 100;
const TURNS: usize = 1000;

/// Most memory a process may take beyond its warm state, in KiB.
const MEMORY_MARGIN_KIB: u64 = 8 * 1024;

/// Size of a response of several chunks, in bytes.
const LARGE_BYTES: usize = 40_000;
/// Size of a leaking handler's leak, in bytes.
const LEAKED_BYTES: usize = 4 * 1024 * 1024;
/// Turns between two handlers that loop forever, and how long each may run.
const LOOP_EVERY: usize = 10;
const LOOP_DEADLINE: Duration = Duration::from_millis(80);

#[test]
fn ten_thousand_good_and_bad_invocations_leave_nothing_behind() {
    let (lambda, mut host) = serving_with(&[
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_MAX_CONCURRENCY", &WORKERS.to_string()),
    ]);

    (0..WARM_UP_TURNS).for_each(|turn| take_turn(&lambda, turn));
    let (memory, files) = (host.resident_kib(), host.open_files());
    let threads = host.threads();
    (WARM_UP_TURNS..TURNS).for_each(|turn| take_turn(&lambda, turn));

    host.assert_running();
    assert_eq!(host.threads(), threads);
    assert!(host.open_files() <= files);
    let grown = host.resident_kib().saturating_sub(memory);
    assert!(
        grown <= MEMORY_MARGIN_KIB,
        "{grown} KiB more than when warm"
    );
}

/// One invocation of each kind, all queued at once.
fn take_turn(lambda: &Recorder, turn: usize) {
    let id = |kind: usize| format!("{turn}-{kind}");
    let loops = turn.is_multiple_of(LOOP_EVERY);
    let looping = loops.then(|| {
        let event = Event::script(&id(KINDS), &json!([write("part"), "loop_forever"]));
        event.deadline_in(LOOP_DEADLINE)
    });
    let others = (0..KINDS).map(|kind| Event::script(&id(kind), &script(&id(kind), kind)));
    let lost = Post::default().early_after(1).fate(Fate::Reset);
    lambda.on(&format!("{}/response", id(9)), lost);
    lambda.enqueue_all(looping.into_iter().chain(others).collect());
    lambda.idle(WORKERS);

    if loops {
        let stopped = lambda.response(&id(KINDS));
        stopped.assert_failed("Function.DeadlineExceeded");
    }
    for kind in [0, 1] {
        let response = lambda.response(&id(kind));
        response.assert_clean_end();
        assert_eq!(response.body(), format!("answer to {}", id(kind)));
    }
    let large = lambda.response(&id(8));
    large.assert_clean_end();
    assert!(is_pattern(&large.prelude_and_body().1), "{large:?}");
    for (kind, error_type) in [
        (2, "Function.Trap"),
        (3, "Function.Error"),
        (7, "Function.Trap"),
    ] {
        lambda.response(&id(kind)).assert_failed(error_type);
    }
    for (kind, error_type) in [
        (4, "Function.Panic"),
        (5, "Function.Exit"),
        (6, "Function.OutOfMemory"),
    ] {
        assert_eq!(lambda.error(&id(kind)).document()["errorType"], error_type);
    }
    lambda.forget();
}

/// Whether this is the pattern of `write_pattern`.
fn is_pattern(body: &[u8]) -> bool {
    let bytes = (0..251).cycle();
    body.len() == LARGE_BYTES && body.iter().zip(bytes).all(|(found, byte)| *found == byte)
}

fn script(id: &str, kind: usize) -> Value {
    let answer = write(&format!("answer to {id}"));
    let leak = json!({"grow_memory": LEAKED_BYTES});
    match kind {
        0 => json!([head(200), answer, "finish"]),
        1 => json!([answer, "finish", leak, "trap"]),
        2 => json!([write("part"), leak, "trap"]),
        3 => json!([write("part"), {"error": "late"}]),
        4 => json!([{"panic": "early"}]),
        5 => json!([{"exit": 1}]),
        6 => json!([{"grow_memory": 300_000_000}]),
        7 => json!([head(200), leak, "trap"]),
        8 => json!([{"write_pattern": {"total": LARGE_BYTES, "chunk": 10_000}}]),
        _ => json!([write("part"), {"sleep_ms": 5}, write("never read")]),
    }
}
