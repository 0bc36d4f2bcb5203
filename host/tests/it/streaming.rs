//! Responses of well-behaved handlers, as bytes on the wire.

use std::time::Duration;

use bootstream_test_support::process::{serving, serving_with};
use bootstream_test_support::recorder::{DELIMITER, Event, Exchange, IMPLIED_PRELUDE, Post};
use bootstream_test_support::steps::{expect, head, head_with, sleep_forever, write};
use serde_json::{Value, json};

const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// Runs one script and returns its response, which must be complete.
fn run(steps: &Value) -> Exchange {
    let (lambda, _host) = serving();
    lambda.script("id-1", steps);
    lambda.complete_response("id-1")
}

fn is_implied(data: &[u8], body: &[u8]) -> bool {
    data == [IMPLIED_PRELUDE, &DELIMITER, body].concat()
}

#[test]
fn a_response_is_a_head_a_prelude_a_delimiter_and_the_body() {
    let response = run(&json!([
        head_with(&[("content-type", "text/plain")]),
        write("hello "),
        write("world"),
        "finish"
    ]));

    assert_eq!(
        response.request_line(),
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1"
    );
    for (name, value) in [
        ("content-type", HTTP_INTEGRATION),
        ("lambda-runtime-function-response-mode", "streaming"),
        ("transfer-encoding", "chunked"),
        (
            "trailer",
            "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        ),
    ] {
        assert_eq!(response.header(name).as_deref(), Some(value), "{name}");
    }
    for name in ["content-length", "expect", "lambda-runtime-invocation-id"] {
        assert_eq!(response.header(name), None, "{name}");
    }
    let (prelude, body) = response.prelude_and_body();
    assert_eq!(
        prelude,
        json!({"statusCode": 200, "headers": {"content-type": "text/plain"}, "cookies": []})
    );
    assert_eq!(body, b"hello world");
}

/// Readers should look for the delimiter, but cargo-lambda counts chunks.
#[test]
fn the_prelude_and_the_delimiter_are_chunks_of_their_own() {
    for steps in [json!([head(200), write("x")]), json!([write("x")])] {
        let response = run(&steps);

        let chunks: Vec<_> = response
            .chunks
            .iter()
            .map(|chunk| &chunk.data[..])
            .collect();
        assert_eq!(chunks, [IMPLIED_PRELUDE, &DELIMITER, b"x"]);
        // cargo-lambda refuses a prelude without either.
        let prelude = response.prelude();
        assert!(prelude["headers"].is_object() && prelude["cookies"].is_array());
    }
}

/// The head leaves at once.
#[test]
fn the_prelude_does_not_wait_for_the_first_write() {
    let (lambda, _host) = serving();
    lambda.script("id-1", &json!([head(200), sleep_forever()]));

    let delay = lambda.delay_of_chunk("id-1", |chunk| chunk == DELIMITER);

    assert!(delay < Duration::from_millis(500), "{delay:?}");
}

/// A handler that computes without calling the host does not hold back its earlier writes.
#[test]
fn a_chunk_is_on_the_wire_while_the_handler_computes() {
    let (lambda, _host) = serving();
    lambda.script("id-1", &json!([head(200), write("one"), "loop_forever"]));

    let delay = lambda.delay_of_chunk("id-1", |chunk| chunk == b"one");

    assert!(delay < Duration::from_millis(500), "{delay:?}");
}

#[test]
fn a_write_without_a_head_starts_with_status_200() {
    let response = run(&json!([write("raw"), "finish"]));

    assert!(is_implied(&response.data(), b"raw"), "{response:?}");
    response.assert_header("content-type", HTTP_INTEGRATION);
}

#[test]
fn a_handler_that_writes_nothing_has_an_empty_response() {
    let (lambda, mut host) = serving();
    lambda.script("finish", &json!(["finish"]));
    lambda.script("return", &json!([]));
    lambda.script("empty-write", &json!([write("")]));

    for id in ["finish", "return", "empty-write"] {
        let response = lambda.complete_response(id);
        assert!(is_implied(&response.data(), b""), "{response:?}");
    }
    host.assert_running();
}

#[test]
fn set_cookie_headers_come_before_cookies_given_as_such() {
    let headers = json!([["set-cookie", "a=1; Path=/"], ["Set-Cookie", "b=2"]]);
    let response = run(&json!([
        {"write_headers": {"status": 200, "headers": headers, "cookies": ["c=3"]}}, "finish"
    ]));

    let prelude = response.prelude();
    assert_eq!(prelude["cookies"], json!(["a=1; Path=/", "b=2", "c=3"]));
    assert_eq!(prelude["headers"], json!({}));
    assert_eq!(prelude.get("multiValueHeaders"), None);
}

#[test]
fn a_repeated_header_is_joined_and_listed() {
    let response = run(&json!([
        head_with(&[("x-a", "1"), ("x-a", "2"), ("x-b", "3")]),
        "finish"
    ]));

    let prelude = response.prelude();
    assert_eq!(prelude["headers"], json!({"x-a": "1, 2", "x-b": "3"}));
    assert_eq!(prelude["multiValueHeaders"]["x-a"], json!(["1", "2"]));
}

#[test]
fn header_values_may_be_any_text_and_no_control_character_is_sent() {
    let value = "\"quoted\" \\ back\tslash \u{e9} \u{1f600}";
    let response = run(&json!([head_with(&[("x-a", value)]), "finish"]));

    assert_eq!(response.prelude()["headers"]["x-a"], value);
    let data = response.data();
    let json = data.strip_suffix(&DELIMITER).expect("no body");
    assert!(json.iter().all(|byte| *byte >= 0x20), "{response:?}");
}

#[test]
fn control_characters_in_a_head_are_refused() {
    for headers in [
        [("x-a", "a\0b")],
        [("x-a", "a\rb")],
        [("x-a", "a\nb")],
        [("x\0a", "b")],
        [("x\ra", "b")],
        [("x\na", "b")],
    ] {
        let response = run(&json!([
            expect(&head_with(&headers), "invalid-header"),
            write("untouched")
        ]));
        assert!(is_implied(&response.data(), b"untouched"), "{response:?}");
    }
}

/// A status of 65536 cannot be expressed: the contract has 16 bits for a status.
#[test]
fn a_status_is_a_number_from_100_to_599() {
    for status in [100, 200, 599] {
        let response = run(&json!([head(status), "finish"]));
        assert_eq!(response.prelude()["statusCode"], json!(status));
    }
    let response = run(&json!([
        expect(&head(99), "invalid-status(99)"),
        expect(&head(0), "invalid-status(0)"),
        expect(&head(600), "invalid-status(600)"),
        expect(&head(65535), "invalid-status(65535)"),
        write("untouched")
    ]));
    assert!(is_implied(&response.data(), b"untouched"), "{response:?}");
}

#[test]
fn ten_thousand_tiny_writes_arrive_in_little_memory() {
    let (lambda, host) = serving();
    lambda.script("warm", &json!(["finish"]));
    lambda.complete_response("warm");
    let idle = host.resident_kib();

    lambda.script(
        "id-1",
        &json!([{"write_many": {"count": 10_000, "chunk": "x"}}]),
    );
    let response = lambda.complete_response("id-1");

    assert!(is_implied(&response.data(), &[b'x'; 10_000]));
    assert!(response.ended.expect("an end") - response.began < Duration::from_secs(10));
    assert!(host.peak_resident_kib() < idle + 20 * 1024);
}

/// A run of zero bytes is a delimiter only the first time.
#[test]
fn a_body_may_hold_zero_bytes() {
    let response = run(&json!([head(200), {"write_bytes": {"len": 100, "fill": 0}}]));
    assert_eq!(response.prelude_and_body().1, [0; 100]);
}

#[test]
fn a_head_that_is_too_large_is_refused_before_a_byte_has_left() {
    let overhead = br#"{"statusCode":200,"headers":{"x":""},"cookies":[]}"#.len();
    let fits = "v".repeat(15_900 - overhead);
    let response = run(&json!([head_with(&[("x", &fits)]), "finish"]));
    assert_eq!(response.data().len(), 15_900 + DELIMITER.len());

    let too_large = "v".repeat(17_000 - overhead);
    let refused = expect(
        &head_with(&[("x", &too_large)]),
        "head-too-large(17008 > 16000)",
    );
    let (lambda, _host) = serving();
    lambda.script("id-1", &json!([refused, "trap"]));
    lambda.reported_error("id-1", "Function.Trap");
}

#[test]
fn an_answer_to_the_response_may_take_ten_seconds() {
    let (lambda, host) = serving();
    lambda.on(
        "id-1/response",
        Post::default().delay(Duration::from_secs(10)),
    );
    lambda.script("id-1", &json!(["finish"]));

    lambda.complete_response("id-1");

    assert_eq!(host.stdout(), [""; 0]);
}

#[test]
fn a_hundred_events_leak_neither_sockets_nor_memory() {
    let (lambda, host) = serving();
    let steps = json!([write("x")]);
    let enqueue = |from: u32, to: u32| {
        let events = (from..to).map(|n| Event::script(&format!("id-{n}-"), &steps));
        lambda.enqueue_all(events.collect());
    };
    enqueue(0, 10);
    lambda.idle(1);
    let open_files = host.open_files();
    let memory = host.resident_kib();

    enqueue(10, 100);
    lambda.idle(1);

    assert_eq!(lambda.look(|seen| seen.posts().len()), 100);
    assert!(host.open_files() <= open_files + 1);
    assert!(host.resident_kib() < memory + 20 * 1024);
    lambda.wait("few open connections", |seen| {
        (seen.open_connections <= 2).then_some(())
    });
}

#[test]
fn work_after_the_end_of_the_response_delays_the_next_poll_only() {
    let (lambda, _host) = serving();
    lambda.script("id-1", &json!([write("all"), "finish", {"sleep_ms": 1500}]));

    let response = lambda.complete_response("id-1");

    assert_eq!(response.body(), "all");
    let polled = lambda.look(|seen| seen.polls()[1].began);
    let ended = response.ended.expect("an end");
    assert!(polled - ended >= Duration::from_millis(1200));
}

/// A handler's leftovers do not reach the next invocation.
#[test]
fn every_invocation_has_a_fresh_instance() {
    let (lambda, host) = serving_with(&[("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")]);
    for n in 0..8 {
        let id = format!("id-{n}");
        lambda.script(&id, &json!([{"grow_memory": 60_000_000}, write("x")]));
        assert_eq!(lambda.complete_response(&id).body(), "x");
    }
    assert!(host.peak_resident_kib() < 200 * 1024);
}
