//! How responses end: exactly as the guest ended them.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Event, Fate, Post};

use super::{get, serving, serving_with};

/// Long enough for a handler to start, short enough for a test to wait.
const TIME: Duration = Duration::from_millis(1500);

#[test]
fn a_guest_that_fails_before_it_responds_is_reported_as_an_error() {
    let (lambda, mut host) = serving();
    for (id, target, error_type, text) in [
        ("trap", "/trap-first", "Function.Panic", "no response"),
        ("error", "/error", "Function.Error", "out of ideas"),
        ("exit-0", "/exit-first?0", "Function.Exit", "status 0"),
        ("exit-1", "/exit-first?1", "Function.Exit", "status 1"),
        ("head", "/head?17000", "Function.Error", "16000"),
        ("status", "/status?103", "Function.Error", "103"),
    ] {
        lambda.enqueue(get(id, target));
        let error = lambda.reported_error(id, error_type);
        assert_contains(&error.error_message(), text);
        host.assert_running();
    }
}

/// The guest has answered: its other tasks and its instance are as good as after any other answer.
#[test]
fn a_guest_that_answers_with_a_failure_works_on() {
    let (lambda, host) = serving_with("[reuse]\ninvocations = 9\n", &[]);
    lambda.enqueue(get("first", "/served"));
    assert_eq!(lambda.complete_response("first").body(), "1");
    lambda.enqueue(get("error", "/error-and-works-on"));
    let error = lambda.reported_error("error", "Function.Error");
    assert_contains(&error.error_message(), "out of ideas");
    assert_contains(&host.logged("worked on"), "error");
    lambda.enqueue(get("second", "/served"));
    assert_eq!(lambda.complete_response("second").body(), "2");
}

#[test]
fn a_guest_that_answers_another_event_with_the_status_of_a_failure_works_on() {
    let (lambda, host) = serving_with(
        "events-path = '/failure-and-works-on'\n[reuse]\ninvocations = 9\n",
        &[],
    );
    lambda.enqueue(get("first", "/served"));
    assert_eq!(lambda.complete_response("first").body(), "1");
    lambda.enqueue(Event::new("status", r#"{"no": "request"}"#));
    let error = lambda.reported_error("status", "Function.Error");
    assert_contains(&error.error_message(), "503: out of ideas");
    assert_contains(&host.logged("worked on"), "status");
    lambda.enqueue(get("second", "/served"));
    assert_eq!(lambda.complete_response("second").body(), "2");
}

#[test]
fn a_body_that_the_guest_does_not_end_well_ends_in_trailers_after_all_it_wrote() {
    let (lambda, mut host) = serving();
    for (id, target, error_type, text) in [
        ("trap", "/trap", "Function.Panic", "after hello"),
        ("exit-0", "/exit?0", "Function.Exit", "status 0"),
        ("exit-1", "/exit?1", "Function.Exit", "status 1"),
        (
            "leak",
            "/leak",
            "Function.Error",
            "nothing is left that could end it",
        ),
        ("error", "/trailers-error", "Function.Error", "half"),
        (
            "never",
            "/trailers-never",
            "Function.Error",
            "nothing is left that could end it",
        ),
    ] {
        lambda.enqueue(get(id, target));
        let response = lambda.failed_response(id, error_type);
        assert_eq!(response.body(), "hello", "{target}");
        let document = response.trailer_document();
        assert_contains(document["errorMessage"].as_str().expect("a text"), text);
        host.logged("handler failed after its response had begun");
        host.assert_running();
    }
}

/// A client takes a body of the promised length for a complete one.
#[test]
fn a_body_of_another_length_than_promised_ends_in_trailers_and_the_guest_learns_it() {
    let (lambda, host) = serving();
    for (id, target, sent, told) in [
        (
            "short",
            "/length?10,5",
            5,
            "left 0, transmitted: Err(ErrorCode::HttpResponseBodySize(Some(5)))",
        ),
        (
            "long",
            "/length?3,5",
            0,
            "left 5, transmitted: Err(ErrorCode::HttpResponseBodySize(Some(5)))",
        ),
    ] {
        lambda.enqueue(get(id, target));
        let response = lambda.failed_response(id, "Function.Error");
        assert_eq!(response.body().len(), sent, "{target}");
        host.logged(told);
    }
    lambda.enqueue(get("right", "/length?5,5"));
    assert_eq!(lambda.complete_response("right").body().len(), 5);
    host.logged("left 0, transmitted: Ok(())");
}

/// It announces the length of what the client has.
#[test]
fn a_response_of_status_304_may_lack_the_body_it_promises() {
    let (lambda, host) = serving();
    lambda.enqueue(get("absent", "/length?10,0,304"));
    let response = lambda.complete_response("absent");
    assert_eq!(response.prelude()["statusCode"], 304);
    assert_eq!(response.prelude()["headers"]["content-length"], "10");
    assert_eq!(response.body(), "");
    host.logged("left 0, transmitted: Ok(())");
    for (id, target) in [("begun", "/length?10,5,304"), ("ok", "/length?10,0")] {
        lambda.enqueue(get(id, target));
        lambda.failed_response(id, "Function.Error");
    }
}

#[test]
fn trailers_of_the_guest_are_dropped() {
    let (lambda, host) = serving();
    lambda.enqueue(get("id-1", "/trailers"));
    assert_eq!(lambda.complete_response("id-1").body(), "hello");
    host.logged("the response has trailers");
}

#[test]
fn a_response_is_complete_before_the_work_after_it_and_the_next_event_comes_after_both() {
    let (lambda, host) = serving();
    lambda.enqueue(get("id-1", "/works-on"));
    lambda.enqueue(get("id-2", "/hello"));
    let first = lambda.response("id-1");
    first.assert_clean_end();
    let worked = host.logged("worked on");
    assert_contains(&worked, "id-1");
    let second = lambda.complete_response("id-2");
    let between = second.began.duration_since(first.ended.expect("an end"));
    assert!(between > Duration::from_millis(150), "{between:?}");
}

#[test]
fn a_trap_after_the_end_of_a_response_is_logged_and_the_instance_is_gone() {
    let (lambda, host) = serving_with("[reuse]\ninvocations = 9\n", &[]);
    lambda.enqueue(get("id-1", "/served"));
    lambda.complete_response("id-1");
    lambda.enqueue(get("id-2", "/traps-late"));
    assert_eq!(lambda.complete_response("id-2").body(), "hello");
    assert_contains(
        &host.logged("handler failed after its response had ended"),
        "too late",
    );
    lambda.enqueue(get("id-3", "/served"));
    assert_eq!(lambda.complete_response("id-3").body(), "1");
}

/// The guest goes on in the same task without giving the host a turn.
#[test]
fn what_a_guest_does_right_after_the_end_of_a_response_does_not_change_it() {
    let (lambda, mut host) = serving();
    for (id, logged) in [
        (
            "panics",
            Some("handler failed after its response had ended"),
        ),
        ("exits", None),
        ("fails", Some("handler failed after its response had ended")),
        ("spins", Some("handler failed after its response had ended")),
    ] {
        let event = get(id, &format!("/ends-and?{id}"));
        lambda.enqueue(event.deadline_in(TIME));
        assert_eq!(lambda.complete_response(id).body(), "hello", "{id}");
        if let Some(logged) = logged {
            host.logged(logged);
        }
        host.assert_running();
    }
    lambda.enqueue(get("computes", "/ends-and?computes"));
    lambda.enqueue(get("next", "/hello"));
    let response = lambda.complete_response("computes");
    let next = lambda.complete_response("next");
    let after = next.began.duration_since(response.ended.expect("an end"));
    assert!(after > Duration::from_millis(200), "{after:?}");
}

#[test]
fn a_trap_after_a_failed_response_is_logged_as_such() {
    let (lambda, host) = serving();
    lambda.enqueue(get("id-1", "/fails-and-panics"));
    lambda.failed_response("id-1", "Function.Error");
    assert_contains(
        &host.logged("handler failed after its response had failed"),
        "after the failure",
    );
}

/// Guests end their work with it.
#[test]
fn the_guest_learns_that_lambda_has_its_response_when_it_has() {
    let (lambda, host) = serving();
    lambda.on(
        "id-1/response",
        Post::status("202 Accepted", "").delay(Duration::from_millis(300)),
    );
    lambda.enqueue(get("id-1", "/transmitted"));
    let response = lambda.complete_response("id-1");
    host.logged("transmitted: Ok(())");
    drop(response);

    lambda.on("id-2/response", Post::status("413 Too Large", "{}"));
    lambda.enqueue(get("id-2", "/transmitted"));
    lambda.response("id-2");
    host.logged("transmitted: Err(ErrorCode::ConnectionTerminated)");
}

#[test]
fn a_guest_whose_receiver_is_gone_learns_it_and_ends() {
    let (lambda, mut host) = serving();
    lambda.on(
        "id-1/response",
        Post::status("413 Too Large", "{}")
            .early_after(100_000)
            .fate(Fate::Close),
    );
    lambda.enqueue(get("id-1", "/until-gone"));
    host.logged("gone after");
    lambda.enqueue(get("id-2", "/hello"));
    assert_eq!(lambda.complete_response("id-2").body(), "hello");
    host.assert_running();
    assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
}

#[test]
fn what_never_ends_is_stopped_at_the_deadline() {
    let (lambda, mut host) = serving();
    for (id, target) in [("stuck", "/stuck"), ("spin", "/spin")] {
        lambda.enqueue(get(id, target).deadline_in(TIME));
        lambda.reported_error(id, "Function.DeadlineExceeded");
        host.assert_running();
    }
    for (id, target) in [("waits", "/waits"), ("spins-on", "/spins-on")] {
        lambda.enqueue(get(id, target).deadline_in(TIME));
        let response = lambda.failed_response(id, "Function.DeadlineExceeded");
        assert_eq!(response.body(), "hello", "{target}");
        host.assert_running();
    }
    lambda.enqueue(get("never", "/never-ends").deadline_in(TIME));
    assert_eq!(lambda.complete_response("never").body(), "hello");
    host.logged("handler failed after its response had ended: the handler was stopped because");
    lambda.enqueue(get("after", "/hello"));
    assert_eq!(lambda.complete_response("after").body(), "hello");
}
