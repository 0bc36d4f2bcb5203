//! The head of a response.

use bootstream_test_support::{assert_contains, assert_contains_all};
use serde_json::json;

use super::{event, expect, run, serving, write};

#[test]
fn status_headers_and_cookies_become_the_prelude() {
    let headers = json!([
        ["Content-Type", "text/plain"],
        ["set-cookie", "a=1; Path=/"],
        ["x-a", "1"],
        ["X-A", "2"],
        ["set-cookie", "b=2"],
        ["x-latin", "caf\u{e9}"],
        ["x-utf8", "\u{ce}\u{bb}"]
    ]);
    let response =
        run(&json!([{"respond": {"status": 201, "headers": headers}}, write("hello"), "finish"]));

    response.assert_header(
        "content-type",
        "application/vnd.awslambda.http-integration-response",
    );
    let (prelude, body) = response.prelude_and_body();
    assert_eq!(
        prelude,
        json!({"statusCode": 201,
            "headers": {"content-type": "text/plain", "x-a": "1, 2", "x-latin": "café", "x-utf8": "λ"},
            "multiValueHeaders": {"x-a": ["1", "2"]},
            "cookies": ["a=1; Path=/", "b=2"]})
    );
    assert_eq!(body, b"hello");
}

#[test]
fn a_status_that_cannot_be_sent_is_an_error_before_anything_has_left() {
    let (lambda, _host) = serving("");
    for status in [200, 204, 304, 404, 599] {
        let id = format!("good-{status}");
        lambda.enqueue(event(
            &id,
            &json!([{"respond": {"status": status}}, "finish"]),
        ));
        assert_eq!(
            lambda.complete_response(&id).prelude()["statusCode"],
            status
        );
    }
    for status in [100, 101, 103, 199, 600, 999] {
        let id = format!("bad-{status}");
        lambda.enqueue(event(
            &id,
            &json!([{"respond": {"status": status}}, write("x"), "finish"]),
        ));
        let error = lambda.reported_error(&id, "Function.Error");
        assert_contains_all(&error.error_message(), [&status.to_string(), "200 to 599"]);
    }
    for status in [0, 99, 1000, 65_535] {
        let id = format!("refused-{status}");
        let response = json!({"response": {"status": status}});
        lambda.enqueue(event(
            &id,
            &json!([expect(&response, "refused"), {"respond": {}}, "finish"]),
        ));
        lambda.complete_response(&id);
    }
}

#[test]
fn a_head_that_is_too_large_is_an_error_that_names_the_limit() {
    let (lambda, _host) = serving("");
    let of = |bytes: usize| json!({"respond": {"headers": [["x", "v".repeat(bytes)]]}});
    lambda.enqueue(event("fits", &json!([of(15_000), "finish"])));
    lambda.complete_response("fits");
    lambda.enqueue(event("large", &json!([of(17_000), write("x"), "finish"])));
    let error = lambda.reported_error("large", "Function.Error");
    assert_contains(&error.error_message(), "more than the limit of 16000");
}

#[test]
fn headers_of_the_connection_are_refused() {
    let (lambda, _host) = serving("");
    for name in [
        "connection",
        "keep-alive",
        "transfer-encoding",
        "upgrade",
        "host",
        "a b",
        "",
    ] {
        let response = json!({"response": {"headers": [[name, "x"]]}});
        lambda.enqueue(event(
            "id-1",
            &json!([expect(&response, "HeaderError"), {"respond": {}}, "finish"]),
        ));
        lambda.complete_response("id-1");
        lambda.forget();
    }
}

#[test]
fn a_response_is_set_once_and_its_body_taken_once() {
    let again = json!([{"response": {}}, "body", expect(&json!("body"), "refused"), "stream",
        expect(&json!("stream"), "refused"), "set", write("x"), "finish"]);
    assert_eq!(run(&again).body(), "x");
}
