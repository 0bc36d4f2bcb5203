//! Requests that the host denies, and limits: the error names what changes it.

use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{PATIENCE, assert_contains, pause};
use serde_json::json;

use super::peer::Peer;
use super::{host, outcome, outcomes};

#[test]
fn an_error_names_the_setting_that_allows_the_request() {
    let peer = Peer::start(|call| call.respond("200 OK", ""));
    let denied = outcome("", &json!({"url": "https://api.example.com/v1?key=hidden"}));
    assert_eq!(
        denied,
        "error: GET https://api.example.com/v1: the host does not allow requests to \
         `https://api.example.com:443`: add it to `outbound.allow` (HTTP-request-denied)"
    );
    let by_name = peer.url("/").replace("127.0.0.1", "localhost");
    let settings = format!("outbound.allow = ['{}']\n", by_name.trim_end_matches('/'));
    let private = outcome(&settings, &json!({"url": by_name}));
    assert_contains(&private, "add it to `outbound.private-addresses`");
    assert_contains(&private, "(destination-IP-prohibited)");
}

#[test]
fn a_secret_that_the_server_may_not_get_names_both_settings() {
    let peer = Peer::start(|call| call.respond("200 OK", ""));
    let lambda = Recorder::start();
    let settings = format!(
        "{}[secrets]\nAPI_KEY = ['https://other.example']\n",
        peer.allowed()
    );
    let _host = host(&lambda, &settings).env("API_KEY", "s3cret").start();
    lambda.script(
        "id-1",
        &json!([{"url": peer.url("/"), "bearer": "API_KEY"}]),
    );

    let outcome = lambda.complete_response("id-1").body();

    assert_contains(&outcome, "`outbound.allow` and to the hosts of its secret");
}

#[test]
fn a_timeout_names_the_limit() {
    let peer = Peer::start(|call| {
        if call.head.contains("/stall") {
            call.begin()?;
            call.chunk("part")?;
        }
        pause(PATIENCE);
        Ok(())
    });
    let steps = json!([
        {"url": peer.url("/"), "first_byte_ms": 100},
        {"url": peer.url("/stall"), "between_bytes_ms": 100},
        {"url": peer.url("/stall"), "between_bytes_ms": 100, "then": "sse"},
    ]);

    let outcomes = outcomes(&peer.allowed(), &steps);

    assert_contains(
        &outcomes[0],
        "`first_byte_timeout` and `outbound.first-byte-ms`",
    );
    assert_contains(&outcomes[0], "(connection-read-timeout)");
    for outcome in &outcomes[1..] {
        assert_contains(outcome, "`between_bytes_timeout` or `outbound.idle-ms`");
    }
}

#[test]
fn open_responses_are_limited_until_they_are_dropped() {
    let peer = Peer::start(|call| {
        call.begin()?;
        call.chunk("part")?;
        pause(PATIENCE);
        Ok(())
    });
    let settings = format!("{}requests = 2\n", peer.allowed());
    let step = |then: &str| json!({"url": peer.url("/"), "then": then});
    let steps = json!([
        step("drop"),
        step("drop"),
        step("drop"),
        step("keep"),
        step("keep"),
        step("keep")
    ]);

    let outcomes = outcomes(&settings, &steps);

    for outcome in &outcomes[..5] {
        assert!(outcome.starts_with("ok: "), "{outcome}");
    }
    assert_contains(&outcomes[5], "raise `outbound.requests`");
}

#[test]
fn a_request_that_is_not_valid_is_refused_with_the_reason() {
    let peer = Peer::start(|call| call.respond("200 OK", ""));
    let url = peer.url("/");
    let cases = [
        (
            json!({"url": "api.example.com/v1"}),
            "does not start with `https://`",
        ),
        (json!({"url": "https://a.example/a b"}), "has a space"),
        (json!({"url": "https://a:b@a.example/"}), "user information"),
        (
            json!({"url": url, "method": "TRACE"}),
            "(HTTP-request-method-invalid)",
        ),
        (
            json!({"url": url, "headers": [["host", "x"]]}),
            "the host sets the header `host` itself",
        ),
        (
            json!({"url": url, "headers": [["a b", "x"]]}),
            "`a b` is not a valid header name",
        ),
        (
            json!({"url": url, "headers": [["a", "x\ny"]]}),
            "a control character",
        ),
        (
            json!({"url": "/", "aws": "dynamodb", "method": "POST"}),
            "AWS_",
        ),
    ];
    let steps: Vec<_> = cases.iter().map(|(step, _)| step.clone()).collect();

    let outcomes = outcomes(&peer.allowed(), &json!(steps));

    for (outcome, (step, reason)) in outcomes.iter().zip(cases) {
        assert!(outcome.starts_with("error: "), "{step}: {outcome}");
        assert_contains(outcome, reason);
    }
}

#[test]
fn a_connection_that_cannot_be_made_says_so() {
    let closed = crate::web::Web::closed_url();
    let settings = format!("outbound.allow = ['{closed}']\n");
    let outcome = outcome(&settings, &json!({"url": closed}));
    assert_contains(&outcome, "the connection was refused");
    assert_contains(&outcome, "(connection-refused)");
}

#[test]
fn headers_over_the_limit_end_the_handler_with_the_setting() {
    let lambda = Recorder::start();
    let _host = host(&lambda, "outbound.header-kib = 8\n").start();
    let headers = json!([["a", "x".repeat(9000)]]);
    let step = json!({"url": "https://api.example.com", "headers": headers});
    lambda.script("id-1", &json!([step]));

    let response = lambda.failed_response("id-1", "Function.LimitExceeded");

    assert_contains(
        &response.trailer_document().to_string(),
        "`outbound.header-kib`",
    );
}
