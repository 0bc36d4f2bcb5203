//! A Runtime API that responds to a post with another status than 202, or before its end.

use std::time::{Duration, Instant};

use bootstream_test_support::assert_contains_all;
use bootstream_test_support::process::{Bootstrap, serving};
use bootstream_test_support::recorder::{End, Event, Fate, Post, Recorder};
use bootstream_test_support::steps::{expect, sleep_forever, write};
use serde_json::{Value, json};

const INVALID_REQUEST_ID: &str =
    "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n";
const TOO_LARGE: &str = "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 \
                         bytes).\",\"errorType\":\"RequestEntityTooLarge\"}\n";

/// Serves one more event, which shows that the host goes on.
pub(crate) fn assert_goes_on(lambda: &Recorder) {
    lambda.script("next-one", &json!([write("fine")]));
    assert_eq!(lambda.complete_response("next-one").body(), "fine");
}

/// A response that goes on for as long as it is read.
fn endless() -> Value {
    json!([write("part"), "loop_writing"])
}

#[test]
fn status_200_accepts_a_post() {
    let (lambda, _host) = serving();
    lambda.on("/response", Post::status("200 OK", ""));
    lambda.on("/error", Post::status("200 OK", "whatever"));
    lambda.script("id-1", &json!([write("x")]));
    lambda.script("id-2", &json!(["trap"]));

    lambda.complete_response("id-1");
    lambda.reported_error("id-2", "Function.Trap");
    assert_goes_on(&lambda);
}

#[test]
fn a_refusal_is_logged_with_the_beginning_of_what_it_says_on_one_line() {
    let long = format!("a\r\nb \u{e9}{}END", "x".repeat(5000));
    let chunked = "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nwhole\r\n5\r\n body\r\n0\r\n\r\n";
    let unfinished = "HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\nit stays";
    for (answer, words) in [
        (
            Post::status("410 Gone", "{\"errorType\":\"InvokeTimeout\"}"),
            ["410", "the invocation had timed out", "InvokeTimeout"],
        ),
        (
            Post::status("403 Forbidden", INVALID_REQUEST_ID),
            ["403", "InvalidRequestID", "Invalid request ID"],
        ),
        (
            Post::status("413 Too Large", TOO_LARGE),
            ["413", "RequestEntityTooLarge", ""],
        ),
        (Post::raw(chunked), ["413", "whole body", ""]),
        (Post::raw(unfinished), ["400", "it stays", ""]),
        (
            Post::status("400 Bad Request", &long),
            ["400", "a\\r\\nb \u{e9}xxx", ""],
        ),
    ] {
        let (lambda, host) = serving();
        for path in ["response-1/response", "error-1/error"] {
            lambda.on(path, answer.clone());
        }
        lambda.script("response-1", &json!([write("x")]));
        lambda.script("error-1", &json!(["trap"]));
        lambda.idle(1);

        for id in ["response-1", "error-1"] {
            let line = host.line("the refusal", |line| {
                line.contains("WARN") && line.contains(id) && line.contains("refused")
            });
            assert_contains_all(&line, words);
            assert!(line.len() < 600 && !line.contains("END"), "{line}");
            let timed_out = line.contains("timed out");
            assert_eq!(timed_out, words[0] == "410", "{line}");
        }
        lambda.response("response-1").assert_clean_end();
        lambda.reported_error("error-1", "Function.Trap");
        assert_goes_on(&lambda);
    }
}

/// Managed Instances refuse a response so when they could not read it to its end.
#[test]
fn a_refusal_that_closes_its_connection_is_followed_by_a_poll_on_another() {
    let (lambda, mut host) = serving();
    let body = "{\"errorMessage\":\"HTTP request detected as truncated\",\
                \"errorType\":\"TruncatedHTTPRequest\"}\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    lambda.on("/response", Post::raw(answer).fate(Fate::CloseAfter));
    lambda.script("id-1", &json!([write("x")]));
    lambda.script("id-2", &json!([write("x")]));

    lambda.idle(1);

    assert_eq!(lambda.look(|seen| seen.posts().len()), 2);
    let refused = lambda.response("id-2").connection;
    assert_ne!(lambda.look(|seen| seen.polls()[2].connection), refused);
    host.assert_running();
}

/// A handler learns within a second that its response is refused.
#[test]
fn the_next_write_after_a_refusal_fails() {
    let (lambda, host) = serving();
    let gone = Post::status("410 Gone", "{}\n").early_after(1);
    lambda.on("id-1/response", gone);
    let late = expect(&write("late"), "closed");
    lambda.script(
        "id-1",
        &json!([write("part"), {"sleep_ms": 500}, late, {"print": "the handler has noticed\n"}]),
    );

    host.logged("the handler has noticed");

    assert_eq!(lambda.response("id-1").end, End::Truncated);
    assert_goes_on(&lambda);
}

/// A refusal that does not wait for the end of the response ends it.
#[test]
fn an_early_refusal_stops_the_handler() {
    for (fate, steps) in [
        (Fate::Keep, endless()),
        (Fate::CloseAfter, endless()),
        (Fate::Keep, json!([write("part"), sleep_forever()])),
    ] {
        let (lambda, host) = serving();
        let refusal = Post::status("413 Too Large", TOO_LARGE).early_after(1);
        lambda.on("id-1/response", refusal.fate(fate));
        lambda.script("id-1", &steps);

        let response = lambda.response("id-1");
        lambda.idle(1);

        assert_eq!(response.end, End::Truncated);
        assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
        assert_goes_on(&lambda);
        // Closing with unread data resets the connection, which may overtake the response to the post.
        host.line("the refusal", |line| {
            line.contains("413")
                || (fate == Fate::CloseAfter && line.contains("the connection broke"))
        });
    }
}

/// The Runtime API may accept a response before its end, and send surplus bytes.
#[test]
fn an_early_acceptance_does_not_cut_the_response() {
    let with_more = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n\r\nmore";
    for accepted in [Post::default(), Post::raw(with_more)] {
        let (lambda, _host) = serving();
        lambda.on("id-1/response", accepted.early_after(1));
        lambda.script(
            "id-1",
            &json!([write("one"), {"sleep_ms": 300}, {"write_bytes": {"len": 1_000_000, "fill": 97}}]),
        );

        let response = lambda.complete_response("id-1");

        assert_eq!(response.body().len(), 1_000_003);
        assert_goes_on(&lambda);
    }
}

/// An acceptance does not count when the rest of the response cannot be sent.
#[test]
fn a_connection_that_ends_after_an_early_acceptance_stops_the_handler() {
    let (lambda, _host) = serving();
    let accepted = Post::default().early_after(1).fate(Fate::CloseAfter);
    lambda.on("id-1/response", accepted);
    let deadline = Duration::from_secs(8);
    lambda.enqueue(Event::script("id-1", &endless()).deadline_in(deadline));

    let response = lambda.response("id-1");
    lambda.idle(1);

    assert_eq!(response.end, End::Truncated);
    let polled = lambda.look(|seen| seen.polls()[1].began);
    let stopped_after = polled - response.ended.expect("an end");
    assert!(stopped_after < deadline / 2, "{stopped_after:?}");
}

#[test]
fn a_process_that_lambda_ends_says_why() {
    const BROKEN: &str = "500 Internal Server Error";
    let poll = |status| {
        let lambda = Recorder::start();
        lambda.when_empty(Event::none(status, Fate::Keep));
        lambda
    };
    let post = |path, steps| {
        let lambda = Recorder::start();
        lambda.on(path, Post::status(BROKEN, "{}\n"));
        lambda.script("id-1", &steps);
        lambda
    };
    for (lambda, status) in [
        (poll("403 Forbidden"), "403"),
        (poll(BROKEN), "500"),
        (post("/response", json!([write("x")])), "500"),
        (post("/error", json!(["trap"])), "500"),
    ] {
        let mut host = Bootstrap::scripted(&lambda).start();

        assert!(!host.exit().success());
        assert!(host.started.elapsed() < Duration::from_secs(5));
        host.line("the reason", |line| line.contains(status));
        assert!(lambda.look(|seen| seen.exchanges.len()) <= 3);
    }
}

#[test]
fn a_reset_in_a_response_fails_its_writes() {
    for fate in [Fate::Reset, Fate::Close] {
        let (lambda, host) = serving();
        let lost = Post::default().early_after(100_000).fate(fate);
        lambda.on("id-1/response", lost);
        let pattern = json!({"write_pattern": {"total": 200_000_000, "chunk": 65536}});
        lambda.script(
            "id-1",
            &json!([
                expect(&pattern, "closed"),
                expect(&write("again"), "closed"),
                expect(&json!("finish"), "closed"),
                {"print": "the handler has noticed\n"}
            ]),
        );

        let response = lambda.response("id-1");
        lambda.idle(1);

        assert_eq!(response.end, End::Truncated);
        host.logged("the handler has noticed");
        assert_goes_on(&lambda);
        assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
        let next = lambda.look(|seen| seen.polls()[1].connection);
        assert_ne!(next, response.connection);
    }
}

/// A handler that ignores the failed writes is stopped after about a second.
#[test]
fn a_handler_that_writes_to_a_broken_connection_is_stopped() {
    let (lambda, mut host) = serving();
    let lost = Post::default().early_after(1).fate(Fate::Reset);
    lambda.on("/response", lost);
    for (id, steps) in [
        ("writes", endless()),
        ("sleeps", json!([write("part"), sleep_forever()])),
        ("loops", json!([write("part"), "loop_forever"])),
    ] {
        lambda.script(id, &steps);
    }
    let began = Instant::now();

    lambda.idle(1);

    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(lambda.look(|seen| seen.posts().len()), 3);
    host.assert_running();
    for id in ["writes", "sleeps", "loops"] {
        host.line("the end of the handler", |line| {
            line.contains("ResponseClosed") && line.contains(id)
        });
    }
}

/// A reset while an error is posted concerns this invocation only: posts are never repeated.
#[test]
fn a_reset_instead_of_an_answer_is_not_retried() {
    for path_end in ["id-1/response", "id-1/error"] {
        let (lambda, _host) = serving();
        lambda.on(path_end, Post::default().fate(Fate::Reset));
        let steps = if path_end.ends_with("error") {
            json!(["trap"])
        } else {
            json!([write("x")])
        };
        lambda.script("id-1", &steps);

        lambda.request(path_end);
        lambda.idle(1);

        assert_goes_on(&lambda);
        assert_eq!(lambda.look(|seen| seen.posts().len()), 2);
    }
}
