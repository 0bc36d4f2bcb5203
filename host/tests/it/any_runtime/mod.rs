//! The conformance suite: cases that a handler of any runtime can express, judged only by the bytes on the
//! wire.
//!
//! `CONFORMANCE_BOOTSTRAP` names the executable; `scripts/conformance.sh` makes a table of several. The
//! handlers interpret their event as a script in the language of `test-guests/README.md`.

mod concurrency;
mod errors;
mod peers;
mod polling;
mod streaming;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{End, Event, Exchange, Recorder};
use bootstream_test_support::steps::write;
use serde_json::{Value, json};

/// The runtime under test, with every variable that Lambda always sets: some runtimes require them.
#[track_caller]
fn runtime(lambda: &Recorder) -> Bootstrap {
    Bootstrap::scripted(lambda)
        .env("AWS_LAMBDA_FUNCTION_NAME", "function")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
        .env("AWS_REGION", "us-east-1")
}

/// A running runtime under test, and its Runtime API.
#[track_caller]
fn running() -> (Recorder, Running) {
    let lambda = Recorder::start();
    let runtime = runtime(&lambda).start();
    (lambda, runtime)
}

/// An event with everything that Lambda always sends.
fn event(id: &str, steps: &Value) -> Event {
    Event::script(id, steps)
        .header("Content-Type", "application/json")
        .header(
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:123456789012:function:function",
        )
        .header(
            "Lambda-Runtime-Trace-Id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        )
}

/// Runs one script and returns its response, which must be complete.
#[track_caller]
fn run(steps: &Value) -> Exchange {
    let (lambda, _runtime) = running();
    lambda.enqueue(event("id-1", steps));
    lambda.complete_response("id-1")
}

/// A head with this status, as every handler can write it.
fn head(status: u16) -> Value {
    json!({"write_headers": {"status": status, "headers": [["content-type", "text/plain"]]}})
}

/// Serves one more event, which shows that the process goes on.
#[track_caller]
fn assert_goes_on(lambda: &Recorder) {
    lambda.enqueue(event(
        "next-one",
        &json!([head(200), write("fine"), "finish"]),
    ));
    let response = lambda.response("next-one");
    response.assert_clean_end();
    assert_eq!(response.body(), "fine");
}

/// The reported failure of an invocation.
struct Failure {
    error_type: String,
    document: Value,
    exchange: Exchange,
}

/// Waits for this invocation to fail, either with an error report or, as some runtimes do, with a response
/// of trailers alone.
#[track_caller]
fn failure_before_a_response(lambda: &Recorder, id: &str) -> Failure {
    let answer = format!("{id}/");
    let exchange = lambda.wait(&format!("an answer to {id}"), |seen| {
        let mut posts = seen.posts().into_iter();
        let post = posts.find(|post| post.path().contains(&answer))?;
        (post.end != End::Open).then(|| post.clone())
    });
    if exchange.path().ends_with("/error") {
        return Failure {
            error_type: exchange
                .header("lambda-runtime-function-error-type")
                .unwrap_or_default(),
            document: exchange.document(),
            exchange,
        };
    }
    assert_eq!(exchange.data(), b"", "a failure sent as a response");
    failure_in_a_response(exchange)
}

/// Takes the failure from the trailers of a response.
#[track_caller]
fn failure_in_a_response(exchange: Exchange) -> Failure {
    assert_eq!(exchange.end, End::Trailers, "{exchange:?}");
    Failure {
        error_type: exchange.trailer_error_type(),
        document: exchange.trailer_document(),
        exchange,
    }
}
