//! Hostile handlers, one by one: each gets its own error.

use std::time::Duration;

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::write;
use bootstream_test_support::{assert_contains, assert_contains_all, guests};
use serde_json::json;

const DEADLINE: Duration = Duration::from_millis(400);

/// Most memory of a process of 128 MiB with one hostile handler, in KiB.
const MEMORY_LIMIT_KIB: u64 = 160 * 1024;

/// Runs a component in text form twice: the second event finds the process as the first left it.
#[track_caller]
fn report(component: &str, error_type: &str, words: &[&str]) {
    let lambda = Recorder::start();
    let mut host = Bootstrap::with_handler(&lambda, &guests::text(component))
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .start();
    for id in ["id-1", "id-2"] {
        lambda.enqueue(Event::new(id, "{}"));
        let message = lambda.reported_error(id, error_type).error_message();
        assert_contains_all(&message, words);
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
fn a_table_does_not_grow_without_bound() {
    let words = ["1048576", "`limits.table-elements`"];
    report("table_bomb.wat", "Function.LimitExceeded", &words);
}

#[test]
fn the_core_instances_of_a_component_are_limited() {
    let words = ["instance", "`limits.instances`"];
    report("instance_bomb.wat", "Function.LimitExceeded", &words);
}

#[test]
fn the_tables_of_a_component_are_limited() {
    let words = ["table", "`limits.tables`"];
    report("tables_bomb.wat", "Function.LimitExceeded", &words);
}

#[test]
fn a_list_that_repeats_one_large_text_is_not_copied() {
    let words = ["8192 KiB", "`limits.hostcall-kib`"];
    report("huge_list.wat", "Function.LimitExceeded", &words);
}

/// A host of one scripted handler, with variables the handler must not see.
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
    assert_contains(&found, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
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
