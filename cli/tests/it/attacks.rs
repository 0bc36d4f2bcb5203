//! Misbehaving callers.

use std::io::{Read as _, Write as _};

use bootstream_test_support::assert_contains;
use serde_json::json;

use crate::support::{Dev, End, Response, ready_guest, script, text};

/// Asserts that the server still serves.
#[track_caller]
fn expect_alive(dev: &Dev) {
    dev.assert_serves();
}

#[test]
fn a_malformed_request_is_refused_and_logged() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let large = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx-large: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    for (bytes, status) in [
        ("nonsense\r\n\r\n", 400),
        (
            "GET / HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n",
            400,
        ),
        ("GET /\u{1} HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            400,
        ),
        (&large, 431),
    ] {
        let response = dev.send_raw(bytes.as_bytes());

        let start: String = bytes.chars().take(60).collect();
        assert_eq!(response.status, status, "{start}");
        dev.wait_for("refused what 127.0.0.1 sent");
    }
    expect_alive(&dev);
}

#[test]
fn a_request_that_stops_halfway_becomes_no_event() {
    let mut dev = Dev::start(&ready_guest(), &["--concurrency", "1"]);
    let mut head_only = dev.connect();
    head_only
        .write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncont")
        .expect("the server reads");
    let mut half = dev.connect();
    half.write_all(b"POST /half HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n12345")
        .expect("the server reads");

    // Neither of them blocks other callers.
    expect_alive(&dev);
    drop(half);

    let line = dev.wait_for("POST /half");
    assert_contains(&line, "400");
    assert_contains(&line, "the request ended before it was complete");
}

#[test]
fn a_body_may_come_in_chunks_and_may_be_expected_first() {
    let dev = crate::runtimes::start(&[]);
    for head in ["", "expect: 100-continue\r\n"] {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-do: echo\r\ncontent-type: text/plain\r\n{head}\
             transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\ntrailer: x\r\n\r\n"
        );
        let mut response = dev.send_raw(request.as_bytes());
        if response.status == 100 {
            response = response.next();
        }

        assert_eq!(response.status, 200);
        let event = response.json();
        assert_eq!(event["body"], "abcde");
    }
}

#[test]
fn targets_of_every_form_are_answered() {
    let dev = crate::runtimes::start(&[]);
    for (target, path) in [
        (
            "GET /%00/%2e%2e/../%F0%9F%92%A9//x",
            "/%00/%2e%2e/../%F0%9F%92%A9//x",
        ),
        ("GET http://app.localhost/absolute?q", "/absolute"),
        ("OPTIONS *", "*"),
        ("BREW /coffee", "/coffee"),
    ] {
        let request = format!("{target} HTTP/1.1\r\nhost: localhost\r\nx-do: echo\r\n\r\n");
        let response = dev.send_raw(request.as_bytes());

        assert_eq!(response.status, 200, "{target}");
        let event = response.json();
        assert_eq!(event["rawPath"], path, "{target}");
    }
    let connect = dev.send_raw(b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(connect.status, 403);
}

#[test]
fn headers_are_not_counted() {
    let dev = crate::runtimes::start(&["--limits", "aws"]);
    let many: String = (0..1000)
        .map(|number| format!("x-{number}: 1\r\n"))
        .collect();
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-do: echo\r\n{many}\r\n");

    let response = dev.send_raw(head.as_bytes());

    assert_eq!(response.status, 200);
    let event = response.json();
    assert_eq!(event["headers"]["x-999"], "1");
}

#[test]
fn an_upgrade_is_not_made_and_a_load_balancer_refuses_it() {
    let dev = Dev::start(&ready_guest(), &[]);
    let upgrade = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
    ];
    for (path, status) in [
        ("/", 200),
        ("/@rest/", 200),
        ("/@alb/", 400),
        ("/@alb-multi/", 400),
    ] {
        let steps = script(&json!([{"write_headers": {"status": 200}}, {"write": "plain"}]));
        let headers = [&upgrade[..], &[("content-type", "application/json")]].concat();

        let response = dev.send("POST", path, &headers, &steps);

        assert_eq!(response.status, status, "{path}");
    }
}

#[test]
fn an_old_client_gets_the_stream_until_the_connection_ends() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([
        {"write_headers": {"status": 200}}, {"write": "a"}, {"write": "b"},
    ]));
    let mut stream = dev.connect();
    let length = steps.len();
    let head = format!(
        "POST / HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream
        .write_all(format!("{head}{steps}").as_bytes())
        .expect("the server reads");

    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");

    let answer = text(&answer);
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    assert!(!answer.contains("transfer-encoding"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nab"), "{answer}");
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = |body: &str| script(&json!([{"write_headers": {"status": 200}}, {"write": body}]));
    let request = |method: &str, body: &str| {
        let steps = steps(body);
        let length = steps.len();
        format!(
            "{method} / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{steps}"
        )
    };
    // Pipelined: no request waits for the response to the previous one.
    let all = [
        request("HEAD", "unseen"),
        request("POST", "b"),
        request("POST", "c"),
    ]
    .concat();

    let mut response = dev.send_raw(all.as_bytes());

    assert_eq!(response.status, 200);
    for expected in ["b", "c"] {
        response = response.next();
        assert_eq!(response.chunk(), Ok(expected.to_owned()));
        assert_eq!(response.chunk(), Err(End::Complete));
    }
}

#[test]
fn an_event_of_6_mib_and_100_bytes_is_the_largest() {
    const LARGEST: usize = 6 * 1024 * 1024 + 100;
    let dev = Dev::start(&ready_guest(), &[]);
    let digest = "\"x\"";
    let event = |size: usize| format!("\"{}\"", "x".repeat(size - digest.len() + 1));
    for path in ["/invoke", "/2015-03-31/functions/f/invocations"] {
        let largest: Response = dev.send("POST", path, &[], &event(LARGEST));
        assert_eq!(largest.status, 200, "{path}");
        let body = largest.rest().0;
        assert_contains(&body, &format!("event bytes: {LARGEST}"));
        let beyond = dev.send("POST", path, &[], &event(LARGEST + 1));
        assert_eq!(beyond.status, 413, "{path}");
    }
}
