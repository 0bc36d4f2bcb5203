//! Readers slower than the handler: it waits, and memory stays flat.

use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{DELIMITER, Exchange, IMPLIED_PRELUDE, Post, Recorder};
use bootstream_test_support::steps::write;
use serde_json::json;

/// Period of the pattern of `write_pattern`.
const PATTERN_PERIOD: usize = 251;
/// Most memory the host and a guest may take beyond an idle process, in KiB.
const MEMORY_MARGIN_KIB: u64 = 100 * 1024;

/// Starts a host and serves one event. Returns its resident memory afterwards, in KiB.
fn warm_host(lambda: &Recorder) -> (Running, u64) {
    let host = Bootstrap::scripted(lambda).start();
    lambda.script("warm-up", &json!([write("x")]));
    lambda.complete_response("warm-up");
    let idle = host.resident_kib();
    (host, idle)
}

/// Asserts that the body is the pattern of the scripted guest.
fn assert_pattern(response: &Exchange, total: usize) {
    let data = response.data();
    let start = [IMPLIED_PRELUDE, &DELIMITER].concat();
    let body = data.strip_prefix(start.as_slice()).expect("the prelude");
    assert_eq!(body.len(), total);
    let period: Vec<u8> = (0_u8..251).collect();
    let block = period.repeat(4096);
    for (number, part) in body.chunks(block.len()).enumerate() {
        assert!(part == &block[..part.len()], "block {number} differs");
    }
    assert_eq!(period.len(), PATTERN_PERIOD);
}

#[test]
fn two_hundred_megabytes_reach_a_slow_reader_in_little_memory() {
    for chunk in [65_536, 300_007] {
        let lambda = Recorder::start();
        let slow = Post::default()
            .bytes_per_second(100_000_000)
            .stall(100_000_000, Duration::from_secs(2));
        lambda.on("id-1/response", slow);
        let (host, idle) = warm_host(&lambda);
        let total = 200_000_000;
        let pattern = json!({"write_pattern": {"total": total, "chunk": chunk}});
        lambda.script("id-1", &json!([pattern]));

        let response = lambda.complete_response("id-1");

        assert_pattern(&response, total);
        // Far less than was written: the handler had to wait.
        let peak = host.peak_resident_kib();
        assert!(peak < idle + 20 * 1024, "{idle} KiB, then {peak}");
    }
}

#[test]
fn one_write_of_twenty_mebibytes_arrives_whole() {
    let lambda = Recorder::with_small_buffers();
    lambda.on(
        "id-1/response",
        Post::default().bytes_per_second(40_000_000),
    );
    let (host, idle) = warm_host(&lambda);
    let total = 20 * 1024 * 1024;
    let pattern = json!({"write_pattern": {"total": total, "chunk": total}});
    lambda.script("id-1", &json!([pattern]));

    let response = lambda.complete_response("id-1");

    assert_pattern(&response, total);
    // The guest grew to hold the chunk; the host holds none of it.
    assert!(host.peak_resident_kib() < idle + MEMORY_MARGIN_KIB);
}

/// Unread data does not keep the host from noticing that the handler has ended.
#[test]
fn what_was_written_before_the_end_reaches_a_slow_reader() {
    let lambda = Recorder::with_small_buffers();
    let slow = Post::default().stall(1, Duration::from_secs(1));
    lambda.on("id-1/response", slow);
    let pattern = json!({"write_pattern": {"total": 200_000, "chunk": 1000}});
    lambda.script("id-1", &json!([pattern, "trap"]));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.failed_response("id-1", "Function.Trap");

    assert_pattern(&response, 200_000);
}
