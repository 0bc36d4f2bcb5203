//! Chunks larger than the buffer: in order, whole, and with the right end, whatever their reader does.

use std::time::Duration;

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::recorder::{
    DELIMITER, End, Event, Exchange, Fate, IMPLIED_PRELUDE, Post,
};
use bootstream_test_support::steps::{expect, write};
use serde_json::{Value, json};

/// Larger than the host's buffer, and not a multiple of any size in it.
const CHUNK_BYTES: usize = 300_007;

fn fill(bytes: usize, with: usize) -> Value {
    json!({"write_bytes": {"len": bytes, "fill": with}})
}

fn pattern(bytes: usize) -> Value {
    json!({"write_pattern": {"total": bytes, "chunk": CHUNK_BYTES}})
}

/// The bytes that [`pattern`] writes.
fn pattern_bytes(bytes: usize) -> Vec<u8> {
    (0..251).cycle().take(bytes).collect()
}

/// The body after the prelude of a handler that wrote no head.
#[track_caller]
fn body(response: &Exchange) -> Vec<u8> {
    let data = response.data();
    let start = [IMPLIED_PRELUDE, &DELIMITER].concat();
    data.strip_prefix(start.as_slice())
        .expect("the implied prelude")
        .to_vec()
}

/// Writes of sizes around every limit, each with bytes of its own.
fn mixed(seed: usize) -> (Value, Vec<u8>) {
    const SIZES: [usize; 11] = [
        10,
        70_000,
        1,
        65_536,
        65_535,
        CHUNK_BYTES,
        3000,
        524_289,
        131_072,
        262_144,
        262_143,
    ];
    let writes = (0..60_usize).map(|n| (SIZES[(n * 7 + seed) % SIZES.len()], (n + seed) % 251));
    let steps = writes.clone().map(|(bytes, with)| fill(bytes, with));
    let expected = writes.flat_map(|(bytes, with)| {
        let with = u8::try_from(with).expect("below 251");
        std::iter::repeat_n(with, bytes)
    });
    (steps.collect(), expected.collect())
}

#[test]
fn large_and_small_chunks_keep_their_order() {
    for reader in [
        Post::default(),
        Post::default().bytes_per_second(20_000_000),
        Post::default().stall(2_000_000, Duration::from_millis(300)),
    ] {
        let lambda = Recorder::with_small_buffers();
        lambda.on("/response", reader);
        let (steps, expected) = mixed(0);
        lambda.script("id-1", &steps);
        let _host = Bootstrap::scripted(&lambda).start();

        let response = lambda.complete_response("id-1");

        assert!(body(&response) == expected, "the body differs");
    }
}

#[test]
fn large_chunks_of_many_handlers_at_once_do_not_mix() {
    const AT_ONCE: usize = 8;
    let lambda = Recorder::with_small_buffers();
    let _host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", &AT_ONCE.to_string())
        .start();
    lambda.idle(AT_ONCE);
    let responses: Vec<_> = (0..AT_ONCE)
        .map(|n| (format!("id-{n}"), mixed(n)))
        .collect();
    for (id, _) in responses.iter().step_by(2) {
        let slow = Post::default().stall(1_000_000, Duration::from_millis(200));
        lambda.on(&format!("{id}/response"), slow);
    }
    let events = responses.iter();
    lambda.enqueue_all(
        events
            .map(|(id, (steps, _))| Event::script(id, steps))
            .collect(),
    );

    for (id, (_, expected)) in &responses {
        let response = lambda.response(id);
        response.assert_clean_end();
        assert!(body(&response) == *expected, "the body of {id} differs");
    }
}

#[test]
fn a_failure_after_a_chunk_in_flight_is_reported_after_the_chunk() {
    const BYTES: usize = 12_000_000;
    let lambda = Recorder::with_small_buffers();
    let stalled = Post::default().stall(100_000, Duration::from_millis(500));
    lambda.on("id-1/response", stalled);
    lambda.script("id-1", &json!([pattern(BYTES), "trap"]));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.failed_response("id-1", "Function.Trap");

    assert!(body(&response) == pattern_bytes(BYTES), "the body differs");
}

/// A chunk that has begun when the handler is stopped is sent to its end.
#[test]
fn a_handler_that_is_stopped_while_its_reader_stalls_ends_in_trailers() {
    let lambda = Recorder::with_small_buffers();
    let stalled = Post::default().stall(100_000, Duration::from_millis(2500));
    lambda.on("id-1/response", stalled);
    let event = Event::script("id-1", &json!([pattern(100_000_000)]));
    lambda.enqueue(event.deadline_in(Duration::from_millis(1500)));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.failed_response("id-1", "Function.DeadlineExceeded");

    let body = body(&response);
    assert!(body.len() < 100_000_000);
    assert!(body == pattern_bytes(body.len()), "the body differs");
}

#[test]
fn a_connection_that_ends_in_a_chunk_fails_the_next_write() {
    for fate in [Fate::Reset, Fate::Close] {
        let lambda = Recorder::with_small_buffers();
        let lost = Post::default()
            .stall(1_000_000, Duration::from_millis(200))
            .early_after(3_000_000)
            .fate(fate);
        lambda.on("id-1/response", lost);
        let steps = json!([
            expect(&pattern(200_000_000), "closed"),
            expect(&fill(CHUNK_BYTES, 1), "closed"),
        ]);
        lambda.script("id-1", &steps);
        lambda.script("id-2", &json!([write("the next")]));
        let mut host = Bootstrap::scripted(&lambda).start();

        assert_eq!(lambda.response("id-1").end, End::Truncated);
        assert_eq!(lambda.complete_response("id-2").body(), "the next");
        assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
        host.assert_running();
    }
}

/// Bytes the socket did not accept at once leave while the handler computes.
#[test]
fn a_handler_that_computes_does_not_hold_back_a_large_chunk() {
    const BYTES: usize = 8_000_000;
    let lambda = Recorder::with_small_buffers();
    let stalled = Post::default().stall(100_000, Duration::from_millis(300));
    lambda.on("id-1/response", stalled);
    let event = Event::script("id-1", &json!([pattern(BYTES), "loop_forever"]));
    lambda.enqueue(event.deadline_in(Duration::from_secs(5)));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.failed_response("id-1", "Function.DeadlineExceeded");

    assert!(body(&response) == pattern_bytes(BYTES), "the body differs");
    let last = response.chunks.last().expect("chunks");
    let ended = response.ended.expect("an end");
    assert!(ended - last.at >= Duration::from_secs(1));
}
