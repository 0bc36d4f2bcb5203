//! `GET …/next`: how a runtime polls, and how it handles each event.

use bootstream_test_support::recorder::{End, Event, Fate, Recorder};
use bootstream_test_support::steps::write;
use serde_json::json;

use super::{assert_goes_on, event, head, running, runtime};

const DEADLINE: &str = "Lambda-Runtime-Deadline-Ms";
const CLIENT_CONTEXT: &str = "Lambda-Runtime-Client-Context";
const INVOCATION_ID: &str = "Lambda-Runtime-Invocation-Id";

/// The largest event Lambda delivers, in bytes.
const LARGEST_EVENT_BYTES: usize = 6_291_556;

fn answer(text: &str) -> serde_json::Value {
    json!([head(200), write(text), "finish"])
}

/// Asserts that an event is handled like any other.
#[track_caller]
fn assert_handled(event: Event) {
    let (lambda, _runtime) = running();
    lambda.enqueue(event);
    assert_eq!(lambda.complete_response("id-1").body(), "x");
    assert_goes_on(&lambda);
}

#[test]
fn a_proxy_is_not_for_the_runtime_api() {
    let lambda = Recorder::start();
    let mut host = runtime(&lambda);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        host = host.env(name, "http://127.0.0.1:1");
    }
    let _runtime = host.start();

    lambda.polls(1);
}

#[test]
fn the_address_may_have_a_scheme_and_a_path() {
    let lambda = Recorder::start();
    lambda.enqueue(event("id-1", &answer("x")));
    let address = format!("http://{}/base", lambda.address());
    let _runtime = runtime(&lambda)
        .env("AWS_LAMBDA_RUNTIME_API", &address)
        .start();

    let path = "/base/2018-06-01/runtime/invocation/id-1/response";
    assert_eq!(lambda.complete_response("id-1").path(), path);
}

#[test]
fn the_case_of_header_names_does_not_matter() {
    let name = "LAMBDA-RUNTIME-AWS-REQUEST-ID";
    assert_handled(event("id-1", &answer("x")).header(name, "id-1"));
    let name = "lambda-runtime-aws-request-id";
    assert_handled(event("id-1", &answer("x")).header(name, "id-1"));
}

#[test]
fn an_event_may_come_with_an_id_and_a_deadline_only() {
    assert_handled(Event::script("id-1", &answer("x")));
}

#[test]
fn an_event_may_come_without_a_deadline_or_with_a_garbled_one() {
    assert_handled(event("id-1", &answer("x")).without(DEADLINE));
    assert_handled(event("id-1", &answer("x")).header(DEADLINE, "soon"));
}

/// Some versions of Lambda send these.
#[test]
fn an_empty_header_is_an_absent_one() {
    let event = event("id-1", &answer("x"));
    assert_handled(event.header("Lambda-Runtime-Cognito-Identity", ""));
}

#[test]
fn a_client_context_may_be_json_or_base64_of_it() {
    // `{"custom":{"key":"value"}}`, plain and in the base64 that some emulators send.
    for sent in [
        r#"{"custom":{"key":"value"}}"#,
        "eyJjdXN0b20iOnsia2V5IjoidmFsdWUifX0=",
    ] {
        assert_handled(event("id-1", &answer("x")).header(CLIENT_CONTEXT, sent));
    }
}

#[test]
fn a_garbled_client_context_does_not_end_the_process() {
    let lambda = Recorder::start();
    lambda.enqueue(event("id-1", &answer("x")).header(CLIENT_CONTEXT, "{not json"));
    let _runtime = runtime(&lambda).start();

    lambda.idle(1);

    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
    assert_goes_on(&lambda);
}

#[test]
fn an_event_without_a_request_id_is_never_answered() {
    let (lambda, _runtime) = running();
    lambda.enqueue(event("id-1", &answer("x")).without("Lambda-Runtime-Aws-Request-Id"));
    lambda.enqueue(event("id-2", &answer("x")));

    lambda.complete_response("id-2");

    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
}

#[test]
fn a_request_id_is_percent_encoded_once() {
    let (lambda, _runtime) = running();
    lambda.enqueue(event("a/b c%", &answer("x")));

    let path = "/2018-06-01/runtime/invocation/a%2Fb%20c%25/response";
    assert_eq!(lambda.complete_response("/a%2Fb%20c%25").path(), path);
}

/// A runtime does not invent an id that was not sent.
#[test]
fn the_invocation_id_goes_back_unchanged() {
    let (lambda, _runtime) = running();
    for (id, sent) in [("id-1", None), ("id-2", Some("opaque-token=/+"))] {
        let mut event = event(id, &answer("x"));
        if let Some(token) = sent {
            event = event.header(INVOCATION_ID, token);
        }
        lambda.enqueue(event);
        let echoed = lambda
            .complete_response(id)
            .header("lambda-runtime-invocation-id");
        assert_eq!(echoed.as_deref(), sent);
    }
}

#[test]
fn an_unprintable_invocation_id_is_not_echoed() {
    let (lambda, _runtime) = running();
    lambda.enqueue(event("id-1", &answer("x")).header(INVOCATION_ID, b"a\x80b"));

    let response = lambda.complete_response("id-1");

    assert_eq!(response.header("lambda-runtime-invocation-id"), None);
    assert_eq!(response.body(), "x");
}

#[test]
fn the_largest_event_arrives() {
    let mut body = json!({ "steps": answer("x") }).to_string().into_bytes();
    body.resize(LARGEST_EVENT_BYTES, b' ');
    let mut largest = event("id-1", &answer("x"));
    largest.body = body;
    assert_handled(largest);
}

#[test]
fn status_202_with_an_event_is_an_event() {
    assert_handled(event("id-1", &answer("x")).status("202 Accepted"));
}

/// cargo-lambda's emulator responds so when it has no event.
#[test]
fn status_204_means_to_ask_again() {
    let (lambda, _runtime) = running();
    for _ in 0..3 {
        lambda.enqueue(Event::none("204 No Content", Fate::Keep));
    }
    lambda.enqueue(event("id-1", &answer("x")));

    assert_eq!(lambda.complete_response("id-1").body(), "x");
}

/// An incomplete event is not an event.
#[test]
fn an_event_that_is_cut_short_is_not_handled() {
    let (lambda, _runtime) = running();
    let cut = event("id-1", &answer("x")).chunked(10).cut(5);
    lambda.enqueue(cut);
    lambda.enqueue(event("id-2", &answer("x")));

    lambda.complete_response("id-2");

    let posts = lambda.look(|seen| seen.posts().len());
    assert_eq!(posts, 1);
    let end = lambda.look(|seen| seen.posts()[0].end);
    assert_eq!(end, End::Clean);
}
