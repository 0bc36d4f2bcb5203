//! Complete responses.

use std::time::{Duration, Instant};

use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{PATIENCE, assert_contains, pause};
use serde_json::json;

use super::{get, post, serving, serving_with};

/// The body of the complete response to `target`.
#[track_caller]
fn body(lambda: &Recorder, target: &str) -> String {
    lambda.enqueue(get("id-1", target));
    lambda.complete_response("id-1").body()
}

#[test]
fn a_response_has_its_status_headers_cookies_and_body() {
    let (lambda, _host) = serving();
    lambda.enqueue(get("id-1", "/hello"));

    let (prelude, body) = lambda.complete_response("id-1").prelude_and_body();

    assert_eq!(
        prelude,
        json!({
            "statusCode": 201,
            "headers": {"x-a": "1, 2"},
            "multiValueHeaders": {"x-a": ["1", "2"]},
            "cookies": ["a=1", "b=2"],
        })
    );
    assert_eq!(body, b"hello");
}

#[test]
fn the_guest_sees_the_request_of_the_event() {
    let (lambda, _host) = serving();
    let seen = body(&lambda, "/describe?x=1&x=2&y=%26");

    for line in [
        "method Method::Get",
        "path Some(\"/describe?x=1&x=2&y=%26\")",
        "x-forwarded-proto: https",
    ] {
        assert!(seen.lines().any(|it| it == line), "{line} in {seen}");
    }
    assert!(seen.contains("abc.lambda-url.eu-west-1.on.aws"), "{seen}");
    assert!(!seen.contains("keep-alive"), "{seen}");
}

#[test]
fn a_response_without_contents_is_empty_and_complete() {
    let (lambda, _host) = serving();
    assert_eq!(body(&lambda, "/none"), "");

    let (lambda, _host) = serving_with("[response]\nempty = 'line-feed'\n", &[]);
    assert_eq!(body(&lambda, "/none"), "\n");
}

#[test]
fn large_and_many_writes_arrive_whole() {
    let (lambda, _host) = serving();
    assert_eq!(body(&lambda, "/bytes?3000000").len(), 3_000_000);
    assert_eq!(body_of_second(&lambda), "0123456789");
}

#[track_caller]
fn body_of_second(lambda: &Recorder) -> String {
    lambda.enqueue(get("id-2", "/chunks"));
    lambda.complete_response("id-2").body()
}

/// The guest returns the stream that it was given.
#[test]
fn the_body_of_the_request_can_be_that_of_the_response() {
    let (lambda, _host) = serving();
    let text = "0123456789".repeat(100_000);
    for (id, target) in [("echo", "/echo"), ("copy", "/copy")] {
        lambda.enqueue(post(id, target, Some(&text)));
        assert_eq!(lambda.complete_response(id).body(), text, "{target}");
    }
    for (id, target) in [("empty-echo", "/echo"), ("empty-copy", "/copy")] {
        lambda.enqueue(post(id, target, Some("")));
        assert_eq!(lambda.complete_response(id).body(), "", "{target}");
    }
}

#[test]
fn the_rest_of_a_body_of_which_the_guest_has_read_can_be_that_of_the_response() {
    let (lambda, _host) = serving();
    let text = "0123456789".repeat(100_000);
    for read in [0, 1, 16, 70_000, 2_000_000] {
        let id = format!("rest-{read}");
        lambda.enqueue(post(&id, &format!("/rest?{read}"), Some(&text)));
        let (prelude, body) = lambda.complete_response(&id).prelude_and_body();
        let was_read = prelude["headers"]["x-read"].as_str().expect("a header");
        let was_read: usize = was_read.parse().expect("a number");
        assert_eq!(was_read, read.min(text.len()));
        assert!(body == text.as_bytes()[was_read..], "{} bytes", body.len());
    }
}

#[test]
fn a_body_that_is_not_read_does_not_matter() {
    let (lambda, _host) = serving();
    let text = "x".repeat(1_000_000);
    lambda.enqueue(post("id-1", "/hello", Some(&text)));
    assert_eq!(lambda.complete_response("id-1").body(), "hello");
}

#[test]
fn the_head_leaves_before_the_first_write() {
    let (lambda, _host) = serving();
    // Compiled and connected.
    assert_eq!(body(&lambda, "/hello"), "hello");
    lambda.forget();
    lambda.enqueue(get("id-2", "/first"));

    let head = lambda.delay_of_chunk("id-2", |chunk| chunk.starts_with(b"{"));
    let late = lambda.delay_of_chunk("id-2", |chunk| chunk == b"late");

    assert!(
        late - head > Duration::from_millis(250),
        "{head:?}, {late:?}"
    );
}

#[test]
fn a_write_leaves_while_the_guest_computes() {
    let (lambda, _host) = serving();
    lambda.enqueue(get("id-1", "/spins"));

    let before = lambda.delay_of_chunk("id-1", |chunk| chunk == b"before");
    let after = lambda.delay_of_chunk("id-1", |chunk| chunk == b"after");

    assert!(
        after - before > Duration::from_millis(200),
        "{before:?}, {after:?}"
    );
    lambda.complete_response("id-1");
}

/// The guest of this test does not look at the body of its request.
#[test]
fn an_instance_that_waits_for_its_next_event_does_not_hold_the_last_one() {
    /// The allocator keeps blocks of less, for the next event.
    const LARGE_KIB: u64 = 16 * 1024;
    let (lambda, host) = serving_with("[reuse]\ninvocations = 9\n", &[]);
    lambda.enqueue(get("id-1", "/served"));
    lambda.complete_response("id-1");
    let idle = host.anonymous_kib();
    let large = "x".repeat(24 * 1024 * 1024);
    lambda.enqueue(post("id-2", "/served", Some(&large)));
    assert_eq!(lambda.complete_response("id-2").body(), "2");
    lambda.idle(1);
    // The poll may arrive before the event is freed.
    let until = Instant::now() + PATIENCE;
    let grown = || host.anonymous_kib().saturating_sub(idle);
    let is_held = || grown() >= LARGE_KIB;
    while is_held() && Instant::now() < until {
        pause(Duration::from_millis(10));
    }
    assert!(!is_held(), "{} KiB", grown());
}

#[test]
fn a_response_that_an_instance_keeps_cannot_answer_a_later_invocation() {
    let (lambda, _host) = serving_with("[reuse]\ninvocations = 9\n", &[]);
    lambda.enqueue(get("id-1", "/keep"));
    assert_eq!(lambda.complete_response("id-1").body(), "kept");
    lambda.enqueue(get("id-2", "/kept"));
    let error = lambda.reported_error("id-2", "Function.Error");
    assert_contains(&error.error_message(), "an earlier invocation made it");
}

#[test]
fn each_invocation_has_an_instance_of_its_own_unless_it_is_reused() {
    for (settings, second) in [("", "1"), ("[reuse]\ninvocations = 2\n", "2")] {
        let (lambda, _host) = serving_with(settings, &[]);
        assert_eq!(body(&lambda, "/served"), "1");
        lambda.enqueue(get("id-2", "/served"));
        assert_eq!(
            lambda.complete_response("id-2").body(),
            second,
            "{settings}"
        );
        lambda.enqueue(get("id-3", "/served"));
        assert_eq!(lambda.complete_response("id-3").body(), "1", "{settings}");
    }
}
