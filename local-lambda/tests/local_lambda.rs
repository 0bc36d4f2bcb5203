//! Starts a real function as a test in another project would.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bootstream_test_support::{built, guests};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use local_lambda::{FrontEnd, LocalLambda, Observer, Options, Report, RequestOutcome, StartError};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Pause of the function in its stream. A reader that waits for the whole stream takes at least as
/// long.
const PAUSE: Duration = Duration::from_secs(2);

/// Timeout of each step. Only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

fn bootstrap() -> PathBuf {
    built("lambda/bootstrap")
}

/// Sends a request, and returns the response once it has a head.
async fn post(url: &str, body: String, connection: &mut JoinSet<()>) -> Response<Incoming> {
    let uri: http::Uri = url.parse().expect("a URL");
    let authority = uri.authority().expect("a host").as_str().to_owned();
    let stream = TcpStream::connect(&authority)
        .await
        .expect("the local Lambda listens");
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("a connection");
    connection.spawn(async {
        // The response reports how the connection ended.
        let _ = driver.await;
    });
    let request = Request::post(uri.path())
        .header("host", authority)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .expect("a request");
    sender.send_request(request).await.expect("a response")
}

#[tokio::test]
async fn a_function_streams_over_http_and_to_a_direct_caller() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&outcomes);
    let options = Options::new(bootstrap(), guests::scripted())
        .front_end(FrontEnd::Rest)
        .observer(Observer::new(move |report| {
            if let Report::Request(request) = report {
                let is_complete = matches!(request.outcome, RequestOutcome::Complete);
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.push((request.status.as_u16(), request.bytes, is_complete));
            }
        }));
    let lambda = LocalLambda::start(options).await.expect("a function");
    let pause = u64::try_from(PAUSE.as_millis()).expect("a short pause");
    let script = json!({ "steps": [
        { "write_headers": { "status": 201, "headers": [["x-a", "b"]] } },
        { "write": "first" }, { "sleep_ms": pause }, { "write": "second" }, "finish",
    ] });

    let mut connection = JoinSet::new();
    let url = format!("{}/", lambda.url());
    let response = timeout(PATIENCE, post(&url, script.to_string(), &mut connection))
        .await
        .expect("a response in time");
    let began = Instant::now();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-a"], "b");
    let mut body = response.into_body();
    let first = body.frame().await.expect("a chunk").expect("a whole chunk");
    assert_eq!(first.into_data().expect("data"), "first");
    assert!(began.elapsed() < PAUSE, "{:?}", began.elapsed());
    let rest = body.collect().await.expect("a clean end").to_bytes();
    assert_eq!(rest, "second");

    let mut response = lambda.invoke(script.to_string()).await.expect("a head");
    assert_eq!(response.head.status, 201);
    let mut chunks = Vec::new();
    while let Some(chunk) = response.chunk().await.expect("a clean end") {
        chunks.push(chunk);
    }
    assert_eq!(chunks, ["first", "second"]);

    let outcomes = outcomes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    assert_eq!(outcomes, [(201, "firstsecond".len(), true)]);
    timeout(PATIENCE, lambda.stop())
        .await
        .expect("an end in time");
}

#[tokio::test]
async fn a_stream_that_fails_is_an_error_and_not_an_end() {
    let lambda = LocalLambda::start(Options::new(bootstrap(), guests::scripted()))
        .await
        .expect("a function");
    let script = json!({ "steps": [
        { "write_headers": { "status": 200 } }, { "write": "part" }, "trap",
    ] });

    let mut response = lambda.invoke(script.to_string()).await.expect("a head");

    assert_eq!(response.chunk().await.expect("a chunk").unwrap(), "part");
    let failure = response.chunk().await.unwrap_err();
    assert_eq!(failure.error_type, "Function.Trap");
    let failure = lambda.invoke("not JSON").await.unwrap_err();
    assert_eq!(failure.error_type, "InvalidRequestContentException");
    lambda.stop().await;
}

#[tokio::test]
async fn what_cannot_start_is_named() {
    let handler = Options::new("bootstrap", "handler.zip");
    let error = LocalLambda::start(handler).await.unwrap_err();
    assert!(matches!(error, StartError::NotAHandler(_)), "{error}");

    let missing = Options::new("bootstrap", "/nowhere/handler.wasm");
    let error = LocalLambda::start(missing).await.unwrap_err();
    assert!(
        error.to_string().contains("/nowhere/handler.wasm"),
        "{error}"
    );

    // `bootstrap` reads the settings in the task root.
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, "[limits]\nno-such-setting = 1\n").expect("a file");
    let options = Options::new(bootstrap(), guests::scripted()).settings(settings);
    let error = LocalLambda::start(options).await.unwrap_err();
    let StartError::Function(failure) = error else {
        panic!("{error}");
    };
    assert!(failure.message.contains("no-such-setting"), "{failure}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address");
    let options = Options::new("bootstrap", "handler.wasm").address(address);
    let error = LocalLambda::start(options).await.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}
