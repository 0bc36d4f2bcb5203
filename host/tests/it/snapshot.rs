//! A process that is snapshotted before its first invocation, as with SnapStart.

use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running, serving_with};
use bootstream_test_support::recorder::{Post, Recorder};
use bootstream_test_support::{guests, pause};
use serde_json::json;

use crate::init::without_timers;

const VARIABLE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
const SNAP_START: &str = "snap-start";

/// A process that is told to be snapshotted, and gets this response when it asks for the end of the snapshot.
#[track_caller]
fn snapshotted(restored: Post) -> (Recorder, Running) {
    let lambda = Recorder::start();
    lambda.on("/restore/next", restored);
    let host = Bootstrap::scripted(&lambda)
        .env(VARIABLE, SNAP_START)
        .start();
    (lambda, host)
}

#[test]
fn the_first_poll_waits_for_the_end_of_the_snapshot() {
    let restored = Post::status("200 OK", "").delay(Duration::from_secs(1));
    let (lambda, _host) = snapshotted(restored);
    lambda.script("id-1", &json!([{"write": "x"}]));

    assert_eq!(lambda.complete_response("id-1").body(), "x");

    let (restore, poll) = lambda.look(|seen| (seen.exchanges[0].clone(), seen.polls()[0].clone()));
    assert_eq!(
        restore.request_line(),
        "GET /2018-06-01/runtime/restore/next HTTP/1.1"
    );
    assert!(poll.began > restore.answered.expect("an answer"));
    assert_ne!(
        poll.connection, restore.connection,
        "a connection of the time before"
    );
}

/// Without SnapStart there is no snapshot to wait for.
#[test]
fn other_ways_to_start_begin_with_a_poll() {
    for kind in ["on-demand", "provisioned-concurrency", ""] {
        let (lambda, _host) = serving_with(&[(VARIABLE, kind)]);

        lambda.polls(1);

        assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    }
}

#[test]
fn a_snapshot_may_take_long() {
    let restored = Post::status("200 OK", "").delay(Duration::from_secs(6));
    let (lambda, mut host) = snapshotted(restored);
    lambda.request("/restore/next");

    pause(Duration::from_secs(4));

    host.assert_running();
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    lambda.polls(1);
}

#[test]
fn a_snapshot_that_is_refused_ends_the_process() {
    for (code, reason) in [
        ("403", "Forbidden"),
        ("404", "Not Found"),
        ("500", "Broken"),
    ] {
        let refusal = Post::status(&format!("{code} {reason}"), "{}\n");
        let (lambda, mut host) = snapshotted(refusal);

        assert!(!host.exit().success());

        host.line("the reason", |line| {
            line.contains("restore/next") && line.contains(code)
        });
        assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    }
}

#[test]
fn what_fails_before_the_snapshot_is_an_init_error() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::with_handler_bytes(&lambda, b"garbage")
        .env(VARIABLE, SNAP_START)
        .start();

    assert!(!host.exit().success());

    let error = lambda.request("/runtime/init/error").document();
    assert_eq!(error["errorType"], "Runtime.InvalidComponent");
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
}

#[test]
fn what_fails_after_the_snapshot_is_a_restore_error() {
    let lambda = Recorder::start();
    lambda.on("/restore/next", Post::status("200 OK", ""));
    let mut host = without_timers(&lambda).env(VARIABLE, SNAP_START).start();

    assert!(!host.exit().success());

    let error = lambda.request("/2018-06-01/runtime/restore/error");
    let header = error.header("lambda-runtime-function-error-type");
    assert_eq!(header.as_deref(), Some("Runtime.Internal"));
    assert_eq!(error.document()["errorType"], "Runtime.Internal");
    assert_eq!(lambda.look(|seen| seen.to("/init/error").len()), 0);
    assert_eq!(lambda.look(|seen| seen.polls().len()), 0);
}

/// Random values from before the snapshot would be the same in every restored process.
#[test]
fn instances_are_made_after_the_snapshot() {
    let lambda = Recorder::start();
    let restored = Post::status("200 OK", "").delay(Duration::from_secs(1));
    lambda.on("/restore/next", restored);
    let host = Bootstrap::with_handler(&lambda, &guests::scripted())
        .env(VARIABLE, SNAP_START)
        .start();
    lambda.request("/restore/next");

    let before = host.reserved_kib();
    lambda.idle(1);

    // The linear memory of an instance reserves several gigabytes.
    let after = host.reserved_kib();
    assert!(
        before + 1024 * 1024 < after,
        "{before} KiB before, {after} after"
    );
}
