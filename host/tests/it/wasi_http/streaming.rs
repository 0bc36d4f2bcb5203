//! What a component writes leaves at once, as far as it is read.

use std::time::Duration;

use bootstream_test_support::recorder::{DELIMITER, Fate, Post, Recorder};
use serde_json::json;

use super::{event, expect, host, respond, serving, write};

/// Long for a chunk on loopback, short for anything that waits for something else.
const SOON: Duration = Duration::from_millis(500);

#[test]
fn the_head_does_not_wait_for_the_first_write() {
    let (lambda, _host) = serving("");
    lambda.enqueue(event("id-1", &json!([respond(), {"sleep_ms": 100_000}])));
    let delay = lambda.delay_of_chunk("id-1", |chunk| chunk == DELIMITER);
    assert!(delay < SOON, "{delay:?}");
}

#[test]
fn a_chunk_is_on_the_wire_while_the_component_computes() {
    for step in [
        write("one"),
        json!({"write_many": {"count": 1, "chunk": "one"}}),
    ] {
        let (lambda, _host) = serving("");
        lambda.enqueue(event("id-1", &json!([respond(), step, "loop_forever"])));
        let delay = lambda.delay_of_chunk("id-1", |chunk| chunk == b"one");
        assert!(delay < SOON, "{delay:?}");
    }
}

#[test]
fn chunks_that_take_long_leave_one_by_one() {
    let (lambda, _host) = serving("");
    let mut steps = vec![respond()];
    for number in 0..5 {
        steps.extend([json!({"spin_ms": 20}), write(&format!("chunk-{number}"))]);
    }
    steps.push(json!("finish"));
    lambda.enqueue(event("id-1", &steps.into()));
    let response = lambda.complete_response("id-1");
    let times: Vec<_> = response
        .chunks
        .iter()
        .filter(|chunk| chunk.data.starts_with(b"chunk-"))
        .map(|chunk| chunk.at)
        .collect();
    assert_eq!(times.len(), 5);
    let whole = *times.last().expect("five") - times[0];
    assert!(whole >= Duration::from_millis(60), "{whole:?}");
}

/// The guest waits, and host memory stays flat.
#[test]
fn two_hundred_megabytes_reach_a_slow_reader_in_little_memory() {
    let lambda = Recorder::start();
    let slow = Post::default()
        .bytes_per_second(200_000_000)
        .stall(100_000_000, Duration::from_millis(500));
    lambda.on("id-1/response", slow);
    let host = host(&lambda, "").start();
    lambda.enqueue(event("warm-up", &json!([respond(), "finish"])));
    lambda.complete_response("warm-up");
    let idle = host.resident_kib();
    let total = 200_000_000;
    lambda.enqueue(event(
        "id-1",
        &json!([respond(), {"write_pattern": {"total": total, "chunk": 65_536}},
        "finish"]),
    ));

    let response = lambda.complete_response("id-1");

    let (_, body) = response.prelude_and_body();
    assert_eq!(body.len(), total);
    let period: Vec<u8> = (0_u8..251).collect();
    let block = period.repeat(4096);
    for (number, part) in body.chunks(block.len()).enumerate() {
        assert!(part == &block[..part.len()], "block {number} differs");
    }
    let peak = host.peak_resident_kib();
    assert!(peak < idle + 20 * 1024, "{idle} KiB, then {peak}");
}

/// `check-write` says 0 once the buffer is full, and the pollable fires when it is read on.
#[test]
fn a_component_that_polls_waits_for_a_reader_that_is_behind() {
    let lambda = Recorder::with_small_buffers();
    lambda.on("id-1/response", Post::default().stall_until_released(5000));
    let host = host(&lambda, "").start();
    let total = 8_000_000;
    lambda.enqueue(event(
        "id-1",
        &json!([respond(), {"write_pattern": {"total": total, "chunk": 10_000}},
        {"print": "all written\n"}, "finish"]),
    ));
    lambda.wait("the post", |seen| {
        seen.to("id-1/response").first().map(drop)
    });
    bootstream_test_support::pause(Duration::from_millis(200));
    assert!(
        host.stdout()
            .iter()
            .all(|line| !line.contains("all written"))
    );
    lambda.release();
    let (_, body) = lambda.complete_response("id-1").prelude_and_body();
    assert_eq!(body.len(), total);
}

#[test]
fn a_component_may_write_just_what_it_was_allowed() {
    let (lambda, _host) = serving("");
    lambda.enqueue(event(
        "allowed",
        &json!([respond(), {"write_allowed": 0}, "finish"]),
    ));
    let allowed = lambda
        .complete_response("allowed")
        .prelude_and_body()
        .1
        .len();
    assert!(allowed >= 64 * 1024, "{allowed}");
    lambda.enqueue(event(
        "blocking",
        &json!([respond(), {"blocking_write": 4096}, "finish"]),
    ));
    assert_eq!(
        lambda
            .complete_response("blocking")
            .prelude_and_body()
            .1
            .len(),
        4096
    );

    lambda.enqueue(event(
        "more",
        &json!([respond(), {"write_allowed": 1_000_000}, "finish"]),
    ));
    lambda.failed_response("more", "Function.Trap");
    lambda.enqueue(event(
        "large",
        &json!([respond(), {"blocking_write": 4097}, "finish"]),
    ));
    lambda.failed_response("large", "Function.Trap");
    // Nothing has left yet.
    let early = json!([{"response": {}}, "body", "stream", {"blocking_write": 4097}]);
    lambda.enqueue(event("early", &early));
    lambda.reported_error("early", "Function.Trap");
}

#[test]
fn a_receiver_that_is_gone_closes_the_stream_and_reports_no_error() {
    let (lambda, mut host) = serving("");
    lambda.on(
        "gone/response",
        Post::status("410 Gone", "{}")
            .early_after(1)
            .fate(Fate::CloseAfter),
    );
    let until_closed = expect(
        &json!({"write_many": {"count": 1_000_000_000, "chunk": "x"}}),
        "closed",
    );
    lambda.enqueue(event(
        "gone",
        &json!([respond(), until_closed, {"print": "saw it\n"}, "drop_body"]),
    ));
    host.logged("saw it");
    lambda.enqueue(event("after", &json!([respond(), write("fine"), "finish"])));
    assert_eq!(lambda.complete_response("after").body(), "fine");
    assert!(lambda.look(|seen| seen.to("gone/error").is_empty()));
    assert!(
        host.stdout().iter().all(|line| !line.contains("ERROR")),
        "{:?}",
        host.stdout()
    );
    host.assert_running();
}

/// A guest that ignores the refusals is stopped.
#[test]
fn a_component_that_writes_on_without_a_receiver_is_stopped() {
    let (lambda, mut host) = serving("");
    lambda.on(
        "gone/response",
        Post::status("410 Gone", "{}")
            .early_after(1)
            .fate(Fate::CloseAfter),
    );
    lambda.enqueue(event("gone", &json!([respond(), "loop_writing"])));
    lambda.enqueue(event("after", &json!([respond(), write("fine"), "finish"])));
    assert_eq!(lambda.complete_response("after").body(), "fine");
    host.assert_running();
}

#[test]
fn the_body_of_a_request_can_be_passed_on() {
    let (lambda, _host) = serving("");
    let body: Vec<u8> = (0_u8..=255).cycle().take(300_000).collect();
    let steps = json!({"steps": [respond(), "splice_request", "finish"]}).to_string();
    let mut request = crate::documents::through("url", &json!([]));
    request["headers"]["x-script"] = steps.into();
    request["body"] = base64(&body).into();
    request["isBase64Encoded"] = true.into();
    lambda.enqueue(bootstream_test_support::recorder::Event::new(
        "id-1",
        request.to_string(),
    ));
    assert_eq!(lambda.complete_response("id-1").prelude_and_body().1, body);
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}
