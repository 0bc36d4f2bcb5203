//! Handlers that fail: before, during and after their response.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{End, Exchange, contains};
use bootstream_test_support::steps::{sleep_forever, write};
use serde_json::{Value, json};

use super::{
    Failure, assert_goes_on, event, failure_before_a_response, failure_in_a_response, head, running,
};

/// Long enough for a handler to start, short enough for a test to wait.
const TIME: Duration = Duration::from_millis(1500);

/// Runs one script that fails before its response.
#[track_caller]
fn report(steps: &Value) -> Failure {
    let (lambda, _runtime) = running();
    lambda.enqueue(event("id-1", steps));
    failure_before_a_response(&lambda, "id-1")
}

/// Runs one script that fails in its response. Returns the response.
#[track_caller]
fn response(steps: &Value) -> Exchange {
    let (lambda, _runtime) = running();
    lambda.enqueue(event("id-1", steps));
    lambda.response("id-1")
}

#[track_caller]
fn assert_says(failure: &Failure, text: &str) {
    let message = failure.document["errorMessage"].as_str().expect("a text");
    assert_contains(message, text);
    assert!(failure.document["errorType"].is_string());
}

/// Lambda keeps a type if it contains `(Runtime|Function).[A-Z][a-zA-Z]+`.
fn is_kept(error_type: &str) -> bool {
    ["Runtime.", "Function."].iter().any(|category| {
        let mut rest = error_type.split(category).skip(1);
        rest.any(|reason| {
            let letters = reason.bytes().take_while(u8::is_ascii_alphabetic).count();
            letters >= 2 && reason.starts_with(|c: char| c.is_ascii_uppercase())
        })
    })
}

#[test]
fn an_error_before_anything_is_told_with_its_text() {
    assert_says(&report(&json!([{"error": "boom"}])), "boom");
}

#[test]
fn a_panic_before_anything_is_told_with_its_text() {
    assert_says(&report(&json!([{"panic": "boom"}])), "boom");
}

#[test]
fn the_type_of_an_error_is_one_that_lambda_keeps() {
    let failure = report(&json!([{"error": "boom"}]));
    assert!(is_kept(&failure.error_type), "{}", failure.error_type);
}

#[test]
fn an_error_is_labelled_as_json() {
    let failure = report(&json!([{"error": "boom"}]));
    // Trailers have no content type.
    if failure.exchange.path().ends_with("/error") {
        let label = failure.exchange.header("content-type");
        assert!(label.expect("a content type").contains("json"));
    }
}

#[test]
fn the_text_of_an_error_may_hold_anything() {
    let text = "\"quoted\" \\ \u{1} \u{1b}[31m \t \r\n \u{2028} \u{e9} \u{1f600}";
    assert_says(&report(&json!([{"error": text}])), text);
}

/// Lambda closes the connection on a larger body, and the environment is lost.
#[test]
fn an_error_is_never_larger_than_lambda_takes() {
    let failure = report(&json!([{"error": "x".repeat(1_500_000)}]));
    assert!(failure.exchange.data().len() <= 1024 * 1024);
    assert!(failure.exchange.tail.len() <= 4096);
}

#[test]
fn an_error_in_the_response_is_told_in_trailers() {
    let exchange = response(&json!([head(200), write("part"), {"error": "late"}]));
    assert_says(&failure_in_a_response(exchange), "late");
}

#[test]
fn nothing_of_an_error_is_sent_as_the_body() {
    let exchange = response(&json!([head(200), write("part"), {"error": "late"}]));
    assert_eq!(exchange.body(), "part");
    assert!(!contains(&exchange.data(), b"ambda-"));
}

#[test]
fn an_error_in_the_response_is_no_clean_end() {
    let exchange = response(&json!([head(200), write("part"), {"error": "late"}]));
    assert_ne!(exchange.end, End::Clean, "{exchange:?}");
}

#[test]
fn a_panic_in_the_response_is_no_clean_end() {
    let exchange = response(&json!([head(200), write("part"), {"sleep_ms": 200}, {"panic": "p"}]));
    assert_ne!(exchange.end, End::Clean, "{exchange:?}");
}

/// Lambda drops the whole response with a larger block.
#[test]
fn trailers_stay_within_what_lambda_reads() {
    let text = "x".repeat(100_000);
    let exchange = response(&json!([head(200), write("part"), {"error": text}]));
    let failure = failure_in_a_response(exchange);
    assert_says(&failure, "xxxx");
    assert!(failure.exchange.tail.len() - "0\r\n".len() <= 4096);
}

#[test]
fn an_error_after_the_end_of_the_response_does_not_undo_it() {
    let (lambda, _runtime) = running();
    let steps = json!([head(200), write("all"), "finish", {"sleep_ms": 100}, {"error": "e"}]);
    lambda.enqueue(event("id-1", &steps));

    let exchange = lambda.complete_response("id-1");

    assert_eq!(exchange.body(), "all");
}

#[test]
fn the_process_goes_on_after_every_failure() {
    let (lambda, mut runtime) = running();
    for (id, steps) in [
        ("id-1", json!([{"error": "e"}])),
        ("id-2", json!([{"panic": "p"}])),
        ("id-3", json!([head(200), write("part"), {"error": "e"}])),
        ("id-4", json!([head(200), write("part"), {"panic": "p"}])),
    ] {
        lambda.enqueue(event(id, &steps));
        lambda.idle(1);
    }

    assert_goes_on(&lambda);
    runtime.assert_running();
}

#[test]
fn a_handler_that_waits_for_ever_is_stopped_and_told_before_its_deadline() {
    let (lambda, _runtime) = running();
    let steps = json!([head(200), write("part"), sleep_forever()]);
    lambda.enqueue(event("id-1", &steps).deadline_in(TIME));

    let response = lambda.response("id-1");

    assert_eq!(response.end, End::Trailers);
    assert!(response.ended.expect("an end") - response.began < 2 * TIME);
    assert_goes_on(&lambda);
}
