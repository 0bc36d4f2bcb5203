//! What handlers in Go can do beside the steps that all languages have: goroutines and garbage.

use std::time::Instant;

use bootstream_test_support::assert_contains_all;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::{GO, upstream};

#[test]
fn a_panic_in_any_goroutine_is_told_with_its_lines() {
    let lambda = Recorder::start();
    lambda.script("id", &json!([{"panic_elsewhere": "no luck"}]));
    let host = GO.host(&lambda).start();

    let document = lambda.reported_error("id", "Function.Panic").document();

    assert_eq!(document["errorMessage"], "panic: no luck");
    let innermost = document["stackTrace"][0].as_str().expect("a frame");
    assert_contains_all(
        innermost,
        ["main.panicElsewhere.func1 at ", "scripted/steps.go:"],
    );
    // Message and stacks are one record.
    assert_contains_all(
        &host.logged("panic: no luck"),
        ["WARN", "goroutine ", "steps.go:"],
    );
}

#[test]
fn requests_of_goroutines_run_at_once() {
    let url = upstream::start();
    let lambda = Recorder::start();
    let steps = json!([{"fetch_at_once": {"count": 3, "url": format!("{url}/slow")}}]);
    lambda.script("id", &steps);
    let host = GO
        .host(&lambda)
        .env("BOOTSTREAM_OUTBOUND_ALLOW", &url)
        .env("BOOTSTREAM_OUTBOUND_PRIVATE_ADDRESSES", "127.0.0.1");
    let began = Instant::now();
    let _host = host.start();

    let body = lambda.complete_response("id").body();

    let time = began.elapsed();
    assert_eq!(body, "ok: 200 10 half whole\n".repeat(3));
    assert!(time < upstream::PAUSE * 3, "{time:?}");
}

#[test]
fn garbage_is_collected_while_a_response_is_written() {
    const MIB: usize = 1024 * 1024;
    const WRITES: usize = 160;
    let write = json!({"write_bytes": {"len": MIB, "fill": 97}});
    let lambda = Recorder::start();
    lambda.script("id", &Value::from(vec![write; WRITES]));
    let host = GO
        .host(&lambda)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    let _host = host.env("BOOTSTREAM_LIMITS_MEMORY_MIB", "32").start();

    let (_, body) = lambda.complete_response("id").prelude_and_body();

    assert_eq!(body.len(), WRITES * MIB);
}
