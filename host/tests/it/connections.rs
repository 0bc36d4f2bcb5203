//! Connections that do not open, break, or end between two requests; and answers of every form.

use std::time::Duration;

use serde_json::json;

use crate::peers::assert_goes_on;
use crate::support::pause;
use crate::support::process::Bootstrap;
use crate::support::recorder::{End, Event, Fate, Post, Recorder};
use crate::support::steps::write;

/// Case 84.
#[test]
fn a_runtime_api_that_opens_late_is_waited_for() {
    let lambda = Recorder::closed();
    let _host = Bootstrap::scripted(&lambda).start();

    pause(Duration::from_millis(500));
    lambda.open();

    assert_goes_on(&lambda);
}

/// Case 84.
#[test]
fn a_runtime_api_that_never_opens_is_given_up() {
    let lambda = Recorder::closed();
    let mut host = Bootstrap::scripted(&lambda).start();

    assert!(!host.exit().success());
    assert!(host.started.elapsed() > Duration::from_secs(1));
    host.line("the reason", |line| line.contains("Runtime API"));
}

/// Case 85.
#[test]
fn polls_that_are_always_reset_are_given_up_after_pauses() {
    let lambda = Recorder::start();
    lambda.when_empty(Event::none("", Fate::Reset));
    let mut host = Bootstrap::scripted(&lambda).start();

    assert!(!host.exit().success());
    let polls = lambda.look(|seen| seen.polls().len());
    assert!((2..=20).contains(&polls), "{polls}");
    assert!(host.started.elapsed() > Duration::from_secs(1));
}

/// Case 85.
#[test]
fn a_poll_that_breaks_is_repeated() {
    for fate in [Fate::Reset, Fate::Close] {
        let lambda = Recorder::start();
        for _ in 0..3 {
            lambda.enqueue(Event::none("", fate));
        }
        let _host = Bootstrap::scripted(&lambda).start();
        assert_goes_on(&lambda);
    }
}

/// Case 87.
#[test]
fn the_body_of_an_acceptance_may_have_any_form() {
    let lambda = Recorder::start();
    let chunked = "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\n{\"ok\"\r\n1\r\n}\r\n0\r\n\r\n";
    let to_the_end = "HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\nuntil it closes";
    let large = "x".repeat(100 * 1024);
    lambda.on("chunked/response", Post::raw(chunked));
    lambda.on("empty/response", Post::status("202 Accepted", ""));
    lambda.on("large/response", Post::status("202 Accepted", &large));
    lambda.on(
        "closing/response",
        Post::raw(to_the_end).fate(Fate::CloseAfter),
    );
    let _host = Bootstrap::scripted(&lambda).start();

    for id in ["chunked", "empty", "large", "closing"] {
        lambda.script(id, &json!([write("x")]));
        assert_eq!(lambda.complete_response(id).body(), "x");
    }
    assert_goes_on(&lambda);
}

/// Case 88.
#[test]
fn status_100_before_the_answer_is_skipped() {
    let lambda = Recorder::start();
    let answer = "HTTP/1.1 100 Continue\r\n\r\n\
                  HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    lambda.on("late/response", Post::raw(answer));
    lambda.on("early/response", Post::raw(answer).early_after(1));
    lambda.script("late", &json!([write("x")]));
    lambda.script("early", &json!([write("x"), {"sleep_ms": 100}, write("y")]));
    let _host = Bootstrap::scripted(&lambda).start();

    assert_eq!(lambda.response("late").body(), "x");
    assert_eq!(lambda.complete_response("early").body(), "xy");
    assert_goes_on(&lambda);
}

/// A peer that closes each connection after its answer loses no event, whether it says so or not,
/// and however fast the handler is.
#[test]
fn a_connection_that_is_closed_after_its_answer_is_replaced() {
    const EVENTS: usize = 20;
    for (close, think_ms) in [("Connection: close\r\n", 0), ("", 200), ("", 0)] {
        let lambda = Recorder::start();
        let accepted = format!("HTTP/1.1 202 Accepted\r\n{close}Content-Length: 0\r\n\r\n");
        lambda.on("/response", Post::raw(accepted).fate(Fate::CloseAfter));
        for n in 0..EVENTS {
            let steps = json!([{"sleep_ms": think_ms}, write("x")]);
            let mut event = Event::script(&format!("id-{n}-"), &steps);
            if !close.is_empty() {
                event = event.header("Connection", "close");
            }
            lambda.enqueue(event.fate(Fate::CloseAfter));
        }
        let _host = Bootstrap::scripted(&lambda).start();

        lambda.idle(1);

        let answered = lambda.look(|seen| {
            let posts = seen.posts();
            assert!(posts.iter().all(|post| post.end == End::Clean));
            posts.len()
        });
        assert_eq!(answered, EVENTS, "{close:?} {think_ms}");
    }
}

/// A post that meets the end of its connection is lost, because it may have been read. A peer that
/// closes kept connections gets each further post on a fresh one.
#[test]
fn a_peer_that_drops_kept_connections_costs_one_answer() {
    const EVENTS: usize = 10;
    let lambda = Recorder::start();
    for n in 0..EVENTS {
        let steps = if n % 2 == 0 {
            json!([write("x")])
        } else {
            json!(["trap"])
        };
        let event = Event::script(&format!("id-{n}-"), &steps);
        lambda.enqueue(event.fate(Fate::ResetWhenReused));
    }
    let host = Bootstrap::scripted(&lambda).start();

    lambda.idle(1);

    let answered = lambda.look(|seen| {
        let posts = seen.posts();
        assert!(posts.iter().all(|post| post.end == End::Clean));
        posts.len()
    });
    assert_eq!(answered, EVENTS - 1);
    let log = host.logged("the connection broke");
    assert!(log.contains("id-0-"), "{log}");
    assert!(lambda.look(|seen| seen.open_connections) <= 2);
}

/// Silence where the answer should be is waited out, within the time the function has.
#[test]
fn a_poll_may_stay_unanswered() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda).start();
    lambda.polls(1);

    pause(Duration::from_secs(3));

    host.assert_running();
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    assert_goes_on(&lambda);
}
