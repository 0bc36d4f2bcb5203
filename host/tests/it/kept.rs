//! Requests of handlers share connections: which of them, and with whom.

use std::time::Duration;

use bootstream_test_support::pause;
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

use crate::reaching::{allow, fetch, host, host_with_tls, outcomes, outcomes_for};
use crate::web::Web;

const OK: &str = "ok: 200 5 hello";

/// The connections of these paths, each requested by an invocation of its own.
#[track_caller]
fn connections_of(settings: &str, paths: &[&str]) -> Vec<usize> {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &format!("{}{settings}", allow(&web))).start();
    for (n, path) in paths.iter().enumerate() {
        let outcome = outcomes(
            &lambda,
            &format!("id-{n}-"),
            &json!([fetch(&web.url(path))]),
        );
        assert!(outcome[0].starts_with("ok: "), "{path}: {outcome:?}");
    }
    web.connections()
}

#[test]
fn invocations_share_a_connection_although_each_has_a_fresh_instance() {
    assert_eq!(connections_of("", &["/", "/echo", "/"]), [0, 0, 0]);
}

#[test]
fn each_request_has_a_connection_of_its_own_if_none_are_kept() {
    assert_eq!(
        connections_of("keep-alive-s = 0", &["/", "/", "/"]),
        [0, 1, 2]
    );
}

#[test]
fn the_framing_of_a_response_decides_whether_its_connection_is_kept() {
    for (path, kept) in [
        ("/chunked", true),
        ("/nothing", true),
        ("/large", true),
        ("/redirect?/", true),
        ("/closing", false),
        ("/old", false),
        ("/to-the-end", false),
        ("/then-stray", false),
    ] {
        let connections = connections_of("", &[path, "/"]);
        assert_eq!(connections, [0, usize::from(!kept)], "{path}");
    }
}

/// `Negotiate` and `NTLM` authenticate a connection, whose next request would have that identity.
#[test]
fn a_connection_with_an_identity_is_not_kept() {
    for scheme in ["Negotiate", "NTLM"] {
        let path = format!("/header?www-authenticate:_{scheme}");
        assert_eq!(connections_of("", &[&path, "/"]), [0, 1], "{scheme}");
    }
    assert_eq!(
        connections_of("", &["/header?www-authenticate:_Basic", "/"]),
        [0, 0]
    );

    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let headers = json!([["authorization", "Negotiate YIIx"]]);
    let with_identity = json!({"fetch": {"url": web.url("/"), "headers": headers}});
    let steps = json!([with_identity, fetch(&web.url("/"))]);
    assert_eq!(outcomes(&lambda, "id-1", &steps), [OK, OK]);
    assert_eq!(web.connections(), [0, 1]);
}

/// What a server sends without a request would be the response to the next one.
#[test]
fn a_response_that_nobody_asked_for_is_given_to_nobody() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    for id in ["id-1", "id-2"] {
        let outcome = outcomes(&lambda, id, &json!([fetch(&web.url("/then-stray"))]));
        assert_eq!(outcome, [OK]);
    }
}

#[test]
fn a_request_over_tls_uses_a_kept_connection() {
    let lambda = Recorder::start();
    let (host, web) = host_with_tls(&lambda, "");
    let _host = host.start();
    let url = format!("https://localhost:{}/", web.port());
    for id in ["id-1", "id-2", "id-3"] {
        assert_eq!(outcomes(&lambda, id, &json!([fetch(&url)])), [OK]);
    }
    assert_eq!(web.connections(), [0, 0, 0]);
    assert_eq!(web.accepted(), 1);
}

#[test]
fn a_tenant_never_gets_the_connection_of_another() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let steps = json!([fetch(&web.url("/"))]);
    for (n, tenant) in ["a", "b", "a", "b", "A"].into_iter().enumerate() {
        let outcome = outcomes_for(&lambda, &format!("id-{n}-"), tenant, &steps);
        assert_eq!(outcome, [OK]);
    }
    assert_eq!(outcomes(&lambda, "no-tenant", &steps), [OK]);
    assert_eq!(web.connections(), [0, 1, 0, 1, 2, 3]);
}

#[test]
fn a_connection_is_not_kept_for_longer_than_set() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &format!("{}keep-alive-s = 1", allow(&web))).start();
    let steps = json!([fetch(&web.url("/"))]);
    for (n, time) in [0, 300, 1100].into_iter().enumerate() {
        pause(Duration::from_millis(time));
        assert_eq!(outcomes(&lambda, &format!("id-{n}-"), &steps), [OK]);
    }
    assert_eq!(web.connections(), [0, 0, 1]);
}

/// `keep-alive: timeout=1` leaves no time in which a request is certain to arrive.
#[test]
fn a_connection_is_not_kept_for_longer_than_its_peer_keeps_it() {
    let path = "/header?keep-alive:_timeout=1";
    assert_eq!(connections_of("", &[path, "/"]), [0, 1]);
    let path = "/header?keep-alive:_timeout=60";
    assert_eq!(connections_of("", &[path, "/"]), [0, 0]);
}

#[test]
fn a_response_that_the_handler_has_not_read_ends_its_connection() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let head_only = |path: &str| json!([{"fetch_at_once": [1, {"url": web.url(path)}]}]);
    assert_eq!(outcomes(&lambda, "id-1", &head_only("/large")), ["ok: 200"]);
    assert_eq!(
        outcomes(&lambda, "id-2", &json!([fetch(&web.url("/"))])),
        [OK]
    );
    assert_eq!(web.connections(), [0, 1]);
}

/// The end of a short response is there before the handler asks for it.
#[test]
fn a_complete_response_leaves_its_connection_although_its_handler_is_gone() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let head_only = json!([{"fetch_at_once": [1, {"url": web.url("/")}]}]);
    for id in ["id-1", "id-2", "id-3"] {
        assert_eq!(outcomes(&lambda, id, &head_only), ["ok: 200"]);
    }
    assert_eq!(web.connections(), [0, 0, 0]);
}

/// The rest of the body would be the beginning of the next request.
#[test]
fn a_request_that_was_answered_before_its_end_is_not_followed_by_another() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let body = "x".repeat(8_000_000);
    let step = json!({"fetch": {"url": web.url("/then-silence"), "body": body}});
    lambda.enqueue(Event::script("stuck", &json!([step])).deadline_in(Duration::from_secs(2)));
    lambda.failed_response("stuck", "Function.DeadlineExceeded");

    assert_eq!(
        outcomes(&lambda, "after", &json!([fetch(&web.url("/"))])),
        [OK]
    );

    assert_eq!(web.connections(), [0, 1]);
}

#[test]
fn a_few_idle_connections_are_kept_for_each_host() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let at_once = json!([{"fetch_at_once": [5, {"url": web.url("/slow")}]}]);
    assert_eq!(
        outcomes(&lambda, "id-1", &at_once),
        ["ok: 200, 200, 200, 200, 200"]
    );
    assert_eq!(web.accepted(), 5);

    assert_eq!(
        outcomes(&lambda, "id-2", &at_once),
        ["ok: 200, 200, 200, 200, 200"]
    );

    assert_eq!(web.accepted(), 8, "two were kept");
}

/// Each response carries the head of its own request.
#[test]
fn concurrent_invocations_share_connections_and_mix_nothing_up() {
    const INVOCATIONS: usize = 60;
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web))
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "4")
        .start();
    let steps = |id: &str| {
        let step = json!({"fetch": {"url": web.url("/echo"), "headers": [["x-id", id]]}});
        json!(vec![step; 3])
    };
    let id = |n| format!("id-{n}-");
    let events = (0..INVOCATIONS).map(|n| Event::script(&id(n), &steps(&id(n))));
    lambda.enqueue_all(events.collect());

    for n in 0..INVOCATIONS {
        let response = lambda.response(&id(n));
        response.assert_clean_end();
        let body = response.body();
        let own = format!("x-id: {}\r", id(n));
        let found = body.lines().filter(|line| line.contains(&own)).count();
        assert_eq!(found, 3, "{n}: {body}");
    }
    assert!(web.accepted() <= 8, "{} connections", web.accepted());
}

/// What one request has cost, at DEBUG.
#[test]
fn the_cost_of_each_request_is_logged() {
    let web = Web::start();
    let lambda = Recorder::start();
    let host = host(&lambda, &allow(&web))
        .env("AWS_LAMBDA_LOG_LEVEL", "DEBUG")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    let closed = format!("http://localhost:{}/nowhere", web.port());
    let steps = json!([
        fetch(&web.url("/large")),
        fetch(&web.url("/")),
        fetch(&closed)
    ]);
    outcomes(&lambda, "id-1", &steps);

    let line = |n: usize| -> Value {
        let lines = host.stdout();
        let mut lines = lines.iter().filter(|line| line.contains("\"requested\""));
        serde_json::from_str(lines.nth(n).expect("a line")).expect("JSON")
    };
    host.line("three lines", |line| {
        line.contains("localhost") && line.contains("requested")
    });
    let (first, second, third) = (line(0), line(1), line(2));
    for line in [&first, &second, &third] {
        assert_eq!(line["requestId"], "id-1");
        assert_eq!(line["method"], "GET");
        assert_eq!(line["status"], 200);
        for time in ["waitMs", "firstByteMs", "milliseconds"] {
            assert!(line[time].as_f64().is_some_and(|it| it >= 0.0), "{line}");
        }
        let sent = line["bytesOut"].as_u64().expect("a number");
        assert!((30..300).contains(&sent), "{line}");
    }
    let received = |line: &Value| line["bytesIn"].as_u64().expect("a number");
    assert_eq!(first["connection"], "new");
    assert_eq!(first["destination"], web.url(""));
    assert!(received(&first) > 5_000_000, "{first}");
    assert_eq!(second["connection"], "kept");
    assert!(received(&second) < 200, "{second}");
    assert_eq!(third["connection"], "new");
}

#[test]
fn the_cost_of_requests_is_not_logged_unless_that_is_asked_for() {
    for (settings, logged) in [("", false), ("[log]\nusage = 'info'\n", true)] {
        let web = Web::start();
        let lambda = Recorder::start();
        let host = host(&lambda, &format!("{}{settings}", allow(&web))).start();
        outcomes(&lambda, "id-1", &json!([fetch(&web.url("/"))]));
        lambda.idle(1);
        if logged {
            host.line("the cost", |line| line.contains("requested"));
            continue;
        }
        let lines = host.stdout();
        assert!(
            !lines.iter().any(|it| it.contains("requested")),
            "{lines:?}"
        );
    }
}
