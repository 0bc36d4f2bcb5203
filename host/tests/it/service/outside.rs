//! What a service reaches of the outside.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;

use super::{get, serving, serving_with};

#[track_caller]
fn body(lambda: &Recorder, target: &str) -> String {
    lambda.enqueue(get("id-1", target));
    lambda.complete_response("id-1").body()
}

#[test]
fn clocks_randomness_and_variables_are_there() {
    let (lambda, _host) = serving_with("", &[("GREETING", "hello")]);
    assert_eq!(body(&lambda, "/clocks"), "true true");
    lambda.forget();
    lambda.enqueue(get("id-2", "/environment"));
    assert_contains(&lambda.complete_response("id-2").body(), "GREETING");
    lambda.enqueue(get("id-3", "/random"));
    let random = lambda.complete_response("id-3").body();
    assert_eq!(random.split(',').count(), 4, "{random}");
}

#[test]
fn sockets_are_refused() {
    let (lambda, _host) = serving();
    assert_contains(&body(&lambda, "/socket"), "AccessDenied");
    lambda.enqueue(get("id-2", "/resolve"));
    assert_contains(&lambda.complete_response("id-2").body(), "AccessDenied");
}

#[test]
fn requests_are_subject_to_the_same_policy() {
    let (lambda, host) = serving();
    assert_contains(
        &body(&lambda, "/status-of?127.0.0.1:9"),
        "HttpRequestDenied",
    );
    host.logged("it is not in `outbound.allow`");
}
