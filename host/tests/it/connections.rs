//! Connections that do not open, break, or end between two requests.

use std::time::Duration;

use bootstream_test_support::pause;
use bootstream_test_support::process::{Bootstrap, serving};
use bootstream_test_support::recorder::{Event, Fate, Post, Recorder};
use bootstream_test_support::steps::write;
use rustix::process::Signal;
use serde_json::json;

use crate::peers::assert_goes_on;

#[test]
fn the_host_gives_up_on_a_runtime_api_that_never_opens() {
    let lambda = Recorder::closed();
    let mut host = Bootstrap::scripted(&lambda).start();

    assert!(!host.exit().success());
    assert!(host.started.elapsed() > Duration::from_secs(1));
    host.line("the reason", |line| line.contains("Runtime API"));
}

#[test]
fn polls_that_are_always_reset_are_given_up_after_pauses() {
    let (lambda, mut host) = serving();
    lambda.when_empty(Event::none("", Fate::Reset));

    assert!(!host.exit().success());
    let polls = lambda.look(|seen| seen.polls().len());
    assert!((2..=20).contains(&polls), "{polls}");
    assert!(host.started.elapsed() > Duration::from_secs(1));
}

/// No event is lost to a peer that closes each connection after its response, announced or not.
#[test]
fn no_event_is_lost_to_closed_connections() {
    const EVENTS: usize = 20;
    for (close, think_ms) in [("Connection: close\r\n", 0), ("", 200), ("", 0)] {
        let (lambda, _host) = serving();
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

        lambda.idle(1);

        lambda.assert_all_answered(EVENTS);
    }
}

/// A post whose connection ends is lost, because the peer may have read it. The first post therefore has a
/// connection of its own, and once a peer has closed a kept connection, every further post opens one.
#[test]
fn a_peer_that_drops_kept_connections_gets_every_answer() {
    const EVENTS: usize = 10;
    let (lambda, _host) = serving();
    for n in 0..EVENTS {
        let steps = if n % 2 == 0 {
            json!([write("x")])
        } else {
            json!(["trap"])
        };
        let event = Event::script(&format!("id-{n}-"), &steps);
        lambda.enqueue(event.fate(Fate::ResetWhenReused));
    }

    lambda.idle(1);

    lambda.assert_all_answered(EVENTS);
    lambda.wait("the end of other connections", |seen| {
        (seen.open_connections <= 2).then_some(())
    });
}

/// Without a further connection, the first post uses that of the poll.
#[test]
fn an_answer_is_not_lost_where_no_further_connection_opens() {
    let (lambda, _host) = serving();
    lambda.idle(1);
    lambda.close();

    lambda.script("id-1", &json!([write("over the kept one")]));

    assert_eq!(lambda.complete_response("id-1").body(), "over the kept one");
    assert_eq!(lambda.look(|seen| seen.connections), 1);
}

/// Requests to a peer that keeps its connections share them.
#[test]
fn a_kept_connection_is_used_again() {
    let (lambda, _host) = serving();
    for n in 0..10 {
        lambda.script(&format!("id-{n}-"), &json!([write("x")]));
    }

    lambda.idle(1);

    assert_eq!(lambda.look(|seen| seen.posts().len()), 10);
    // One for the polls and one for the first post.
    assert_eq!(lambda.look(|seen| seen.connections), 2);
}

/// Lambda freezes the process between invocations, sometimes for hours.
#[test]
fn a_process_that_was_frozen_goes_on() {
    let (lambda, host) = serving();
    assert_goes_on(&lambda);

    host.signal(Signal::STOP);
    lambda.script("id-1", &json!([write("after the thaw")]));
    pause(Duration::from_millis(1500));
    assert_eq!(lambda.look(|seen| seen.to("id-1/response").len()), 0);
    host.signal(Signal::CONT);

    assert_eq!(lambda.complete_response("id-1").body(), "after the thaw");
    assert_eq!(host.stdout(), [""; 0]);
}

/// A poll waits for as long as the peer stays silent.
#[test]
fn a_poll_may_stay_unanswered() {
    let (lambda, mut host) = serving();
    lambda.polls(1);

    pause(Duration::from_secs(3));

    host.assert_running();
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    assert_goes_on(&lambda);
}
