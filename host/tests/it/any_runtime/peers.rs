//! A Runtime API that responds with another status than 202, responds early, or breaks the connection.

use std::time::Duration;

use bootstream_test_support::pause;
use bootstream_test_support::recorder::{End, Event, Fate, Post, Recorder};
use bootstream_test_support::steps::write;
use serde_json::{Value, json};

use super::{assert_goes_on, event, head, running, runtime};

const REFUSAL: &str = "{\"errorMessage\":\"Refused\",\"errorType\":\"Refused\"}\n";

fn answer() -> Value {
    json!([head(200), write("x"), "finish"])
}

/// A response that takes five seconds, in small steps.
fn long() -> Value {
    let mut steps = vec![head(200)];
    for _ in 0..500 {
        steps.push(write("more "));
        steps.push(json!({"sleep_ms": 10}));
    }
    steps.into()
}

#[test]
fn status_200_accepts_a_response() {
    let (lambda, _runtime) = running();
    lambda.on("/response", Post::status("200 OK", ""));
    lambda.enqueue(event("id-1", &answer()));

    lambda.complete_response("id-1");
    assert_goes_on(&lambda);
}

#[test]
fn a_refused_response_is_not_followed_by_anything_but_a_poll() {
    for status in [
        "400 Bad Request",
        "403 Forbidden",
        "410 Gone",
        "413 Too Large",
    ] {
        let (lambda, _runtime) = running();
        lambda.on("id-1/response", Post::status(status, REFUSAL));
        lambda.enqueue(event("id-1", &answer()));

        lambda.complete_response("id-1");
        assert_goes_on(&lambda);
        assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
    }
}

#[test]
fn an_early_refusal_stops_the_response() {
    let (lambda, _runtime) = running();
    let refusal = Post::status("413 Too Large", REFUSAL).early_after(1);
    lambda.on("id-1/response", refusal);
    lambda.enqueue(event("id-1", &long()));

    let response = lambda.response("id-1");

    assert_eq!(response.end, End::Truncated);
    let took = response.ended.expect("an end") - response.began;
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_goes_on(&lambda);
}

#[test]
fn a_reset_in_a_response_concerns_this_invocation_only() {
    let (lambda, mut runtime) = running();
    let lost = Post::default().early_after(1000).fate(Fate::Reset);
    lambda.on("id-1/response", lost);
    let pattern = json!({"write_pattern": {"total": 20_000_000, "chunk": 65536}});
    lambda.enqueue(event("id-1", &json!([head(200), pattern, "finish"])));

    lambda.response("id-1");
    assert_goes_on(&lambda);

    assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
    runtime.assert_running();
}

#[test]
fn a_refused_poll_ends_the_process() {
    let lambda = Recorder::start();
    lambda.when_empty(Event::none("403 Forbidden", Fate::Keep));
    let mut runtime = runtime(&lambda).start();

    assert!(!runtime.exit().success());
    assert!(lambda.look(|seen| seen.exchanges.len()) <= 3);
}

#[test]
fn a_server_error_to_a_poll_ends_the_process() {
    let lambda = Recorder::start();
    lambda.when_empty(Event::none("500 Internal Server Error", Fate::Keep));
    let mut runtime = runtime(&lambda).start();

    assert!(!runtime.exit().success());
}

#[test]
fn a_server_error_to_a_response_ends_the_process() {
    let (lambda, mut runtime) = running();
    lambda.on(
        "/response",
        Post::status("500 Internal Server Error", REFUSAL),
    );
    lambda.enqueue(event("id-1", &answer()));

    assert!(!runtime.exit().success());
}

#[test]
fn a_runtime_api_that_opens_late_is_waited_for() {
    let lambda = Recorder::closed();
    let _runtime = runtime(&lambda).start();

    pause(Duration::from_millis(500));
    lambda.open();

    assert_goes_on(&lambda);
}

#[test]
fn a_poll_that_breaks_is_repeated() {
    for fate in [Fate::Reset, Fate::Close] {
        let (lambda, _runtime) = running();
        for _ in 0..3 {
            lambda.enqueue(Event::none("", fate));
        }

        assert_goes_on(&lambda);
    }
}

#[test]
fn polls_that_always_break_are_given_up() {
    let lambda = Recorder::start();
    lambda.when_empty(Event::none("", Fate::Reset));
    let mut runtime = runtime(&lambda).start();

    assert!(!runtime.exit().success());
    let polls = lambda.look(|seen| seen.polls().len());
    assert!(polls <= 30, "{polls}");
}

#[test]
fn the_body_of_an_acceptance_may_have_any_form() {
    let (lambda, _runtime) = running();
    let chunked = "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\n{\"ok\"\r\n1\r\n}\r\n0\r\n\r\n";
    let large = "x".repeat(100 * 1024);
    lambda.on("chunked/response", Post::raw(chunked));
    lambda.on("empty/response", Post::status("202 Accepted", ""));
    lambda.on("large/response", Post::status("202 Accepted", &large));
    let to_the_end = "HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\nuntil it closes";
    let closing = Post::raw(to_the_end).fate(Fate::CloseAfter);
    lambda.on("closing/response", closing);

    for id in ["chunked", "empty", "large", "closing"] {
        lambda.enqueue(event(id, &answer()));
        assert_eq!(lambda.complete_response(id).body(), "x");
    }
    assert_goes_on(&lambda);
}

#[test]
fn status_100_before_the_answer_is_skipped() {
    let (lambda, _runtime) = running();
    let answered = "HTTP/1.1 100 Continue\r\n\r\n\
                    HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    lambda.on("id-1/response", Post::raw(answered));
    lambda.on("id-2/response", Post::raw(answered).early_after(1));
    let slow = json!([head(200), {"sleep_ms": 100}, write("x"), "finish"]);
    lambda.enqueue_all(vec![event("id-1", &answer()), event("id-2", &slow)]);

    for id in ["id-1", "id-2"] {
        assert_eq!(lambda.complete_response(id).body(), "x");
    }
    assert_goes_on(&lambda);
}

#[test]
fn a_connection_that_is_closed_after_its_answer_is_replaced() {
    for close in ["Connection: close\r\n", ""] {
        let (lambda, _runtime) = running();
        let accepted = format!("HTTP/1.1 202 Accepted\r\n{close}Content-Length: 0\r\n\r\n");
        lambda.on("/response", Post::raw(accepted).fate(Fate::CloseAfter));
        for n in 0..10 {
            let steps = json!([{"sleep_ms": 50}, head(200), write("x"), "finish"]);
            let mut event = event(&format!("id-{n}-"), &steps);
            if !close.is_empty() {
                event = event.header("Connection", "close");
            }
            lambda.enqueue(event.fate(Fate::CloseAfter));
        }

        lambda.idle(1);

        lambda.assert_all_answered(10);
    }
}
