//! Handlers that break the contract: their call fails, and nothing of it reaches the wire.

use bootstream_test_support::process::serving;
use bootstream_test_support::recorder::{DELIMITER, Exchange, IMPLIED_PRELUDE, contains};
use bootstream_test_support::steps::{expect, head, head_with, write};
use serde_json::{Value, json};

/// Runs one script and returns its response, which must be complete.
fn run(steps: &Value) -> Exchange {
    let (lambda, _host) = serving();
    lambda.script("id-1", steps);
    lambda.complete_response("id-1")
}

#[test]
fn a_second_head_is_refused_and_the_first_is_kept() {
    let response = run(&json!([
        head(200),
        expect(&head(404), "already-started"),
        write("a"),
        expect(&head(500), "already-started"),
        write("b"),
        "finish"
    ]));

    assert_eq!(response.prelude()["statusCode"], 200);
    assert_eq!(response.body(), "ab");
}

#[test]
fn a_head_after_the_body_has_begun_is_refused() {
    let response = run(&json!([
        write("a"),
        expect(&head(200), "already-started"),
        write("b")
    ]));

    assert_eq!(
        response.data(),
        [IMPLIED_PRELUDE, &DELIMITER, b"ab"].concat()
    );
}

#[test]
fn every_call_after_finish_is_refused() {
    let response = run(&json!([
        head(200),
        write("all"),
        "finish",
        expect(&json!("finish"), "already-finished"),
        expect(&write("late"), "already-finished"),
        expect(&write(""), "already-finished"),
        expect(&head(500), "already-finished")
    ]));

    assert_eq!(response.body(), "all");
    assert_eq!(response.prelude()["statusCode"], 200);
}

/// The response was complete before the handler failed.
#[test]
fn a_handler_that_fails_over_a_refusal_has_answered_all_the_same() {
    let (lambda, host) = serving();
    lambda.script("id-1", &json!([write("all"), "finish", "finish"]));

    let response = lambda.complete_response("id-1");

    assert_eq!(response.body(), "all");
    host.logged("step 3: already-finished");
}

#[test]
fn nothing_can_be_injected_through_a_head() {
    for headers in [
        [("a b", "v")],
        [("", "v")],
        [(":status", "500")],
        [("x", "x\r\nset-cookie: y")],
        [("set-cookie", "a=1\r\nx: y")],
        [("x\r\ny", "v")],
    ] {
        let response = run(&json!([
            expect(&head_with(&headers), "invalid-header"),
            head(204)
        ]));
        assert_eq!(
            response.prelude(),
            json!({"statusCode": 204, "headers": {}, "cookies": []})
        );
    }
    let cookies = json!({"write_headers": {"status": 200, "cookies": ["a=1\r\nx: y"]}});
    let response = run(&json!([expect(&cookies, "invalid-header"), head(204)]));
    assert!(!contains(&response.head, b"x: y"), "{response:?}");
}

#[test]
fn headers_of_the_handler_never_become_headers_of_the_post() {
    let response = run(&json!([
        head_with(&[
            ("transfer-encoding", "gzip"),
            ("connection", "close"),
            ("trailer", "x-checksum"),
            ("content-length", "3"),
            ("content-type", "text/html"),
            ("x-own", "1")
        ]),
        write("abc")
    ]));

    response.assert_header("transfer-encoding", "chunked");
    for name in ["connection", "content-length", "x-own"] {
        assert_eq!(response.header(name), None, "{name}");
    }
    assert!(!contains(&response.head, b"x-checksum"));
    assert!(!contains(&response.head, b"text/html"));
    assert_eq!(response.body(), "abc");
}

/// Nothing that a front end could read as another framing of the body is sent.
#[test]
fn a_content_length_is_a_number_given_once() {
    for lengths in [&["3", "3"][..], &["3", "4"], &["3, 3"], &["-3"], &["three"]] {
        let headers: Vec<_> = lengths.iter().map(|it| ("Content-Length", *it)).collect();
        let response = run(&json!([
            expect(&head_with(&headers), "invalid-header"),
            head_with(&[("Content-Length", "3")]),
            write("abc")
        ]));
        assert_eq!(response.prelude()["headers"]["content-length"], "3");
    }
}

/// The limit is on the size of the encoded head, where a repeated name is written once.
#[test]
fn a_long_name_may_be_repeated() {
    let name = "x".repeat(1000);
    let headers = vec![(name.as_str(), "v"); 100];
    let response = run(&json!([head_with(&headers)]));
    assert_eq!(
        response.prelude()["multiValueHeaders"][&name],
        json!(vec!["v"; 100])
    );
}

#[test]
fn a_guest_sees_no_arguments_of_the_host() {
    let response = run(&json!(["write_args"]));
    let arguments: Vec<String> = serde_json::from_str(&response.body()).expect("JSON");
    assert!(arguments.len() <= 1, "{arguments:?}");
}
