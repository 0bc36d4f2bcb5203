//! Memory, slow receivers, and several invocations at once.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Post, Recorder};

use super::{get, service, serving};

/// Most memory the host and a guest may take beyond an idle process, in KiB.
const MARGIN_KIB: u64 = 20 * 1024;

#[test]
fn a_large_response_reaches_a_slow_reader_in_little_memory() {
    let (lambda, host) = serving();
    lambda.enqueue(get("warm-up", "/hello"));
    lambda.complete_response("warm-up");
    let idle = host.resident_kib();
    let slow = Post::default().stall(50_000_000, Duration::from_millis(500));
    lambda.on("id-1/response", slow);
    lambda.enqueue(get("id-1", "/stream?200000000"));

    let response = lambda.complete_response("id-1");

    let (_, body) = response.prelude_and_body();
    assert_eq!(body.len(), 200_000_000);
    assert!(body.iter().all(|byte| *byte == b'.'));
    let peak = host.peak_resident_kib();
    assert!(peak < idle + MARGIN_KIB, "{idle} KiB, then {peak}");
}

#[test]
fn a_hundred_thousand_small_writes_arrive_in_little_memory() {
    let (lambda, host) = serving();
    lambda.enqueue(get("warm-up", "/hello"));
    lambda.complete_response("warm-up");
    let idle = host.resident_kib();
    lambda.enqueue(get("id-1", "/small?100000"));
    assert_eq!(
        lambda.complete_response("id-1").body(),
        "ab".repeat(100_000)
    );
    let peak = host.peak_resident_kib();
    assert!(peak < idle + MARGIN_KIB, "{idle} KiB, then {peak}");
}

/// However an invocation ends, its instance gives back what it had: also one that is dropped while its tasks
/// run.
#[test]
fn many_invocations_leave_nothing_behind() {
    let (lambda, host) = serving();
    let targets = [
        "/hello",
        "/trap",
        "/leak",
        "/traps-late",
        "/trailers-error",
        "/wrap",
        "/trap-first",
    ];
    let mut sizes = Vec::new();
    for round in 0..12 {
        for target in targets {
            let id = format!("{round}{}", target.replace('/', "-"));
            lambda.enqueue(get(&id, target));
        }
        lambda.idle(1);
        lambda.forget();
        sizes.push((host.resident_kib(), host.open_files(), host.threads()));
    }
    let (first, last) = (sizes[2], sizes[11]);
    assert!(last.0 < first.0 + 2 * 1024, "{sizes:?}");
    assert_eq!((first.1, first.2), (last.1, last.2), "{sizes:?}");
}

#[test]
fn a_guest_cannot_hoard_streams() {
    let (lambda, host) = serving();
    lambda.enqueue(get("warm-up", "/hello"));
    lambda.complete_response("warm-up");
    let idle = host.resident_kib();
    lambda.enqueue(get("id-1", "/hoard"));
    let error = lambda.reported_error("id-1", "Function.LimitExceeded");
    assert_contains(&error.error_message(), "streams or futures");
    let peak = host.peak_resident_kib();
    assert!(peak < idle + MARGIN_KIB, "{idle} KiB, then {peak}");
}

#[test]
fn a_trap_ends_one_of_several_invocations_only() {
    let lambda = Recorder::start();
    let _host = service(&lambda)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "4")
        .start();
    lambda.idle(4);
    lambda.enqueue_all(vec![
        get("a", "/chunks"),
        get("b", "/trap"),
        get("c", "/chunks"),
        get("d", "/works-on"),
    ]);
    lambda.idle(4);
    for (id, body) in [("a", "0123456789"), ("c", "0123456789"), ("d", "hello")] {
        let response = lambda.response(id);
        response.assert_clean_end();
        assert_eq!(response.body(), body, "{id}");
    }
    lambda.response("b").assert_failed("Function.Panic");
}
