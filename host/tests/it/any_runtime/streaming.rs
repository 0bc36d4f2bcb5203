//! Responses of well-behaved handlers.

use std::time::Duration;

use bootstream_test_support::recorder::{End, Post, Recorder};
use bootstream_test_support::steps::{sleep_forever, write};
use serde_json::json;

use super::{event, head, run, running, runtime};

#[test]
fn the_head_of_a_response_announces_a_stream_and_its_trailers() {
    let response = run(&json!([head(200), write("x"), "finish"]));

    for (name, value) in [
        (
            "content-type",
            "application/vnd.awslambda.http-integration-response",
        ),
        ("lambda-runtime-function-response-mode", "streaming"),
        ("transfer-encoding", "chunked"),
    ] {
        assert_eq!(response.header(name).as_deref(), Some(value), "{name}");
    }
    let announced = response.header("trailer").expect("trailers are announced");
    let announced = announced.to_ascii_lowercase();
    assert!(announced.contains("lambda-runtime-function-error-type"));
    assert!(announced.contains("lambda-runtime-function-error-body"));
    assert_eq!(response.header("content-length"), None);
    assert_eq!(response.header("expect"), None);
}

#[test]
fn a_response_is_a_prelude_a_delimiter_and_the_body() {
    let response = run(&json!([
        head(201),
        write("hello "),
        write("world"),
        "finish"
    ]));

    let (prelude, body) = response.prelude_and_body();
    assert_eq!(prelude["statusCode"], 201);
    assert_eq!(prelude["headers"]["content-type"], "text/plain");
    assert_eq!(body, b"hello world");
}

#[test]
fn a_head_without_a_body_is_sent() {
    for (status, headers) in [(204, json!([])), (301, json!([["location", "/there"]]))] {
        let head = json!({"write_headers": {"status": status, "headers": headers}});
        let response = run(&json!([head, "finish"]));

        let (prelude, body) = response.prelude_and_body();
        assert_eq!(prelude["statusCode"], status);
        assert_eq!(body, b"");
    }
}

#[test]
fn cookies_are_kept_apart_and_in_order() {
    let response = run(&json!([
        {"write_headers": {"status": 200, "cookies": ["a=1; Path=/", "b=2"]}},
        write("x"),
        "finish"
    ]));

    assert_eq!(response.prelude()["cookies"], json!(["a=1; Path=/", "b=2"]));
}

#[test]
fn a_repeated_header_is_one_text_in_the_prelude() {
    let headers = json!([["x-a", "1"], ["x-a", "2"]]);
    let response = run(&json!([
        {"write_headers": {"status": 200, "headers": headers}}, write("x"), "finish"
    ]));

    assert_eq!(response.prelude()["headers"]["x-a"], "1, 2");
}

#[test]
fn header_values_are_escaped_as_json() {
    let value = "\"quoted\" \\ back\tslash";
    let response = run(&json!([
        {"write_headers": {"status": 200, "headers": [["x-a", value]]}}, write("x"), "finish"
    ]));

    assert_eq!(response.prelude()["headers"]["x-a"], value);
}

#[test]
fn a_chunk_is_on_the_wire_while_the_handler_sleeps() {
    let (lambda, _runtime) = running();
    lambda.enqueue(event(
        "id-1",
        &json!([head(200), write("one"), sleep_forever()]),
    ));

    let delay = lambda.delay_of_chunk("id-1", |chunk| chunk.ends_with(b"one"));

    assert!(delay < Duration::from_millis(500), "{delay:?}");
}

#[test]
fn chunks_of_every_size_arrive_whole() {
    for len in [1, 65_536, 7 * 1024 * 1024] {
        let bytes = json!({"write_bytes": {"len": len, "fill": 97}});
        let response = run(&json!([head(200), bytes, "finish"]));
        assert_eq!(response.prelude_and_body().1, vec![97; len], "{len}");
    }
}

#[test]
fn ten_thousand_tiny_writes_arrive() {
    let writes = json!({"write_many": {"count": 10_000, "chunk": "x"}});
    let response = run(&json!([head(200), writes, "finish"]));

    assert_eq!(response.body(), "x".repeat(10_000));
}

#[test]
fn an_empty_write_does_not_end_the_response() {
    let response = run(&json!([
        head(200),
        write("a"),
        write(""),
        write("b"),
        "finish"
    ]));

    assert_eq!(response.body(), "ab");
}

#[test]
fn a_handler_waits_while_its_reader_stalls() {
    let lambda = Recorder::with_small_buffers();
    let stall = Duration::from_secs(2);
    lambda.on("id-1/response", Post::default().stall(1024 * 1024, stall));
    let runtime = runtime(&lambda).start();
    lambda.enqueue(event("warm-up", &json!([head(200), write("x"), "finish"])));
    lambda.complete_response("warm-up");
    let idle = runtime.resident_kib();

    let total = 100_000_000;
    let pattern = json!({"write_pattern": {"total": total, "chunk": 65536}});
    lambda.enqueue(event("id-1", &json!([head(200), pattern, "finish"])));

    let response = lambda.complete_response("id-1");
    assert_eq!(response.prelude_and_body().1.len(), total);
    let grown = runtime.peak_resident_kib().saturating_sub(idle);
    assert!(grown < 60 * 1024, "{grown} KiB");
    let took = response.ended.expect("an end") - response.began;
    assert!(took >= stall, "{took:?}");
}

#[test]
fn the_next_poll_waits_for_the_answer_to_the_response() {
    let (lambda, _runtime) = running();
    let late = Post::default().delay(Duration::from_secs(1));
    lambda.on("id-1/response", late);
    let steps = json!([head(200), write("x"), "finish"]);
    lambda.enqueue_all(vec![event("id-1", &steps), event("id-2", &steps)]);

    lambda.complete_response("id-2");

    let (answered, polled) = lambda.look(|seen| {
        let answered = seen.to("id-1/response")[0].answered;
        (answered.expect("an answer"), seen.polls()[1].began)
    });
    assert!(polled >= answered);
}

#[test]
fn a_hundred_events_take_a_bounded_number_of_sockets() {
    let (lambda, _runtime) = running();
    let steps = json!([head(200), write("x"), "finish"]);
    let events = (0..100).map(|n| event(&format!("id-{n}-"), &steps));
    lambda.enqueue_all(events.collect());

    lambda.idle(1);

    let complete = lambda.look(|seen| {
        let posts = seen.posts();
        posts.iter().filter(|post| post.end == End::Clean).count()
    });
    assert_eq!(complete, 100);
    lambda.wait("few open connections", |seen| {
        (seen.open_connections <= 3).then_some(())
    });
}
