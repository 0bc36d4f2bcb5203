//! Kept connections that their peer has closed, reset or forgotten.

use std::time::Duration;

use bootstream_test_support::process::Running;
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{assert_contains, pause};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::reaching::{allow, fetch, host, host_with_tls, outcomes};
use crate::web::Web;

const OK: &str = "ok: 200 5 hello";

fn post(url: &str) -> Value {
    json!({"fetch": {"url": url, "body": "data"}})
}

fn with_method(method: &str, url: &str) -> Value {
    json!({"fetch": {"url": url, "method": method}})
}

/// A host that logs what requests cost.
fn start(lambda: &Recorder, web: &Web) -> Running {
    let settings = format!("{}first-byte-ms = 500\n", allow(web));
    let host = host(lambda, &settings);
    host.env("BOOTSTREAM_LOG_USAGE", "info").start()
}

/// The lines about the cost of requests.
fn costs(host: &Running) -> Vec<String> {
    let lines = host.stdout();
    lines
        .into_iter()
        .filter(|it| it.contains("requested"))
        .collect()
}

fn wait_until_closed(web: &Web) {
    for _ in 0..100 {
        if web.open() == 0 {
            // The client's system has the notice as well.
            return pause(Duration::from_millis(20));
        }
        pause(Duration::from_millis(10));
    }
    panic!("{} connections are open", web.open());
}

#[test]
fn a_connection_that_its_peer_has_closed_is_not_used() {
    for first in ["/then-close", "/"] {
        let (web, lambda) = (Web::start(), Recorder::start());
        let host = start(&lambda, &web);
        let second = [fetch(&web.url("/")), post(&web.url("/"))];
        for (n, second) in second.into_iter().enumerate() {
            let outcome = outcomes(&lambda, &format!("a-{n}"), &json!([fetch(&web.url(first))]));
            assert_eq!(outcome, [OK]);
            web.close_all();
            wait_until_closed(&web);
            assert_eq!(outcomes(&lambda, &format!("b-{n}"), &json!([second])), [OK]);
            web.close_all();
            wait_until_closed(&web);
        }
        lambda.idle(1);
        for line in costs(&host) {
            assert_contains(&line, "connection=\"new\"");
        }
    }
}

/// Lambda freezes the process between invocations, and meanwhile peers give up their connections.
#[test]
fn a_connection_that_was_closed_during_a_freeze_is_not_used() {
    for tls in [false, true] {
        let lambda = Recorder::start();
        let (host, web, url) = if tls {
            let (host, web) = host_with_tls(&lambda, "");
            let url = format!("https://localhost:{}/", web.port());
            (host.env("BOOTSTREAM_LOG_USAGE", "info").start(), web, url)
        } else {
            let web = Web::start();
            let url = web.url("/");
            (start(&lambda, &web), web, url)
        };
        assert_eq!(outcomes(&lambda, "before", &json!([fetch(&url)])), [OK]);
        for (id, step) in [("get", fetch(&url)), ("post", post(&url))] {
            lambda.idle(1);
            host.signal(Signal::STOP);
            web.close_all();
            pause(Duration::from_millis(200));
            lambda.script(id, &json!([step]));
            pause(Duration::from_millis(200));
            host.signal(Signal::CONT);

            let response = lambda.complete_response(id);
            assert_eq!(response.body(), format!("{OK}\n"), "{id}");
        }
        assert_eq!(web.connections(), [0, 1, 2]);
        for line in costs(&host) {
            assert_contains(&line, "connection=\"new\"");
        }
    }
}

#[test]
fn a_request_that_is_safe_to_repeat_survives_a_reset() {
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let (web, lambda) = (Web::start(), Recorder::start());
        let host = start(&lambda, &web);
        assert_eq!(
            outcomes(&lambda, "first", &json!([fetch(&web.url("/then-reset"))])),
            [OK]
        );

        let steps = json!([with_method(method, &web.url("/"))]);
        let outcome = outcomes(&lambda, "second", &steps);

        let expected = if method == "HEAD" { "ok: 200 0 " } else { OK };
        assert_eq!(outcome, [expected], "{method}");
        assert_eq!(web.connections(), [0, 1], "{method}");
        host.line("the repetition", |line| {
            line.contains("connection=\"retried\"")
        });
    }
}

/// The peer may have acted on it.
#[test]
fn a_request_that_is_not_safe_to_repeat_fails_with_a_reset() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let host = start(&lambda, &web);
    let steps = [
        post(&web.url("/")),
        with_method("POST", &web.url("/")),
        with_method("PATCH", &web.url("/")),
        json!({"fetch": {"url": web.url("/"), "method": "PUT", "body": "data"}}),
    ];
    for (n, step) in steps.into_iter().enumerate() {
        let first = json!([fetch(&web.url("/then-reset"))]);
        assert_eq!(outcomes(&lambda, &format!("a-{n}"), &first), [OK]);

        let outcome = outcomes(&lambda, &format!("b-{n}"), &json!([step]));

        assert!(outcome[0].starts_with("error: "), "{step}: {outcome:?}");
    }
    assert_eq!(web.accepted(), 4);
    host.logged("failed");
}

/// A second failure is that of the request: a peer that resets everything is not asked forever.
#[test]
fn a_request_is_repeated_once() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let _host = start(&lambda, &web);
    let steps = json!([fetch(&web.url("/then-reset"))]);
    assert_eq!(outcomes(&lambda, "first", &steps), [OK]);
    let steps = json!([fetch(&web.url("/reset"))]);
    let outcome = outcomes(&lambda, "second", &steps);
    assert!(outcome[0].starts_with("error: "), "{outcome:?}");
    assert_eq!(web.connections(), [0, 1]);
}

/// Nothing says that the peer has gone. A request that was received may take as long.
#[test]
fn a_peer_that_has_vanished_costs_the_time_of_one_request() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let _host = start(&lambda, &web);
    for (n, (path, outcome)) in [
        ("/then-silence", OK),
        ("/", "error: ErrorCode::ConnectionReadTimeout"),
        ("/", OK),
    ]
    .into_iter()
    .enumerate()
    {
        let steps = json!([fetch(&web.url(path))]);
        assert_eq!(outcomes(&lambda, &format!("id-{n}-"), &steps), [outcome]);
    }
    assert_eq!(web.accepted(), 2);
}

/// A response that has begun is not requested again.
#[test]
fn a_response_that_is_cut_off_is_an_error_also_on_a_kept_connection() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let _host = start(&lambda, &web);
    let steps = json!([fetch(&web.url("/")), fetch(&web.url("/half-head"))]);
    let outcomes = outcomes(&lambda, "id-1", &steps);
    assert_eq!(outcomes[0], OK);
    assert!(outcomes[1].starts_with("error: "), "{outcomes:?}");
    assert_eq!(web.connections(), [0, 0]);
}
