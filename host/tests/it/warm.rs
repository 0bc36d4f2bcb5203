//! Connections that the start opens for the first request.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use bootstream_test_support::recorder::{Post, Recorder};
use bootstream_test_support::{PATIENCE, assert_contains, pause};
use serde_json::json;

use crate::reaching::{allow, fetch, host, host_with_tls, outcomes, outcomes_for};
use crate::web::Web;

const OK: &str = "ok: 200 5 hello";

/// Settings that allow the server and connect to it during the start.
fn warmed(web: &Web) -> String {
    format!("{}warm = ['{}']\n", allow(web), web.url(""))
}

#[test]
fn the_first_request_finds_a_connection() {
    let lambda = Recorder::start();
    let (host, web) = host_with_tls(&lambda, "warm = ['https://localhost:{port}']\n");
    let host = host.env("BOOTSTREAM_LOG_USAGE", "info").start();
    lambda.idle(1);
    assert_eq!(web.accepted(), 1);
    let url = format!("https://localhost:{}/", web.port());

    assert_eq!(outcomes(&lambda, "id-1", &json!([fetch(&url)])), [OK]);

    assert_eq!(web.accepted(), 1);
    let line = host.line("the cost", |line| line.contains("requested"));
    assert_contains(&line, "connection=\"kept\"");
}

#[test]
fn a_connection_without_a_past_serves_the_first_tenant_and_then_only_that_one() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let _host = host(&lambda, &warmed(&web)).start();
    let steps = json!([fetch(&web.url("/"))]);
    for (n, tenant) in ["a", "b", "a"].into_iter().enumerate() {
        assert_eq!(
            outcomes_for(&lambda, &format!("id-{n}-"), tenant, &steps),
            [OK]
        );
    }
    assert_eq!(web.connections(), [0, 1, 0]);
}

/// A peer that is away or slow is a matter of the requests to it.
#[test]
fn a_start_succeeds_without_its_connections_and_waits_two_seconds_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = silent.local_addr().expect("it is bound").port();
    let closed = Web::closed_url();
    let lambda = Recorder::start();
    let settings = format!(
        "[outbound]\nallow = ['{closed}', 'https://127.0.0.1:{silent}']\n\
         warm = ['{closed}', 'https://127.0.0.1:{silent}']\n"
    );
    let started = Instant::now();
    let host = host(&lambda, &settings).start();

    lambda.idle(1);

    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(host.stdout(), [""; 0]);
}

/// A connection of the time before a snapshot would be that of every process restored from it.
#[test]
fn connections_are_opened_after_the_snapshot() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let restored = Post::status("200 OK", "").delay(Duration::from_millis(600));
    lambda.on("/restore/next", restored);
    let _host = host(&lambda, &warmed(&web))
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
        .start();
    lambda.request("/restore/next");
    pause(Duration::from_millis(300));
    assert_eq!(web.accepted(), 0);

    lambda.idle(1);

    // The system accepts connections before the server does.
    let started = Instant::now();
    while web.accepted() == 0 && started.elapsed() < PATIENCE {
        pause(Duration::from_millis(5));
    }
    assert_eq!(web.accepted(), 1);
}
