//! Faults of the host itself: tasks that panic, are cancelled, or are dropped. None of them makes a response
//! look complete.

use std::path::PathBuf;
use std::time::Duration;

use bootstream_host::invocation::Invocation;
use bootstream_host::response::{self, ResponseWriter};
use bootstream_host::runtime_api::{Answer, Client};
use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{End, Event, Exchange, Recorder};
use bootstream_test_support::steps::{head, sleep_forever, write};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// The host with fault injection: `examples/faulty.rs`, which cargo builds with the tests.
fn faulty(lambda: &Recorder, fault: &str, at: &str) -> Bootstrap {
    let tests = std::env::current_exe().expect("the tests are a program");
    let profile = tests.ancestors().nth(2).expect("target/PROFILE/deps/TESTS");
    let executable: PathBuf = profile.join("examples/faulty");
    Bootstrap::with_executable(lambda, &executable, &guests::scripted()).env(fault, at)
}

/// The text a handler prints to make the host panic, or be cancelled.
const FAULT: &str = "a fault, please";

fn inject() -> Value {
    json!({"print": format!("{FAULT}\n")})
}

/// The host whose guest task panics at the handler's request.
fn panicking(lambda: &Recorder) -> Running {
    faulty(lambda, "FAULT_PANIC", FAULT).start()
}

#[test]
fn a_panic_of_the_guests_task_ends_the_response_in_trailers() {
    for begin in [head(200), write("part")] {
        let lambda = Recorder::start();
        lambda.script("id-1", &json!([begin, inject(), write("more"), "finish"]));
        let mut host = panicking(&lambda);

        assert!(!host.exit().success());

        let response = lambda.response("id-1");
        response.assert_failed("Runtime.Internal");
        assert!(!response.body().contains("more"));
    }
}

#[test]
fn a_panic_before_the_response_is_reported_as_an_error() {
    let lambda = Recorder::start();
    lambda.script("id-1", &json!([inject(), write("x"), "finish"]));
    let mut host = panicking(&lambda);

    assert!(!host.exit().success());

    assert_eq!(
        lambda.error("id-1").document()["errorType"],
        "Runtime.Internal"
    );
    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
}

#[test]
fn a_panic_after_the_end_of_the_response_does_not_undo_it() {
    let lambda = Recorder::start();
    lambda.script(
        "id-1",
        &json!([write("all"), "finish", {"sleep_ms": 200}, inject()]),
    );
    let mut host = panicking(&lambda);

    assert!(!host.exit().success());

    let response = lambda.response("id-1");
    response.assert_clean_end();
    assert_eq!(response.body(), "all");
}

/// A task other than the sender panics: every stream of the process breaks off.
#[test]
fn a_panic_of_a_workers_task_cuts_every_response() {
    let lambda = Recorder::start();
    let warning = "neither JSON nor base64 JSON";
    let mut host = faulty(&lambda, "FAULT_PANIC", warning)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "3")
        .start();
    lambda.idle(3);
    lambda.script("id-1", &json!([write("part"), sleep_forever(), "finish"]));
    lambda.script("id-2", &json!([write("part"), "loop_writing"]));
    lambda.first_chunk("id-1");
    lambda.first_chunk("id-2");

    let event = Event::script("id-3", &json!(["finish"]));
    lambda.enqueue(event.header("Lambda-Runtime-Client-Context", "{not json"));

    assert!(!host.exit().success());
    for id in ["id-1", "id-2"] {
        assert_cut(&lambda.response(id));
    }
}

#[test]
fn a_host_that_is_cancelled_cuts_the_response() {
    for last in [
        sleep_forever(),
        json!("loop_writing"),
        json!("loop_forever"),
    ] {
        let lambda = Recorder::start();
        lambda.script(
            "id-1",
            &json!([write("part"), {"sleep_ms": 200}, inject(), last, "finish"]),
        );
        let mut host = faulty(&lambda, "FAULT_CANCEL", FAULT).start();

        assert!(!host.exit().success());

        assert_cut(&lambda.response("id-1"));
    }
}

#[track_caller]
fn assert_cut(response: &Exchange) {
    assert_eq!(response.end, End::Truncated, "{response:?}");
    assert!(response.body().starts_with("part"));
}

/// Posts with the host's own client while `write` writes the body.
async fn posting(lambda: &Recorder, write: impl AsyncFnOnce(ResponseWriter)) -> Option<Answer> {
    let (writer, reader) = response::channel(None);
    let mut client = Client::new(lambda.address().parse().expect("an address"));
    let invocation = Invocation::new("id-1", Bytes::new());
    let answering = async {
        reader.started().await;
        client.respond(&invocation, reader.payload()).await.ok()
    };
    let (answer, ()) = tokio::join!(answering, write(writer));
    answer
}

#[tokio::test]
async fn a_dropped_writer_ends_the_response_in_trailers() {
    let lambda = Recorder::start();

    let answer = posting(&lambda, async |writer: ResponseWriter| {
        writer.write(b"part").await.expect("an open response");
        drop(writer);
    })
    .await;

    assert_eq!(answer, Some(Answer::Accepted));
    lambda.response("id-1").assert_failed("Runtime.Internal");
}

#[tokio::test]
async fn a_writer_whose_task_panics_or_is_aborted_ends_the_response_in_trailers() {
    for panics in [true, false] {
        let lambda = Recorder::start();

        let answer = posting(&lambda, async |writer: ResponseWriter| {
            let mut tasks = tokio::task::JoinSet::new();
            tasks.spawn(async move {
                writer.write(b"part").await.expect("an open response");
                assert!(!panics, "a fault was injected");
                std::future::pending::<()>().await;
            });
            tokio::time::sleep(Duration::from_millis(20)).await;
            tasks.abort_all();
            let ended = tasks.join_next().await.expect("a task");
            assert_eq!(ended.expect_err("it was ended").is_panic(), panics);
        })
        .await;

        assert_eq!(answer, Some(Answer::Accepted));
        lambda.response("id-1").assert_failed("Runtime.Internal");
    }
}

#[tokio::test]
async fn a_cancelled_post_cuts_the_response() {
    let lambda = Recorder::start();
    let (writer, reader) = response::channel(None);
    let mut client = Client::new(lambda.address().parse().expect("an address"));
    let invocation = Invocation::new("id-1", Bytes::new());
    writer.write(b"part").await.expect("an open response");

    tokio::select! {
        answer = client.respond(&invocation, reader.payload()) => panic!("{answer:?}"),
        () = tokio::time::sleep(Duration::from_millis(100)) => {}
    }
    // Ignored: this end comes too late.
    let _ = writer.finish();
    tokio::time::sleep(Duration::from_millis(10)).await;

    assert_cut(&lambda.response("id-1"));
}

/// A response with its first chunk written, and the future that sends it.
fn begun(
    lambda: &Recorder,
    runtime: &Runtime,
) -> (ResponseWriter, impl Future<Output = ()> + use<>) {
    let (writer, reader) = response::channel(None);
    let mut client = Client::new(lambda.address().parse().expect("an address"));
    runtime
        .block_on(writer.write(b"part"))
        .expect("an open response");
    let sending = async move {
        let invocation = Invocation::new("id-1", Bytes::new());
        let _ = client.respond(&invocation, reader.payload()).await;
    };
    (writer, sending)
}

#[test]
fn a_runtime_that_is_torn_down_cuts_the_response() {
    let lambda = Recorder::start();
    let runtime = Runtime::new().expect("a runtime can be made");
    let (writer, sending) = begun(&lambda, &runtime);
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn_on(sending, runtime.handle());
    lambda.first_chunk("id-1");

    drop(runtime);

    assert_cut(&lambda.response("id-1"));
    assert!(writer.finish().is_err());
}

#[test]
fn a_panic_of_the_task_that_sends_cuts_the_response() {
    let lambda = Recorder::start();
    let runtime = Runtime::new().expect("a runtime can be made");
    let (writer, sending) = begun(&lambda, &runtime);
    let (fault, faulted) = oneshot::channel::<()>();
    let sending = runtime.spawn(async move {
        tokio::select! {
            () = sending => {}
            _ = faulted => panic!("a fault was injected"),
        }
    });
    lambda.first_chunk("id-1");

    fault.send(()).expect("the task waits for it");

    let ended = runtime.block_on(sending);
    assert!(ended.expect_err("it panicked").is_panic());
    assert_cut(&lambda.response("id-1"));
    assert!(writer.finish().is_err());
}
