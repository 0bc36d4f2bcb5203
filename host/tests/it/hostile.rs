//! Handlers that mean harm: each gets an error of its own, and nobody else notices.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::guests;
use crate::support::process::{Bootstrap, Running};
use crate::support::recorder::{End, Event, Exchange, Recorder};
use crate::support::steps::{head_with, sleep_forever, write};

/// Invocations of the test that mixes them all.
const MIXED: usize = 1000;
/// How many of those have a handler that has to be stopped by its deadline: each takes its time.
const STOPPED_EVERY: usize = 5;
const DEADLINE: Duration = Duration::from_millis(400);
const WORKERS: usize = 8;

/// What a process of 128 MiB may take at most for one hostile handler and itself, in KiB.
const MEMORY_LIMIT_KIB: u64 = 160 * 1024;

/// Runs a component in text form, twice, because the second event finds the process as the first left
/// it.
#[track_caller]
fn report(component: &str, error_type: &str, words: &[&str]) {
    let lambda = Recorder::start();
    let mut host = Bootstrap::with_handler(&lambda, &guests::text(component))
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .start();
    for id in ["id-1", "id-2"] {
        lambda.enqueue(Event::new(id, "{}"));
        let document = lambda.reported_error(id, error_type).document();
        let message = document["errorMessage"].as_str().expect("a text");
        for word in words {
            assert!(message.contains(word), "no `{word}` in `{message}`");
        }
    }
    assert!(host.peak_resident_kib() < MEMORY_LIMIT_KIB);
    host.assert_running();
}

#[test]
fn memory_does_not_grow_to_four_gigabytes() {
    let words = ["104 MiB", "raise the function's memory"];
    report("memory_bomb.wat", "Function.OutOfMemory", &words);
}

#[test]
fn a_table_does_not_grow_for_ever() {
    let words = ["1048576", "`limits.table-elements`"];
    report("table_bomb.wat", "Function.LimitExceeded", &words);
}

#[test]
fn a_component_is_not_made_of_any_number_of_instances() {
    let words = ["instance", "`limits.instances`"];
    report("instance_bomb.wat", "Function.LimitExceeded", &words);
}

#[test]
fn a_component_has_not_any_number_of_tables() {
    let words = ["table", "`limits.tables`"];
    report("tables_bomb.wat", "Function.LimitExceeded", &words);
}

#[test]
fn a_list_that_names_one_text_over_and_over_is_not_copied() {
    let words = ["32768 KiB", "`limits.hostcall-kib`"];
    report("huge_list.wat", "Function.LimitExceeded", &words);
}

/// A host of one scripted handler, with what it must not see in the process's environment.
fn scripted(lambda: &Recorder) -> Bootstrap {
    Bootstrap::scripted(lambda)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_ACCESS_KEY_ID", "AKIA-HIDDEN")
        .env("AWS_SECRET_ACCESS_KEY", "HIDDEN")
        .env("AWS_SESSION_TOKEN", "HIDDEN")
        .env("MY_SECRET", "HIDDEN")
}

#[test]
fn a_scan_of_the_environment_finds_no_secret_and_no_way_to_the_runtime_api() {
    let lambda = Recorder::start();
    let _host = scripted(&lambda).start();
    lambda.script("id-1", &json!(["write_env", "write_args"]));
    let found = lambda.complete_response("id-1").body();
    for hidden in [
        "HIDDEN",
        "AKIA",
        "RUNTIME_API",
        &lambda.address(),
        "TASK_ROOT",
    ] {
        assert!(!found.contains(hidden), "{found}");
    }
    assert!(found.contains("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), "{found}");
}

#[test]
fn a_million_tiny_writes_arrive_and_take_no_memory() {
    let lambda = Recorder::start();
    let host = scripted(&lambda).start();
    lambda.script(
        "id-1",
        &json!([{"write_many": {"count": 1_000_000, "chunk": "x"}}]),
    );
    let response = lambda.complete_response("id-1");
    assert_eq!(response.body().len(), 1_000_000);
    assert!(host.peak_resident_kib() < MEMORY_LIMIT_KIB);
}

#[test]
fn a_flood_of_output_is_stopped_with_its_handler() {
    let lambda = Recorder::start();
    let mut host = scripted(&lambda).start();
    let flood = json!([{"repeat_forever": {"print": "x".repeat(10_000)}}]);
    lambda.enqueue(Event::script("id-1", &flood).deadline_in(DEADLINE));
    lambda.reported_error("id-1", "Function.DeadlineExceeded");
    lambda.script("id-2", &json!([write("fine")]));
    assert_eq!(lambda.complete_response("id-2").body(), "fine");
    assert!(host.peak_resident_kib() < MEMORY_LIMIT_KIB);
    host.assert_running();
}

/// What an invocation has to end in.
enum Expected {
    Complete(String),
    Failed(&'static str),
    Reported(&'static str),
}

/// One of the mixed invocations: what its handler does, and how it must end.
struct Case {
    id: String,
    steps: Value,
    expected: Expected,
    stopped: bool,
}

fn good(n: usize) -> (Value, Expected) {
    let text = format!("answer {n} ").repeat(1 + n % 50);
    (json!([write(&text), "finish"]), Expected::Complete(text))
}

fn bad(n: usize) -> (Value, Expected) {
    use Expected::{Complete, Failed, Reported};
    let injected = head_with(&[("x", "a\r\nset-cookie: evil=1")]);
    let refused = json!({"expect": {"step": injected, "result": "invalid-header"}});
    let late = json!({"expect": {"step": write("late"), "result": "already-finished"}});
    let flood = json!({"print": "x".repeat(100_000)});
    match n % 11 {
        0 => (
            json!([write("p"), {"grow_memory": 300_000_000}]),
            Failed("Function.OutOfMemory"),
        ),
        1 => (
            json!(["recurse_forever"]),
            Reported("Function.StackOverflow"),
        ),
        2 => (
            json!([{"write_bytes": {"len": 33 * 1024 * 1024, "fill": 1}}]),
            Reported("Function.LimitExceeded"),
        ),
        3 => (json!([write("p"), {"exit": 0}]), Failed("Function.Exit")),
        4 => (
            json!([refused, write("clean")]),
            Complete("clean".to_owned()),
        ),
        5 => (
            json!([write("once"), "finish", late]),
            Complete("once".to_owned()),
        ),
        6 => (json!([flood, write("p"), "trap"]), Failed("Function.Trap")),
        7 => (
            json!([{"panic": format!("panic {n}")}]),
            Reported("Function.Panic"),
        ),
        8 => (
            json!([write("p"), {"error": "e"}]),
            Failed("Function.Error"),
        ),
        9 => (
            json!([{"write_many": {"count": 2000, "chunk": "t"}}, "trap"]),
            Failed("Function.Trap"),
        ),
        _ => (
            json!([write("all"), "finish", "trap"]),
            Complete("all".to_owned()),
        ),
    }
}

/// Handlers that never end by themselves.
fn endless(n: usize) -> (Value, Expected) {
    let stopped = "Function.DeadlineExceeded";
    match n % 5 {
        0 => (json!(["loop_forever"]), Expected::Reported(stopped)),
        1 => (
            json!([write("p"), sleep_forever()]),
            Expected::Failed(stopped),
        ),
        2 => (
            json!([{"repeat_forever": {"spin_ms": 0}}]),
            Expected::Reported(stopped),
        ),
        3 => (json!(["loop_writing"]), Expected::Failed(stopped)),
        _ => (
            json!([{"repeat_forever": {"log": {"level": "trace", "message": "m"}}}]),
            Expected::Reported(stopped),
        ),
    }
}

fn case(n: usize) -> Case {
    let stopped = n.is_multiple_of(10 * STOPPED_EVERY);
    let (steps, expected) = match n % 2 {
        0 if stopped => endless(n / (10 * STOPPED_EVERY)),
        0 => bad(n / 2),
        _ => good(n),
    };
    Case {
        id: format!("case-{n}-"),
        steps,
        expected,
        stopped,
    }
}

impl Case {
    fn event(&self) -> Event {
        let event = Event::script(&self.id, &self.steps);
        if self.stopped {
            event.deadline_in(DEADLINE)
        } else {
            event
        }
    }

    #[track_caller]
    fn check(&self, lambda: &Recorder) {
        match &self.expected {
            Expected::Complete(body) => {
                let response: Exchange = lambda.response(&self.id);
                assert_eq!(response.end, End::Clean, "{}", self.id);
                response.assert_clean_end();
                assert_eq!(response.body(), *body, "{}", self.id);
            }
            Expected::Failed(error_type) => lambda.response(&self.id).assert_failed(error_type),
            Expected::Reported(error_type) => {
                let document = lambda.error(&self.id).document();
                assert_eq!(document["errorType"], *error_type, "{}", self.id);
            }
        }
    }
}

#[track_caller]
fn run_mixed(lambda: &Recorder, mut host: Running, workers: usize) {
    let cases: Vec<Case> = (0..MIXED).map(case).collect();
    // A few at a time: an event's deadline begins when it is queued.
    for batch in cases.chunks(workers) {
        lambda.enqueue_all(batch.iter().map(Case::event).collect());
        batch.iter().for_each(|case| case.check(lambda));
    }
    lambda.idle(workers);
    host.assert_running();
}

#[test]
fn a_thousand_hostile_and_good_handlers_in_turn_leave_each_other_alone() {
    let lambda = Recorder::start();
    let host = scripted(&lambda).start();
    run_mixed(&lambda, host, 1);
}

#[test]
fn a_thousand_hostile_and_good_handlers_side_by_side_leave_each_other_alone() {
    let lambda = Recorder::start();
    let host = scripted(&lambda)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", &WORKERS.to_string())
        .start();
    lambda.idle(WORKERS);
    run_mixed(&lambda, host, WORKERS);
}
