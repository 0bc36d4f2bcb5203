//! What a service reaches of the outside.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;

use super::{get, head, serving, serving_with};
use crate::reaching::allow;
use crate::web::Web;

#[track_caller]
fn body(lambda: &Recorder, target: &str) -> String {
    lambda.enqueue(get("id-1", target));
    lambda.complete_response("id-1").body()
}

#[test]
fn clocks_randomness_and_variables_are_there() {
    let (lambda, _host) = serving_with("pass-env = ['GREETING']\n", &[("GREETING", "hello")]);
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
        &body(&lambda, "/status-of?127.0.0.1:9/"),
        "HttpRequestDenied",
    );
    host.logged("it is not in `outbound.allow`");
}

#[test]
fn the_answer_of_another_server_can_be_passed_on() {
    let web = Web::start();
    let (lambda, _host) = serving_with(&allow(&web), &[]);
    let target = |action: &str, path: &str| format!("/{action}?127.0.0.1:{}{path}", web.port());
    for action in ["pass", "forward"] {
        for (path, length) in [
            ("/hello", 5),
            ("/chunked", 5),
            ("/large", 5_000_000),
            ("/nothing", 0),
        ] {
            let id = format!("{action}{}", path.replace('/', "-"));
            lambda.enqueue(get(&id, &target(action, path)));
            assert_eq!(lambda.complete_response(&id).body().len(), length, "{id}");
        }
        let id = format!("{action}-cut");
        lambda.enqueue(get(&id, &target(action, "/cut")));
        let response = lambda.failed_response(&id, "Function.Error");
        assert_eq!(response.body(), "part", "{action}");
    }
    lambda.enqueue(get("status", &target("status-of", "/nothing")));
    assert_eq!(lambda.complete_response("status").body(), "204");
}

#[test]
fn an_error_of_the_guest_after_a_body_that_it_passes_on_counts() {
    let web = Web::start();
    let (lambda, _host) = serving_with(&allow(&web), &[]);
    let target = format!("/pass-with-error?127.0.0.1:{}/hello", web.port());
    lambda.enqueue(get("id-1", &target));
    let response = lambda.failed_response("id-1", "Function.Error");
    assert_eq!(response.body(), "hello");
    let message = &response.trailer_document()["errorMessage"];
    assert_contains(message.as_str().expect("a text"), "half");
}

#[test]
fn the_guest_learns_how_a_body_that_it_passes_on_has_ended() {
    let web = Web::start();
    let (lambda, host) = serving_with(&allow(&web), &[]);
    for (id, action, path, told) in [
        ("whole", "pass-and-watch", "/hello", "Ok(())"),
        ("cut", "pass-and-watch", "/cut", "Err("),
        (
            "long",
            "pass-and-watch-short",
            "/hello",
            "Err(ErrorCode::HttpResponseIncomplete",
        ),
    ] {
        let target = format!("/{action}?127.0.0.1:{}{path}", web.port());
        lambda.enqueue(get(id, &target));
        assert_contains(&host.logged(&format!("passed on: {told}")), id);
    }
    lambda.complete_response("whole");
    lambda.failed_response("cut", "Function.Error");
    lambda.failed_response("long", "Function.Error");
}

/// An absent body need not have the announced length, and a server may repeat a length.
#[test]
fn answers_with_a_length_but_no_body_are_complete() {
    let web = Web::start();
    let (lambda, _host) = serving_with(&allow(&web), &[]);
    let target = |action: &str, path: &str| format!("/{action}?127.0.0.1:{}{path}", web.port());
    for (id, action, path, expected) in [
        ("head", "consume-head", "/hello", "0 Ok(())"),
        ("304", "consume", "/not-modified", "0 Ok(())"),
        ("twice", "consume", "/length-twice", "5 Ok(())"),
        ("passed-304", "forward", "/not-modified", ""),
        ("passed-twice", "forward", "/length-twice", "hello"),
    ] {
        lambda.enqueue(get(id, &target(action, path)));
        assert_eq!(lambda.complete_response(id).body(), expected, "{id}");
    }
    lambda.enqueue(head("passed-head", &target("forward-head", "/hello")));
    let (prelude, body) = lambda.complete_response("passed-head").prelude_and_body();
    assert_eq!(prelude["headers"]["content-length"], "5");
    assert_eq!(body, b"");
}

#[test]
fn a_request_has_the_body_that_the_guest_writes() {
    let web = Web::start();
    let (lambda, _host) = serving_with(&allow(&web), &[]);
    let target = format!("/upload?127.0.0.1:{}/echo", web.port());
    assert_eq!(body(&lambda, &target), "200 Ok(())");
}

#[test]
fn a_response_can_be_wrapped() {
    let (lambda, _host) = serving();
    lambda.enqueue(get("id-1", "/wrap"));
    let (prelude, body) = lambda.complete_response("id-1").prelude_and_body();
    assert_eq!(prelude["headers"]["x-wrapped"], "yes");
    assert_eq!(body, b"inner");
}

#[test]
fn files_are_within_the_same_budget() {
    let (lambda, _host) = serving_with("[files]\ntmp = 'private'\ntmp-mib = 1\n", &[]);
    assert_eq!(body(&lambda, "/file?600000"), "read 600000");
    lambda.enqueue(get("id-2", "/file?1100000"));
    assert_contains(
        &lambda.complete_response("id-2").body(),
        "InsufficientSpace",
    );
    lambda.enqueue(get("id-3", "/file?0"));
    assert_eq!(lambda.complete_response("id-3").body(), "read 0");
}

/// The guest has ended before the host has read the file.
#[test]
fn a_file_can_be_the_body_of_a_response() {
    let (lambda, _host) = serving_with("[files]\ntmp = 'private'\ntmp-mib = 4\n", &[]);
    for size in [1, 2, 3_000_000] {
        let id = format!("id-{size}");
        lambda.enqueue(get(&id, &format!("/file-as-body?{size}")));
        let body = lambda.complete_response(&id).body();
        assert!(body == "f".repeat(size - 1), "{size}: {}", body.len());
    }
}
