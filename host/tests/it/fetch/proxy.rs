//! The example `llm-proxy` between a caller and a model.

use std::io;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Fate, Post, Recorder};
use bootstream_test_support::{PATIENCE, assert_contains, guests, pause};
use serde_json::json;

use super::peer::{Call, Peer};

/// Starts the proxy in front of this model, and asks a question.
fn ask(lambda: &Recorder, model: &Peer) -> Running {
    let host = Bootstrap::with_handler(lambda, &guests::component("llm_proxy"));
    let settings = format!(
        "pass-env = ['LLM_PROVIDER', 'LLM_URL']\n{}[secrets]\nOPENAI_API_KEY = ['{}']\n",
        model.allowed(),
        model.url("")
    );
    std::fs::write(host.package().join("bootstream.toml"), settings)
        .expect("a file in a fresh folder");
    let host = host
        .env("LLM_PROVIDER", "openai")
        .env("LLM_URL", &model.url(""))
        .env("OPENAI_API_KEY", "s3cret")
        .start();
    let question = json!({"messages": [{"role": "user", "content": "Hello?"}]});
    let event = json!({
        "version": "2.0", "rawPath": "/chat", "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/chat"}},
        "body": question.to_string(), "isBase64Encoded": false
    });
    lambda.enqueue(Event::new("id-1", event.to_string()));
    host
}

fn begin(call: &mut Call) -> io::Result<()> {
    call.body_bytes()?;
    assert_eq!(call.header("authorization"), Some("Bearer s3cret"));
    call.begin()
}

fn token(call: &mut Call, text: &str) -> io::Result<()> {
    let chunk = json!({"choices": [{"delta": {"content": text}}]});
    call.chunk(format!("data: {chunk}\n\n"))
}

#[test]
fn each_token_leaves_before_the_next_one_is_known() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let model = Peer::start(move |call| {
        begin(call)?;
        for text in ["one", "two", "three"] {
            token(call, text)?;
            let waits = released.lock().map_err(|_| io::ErrorKind::Other)?;
            waits.recv_timeout(PATIENCE).map_err(io::Error::other)?;
        }
        call.chunk("data: [DONE]\n\n")?;
        call.send("0\r\n\r\n")
    });
    let lambda = Recorder::start();
    let _host = ask(&lambda, &model);

    for text in ["one", "two", "three"] {
        let sent = format!("data: {{\"text\":\"{text}\"}}\n\n");
        lambda.delay_of_chunk("id-1", |chunk| chunk.ends_with(sent.as_bytes()));
        release.send(()).expect("the model waits");
    }

    let body = lambda.complete_response("id-1").body();
    assert!(body.ends_with("event: done\ndata: {}\n\n"), "{body}");
}

#[test]
fn a_model_that_dies_in_the_middle_fails_the_stream() {
    let model = Peer::start(|call| {
        begin(call)?;
        token(call, "half")
    });
    let lambda = Recorder::start();
    let _host = ask(&lambda, &model);

    let response = lambda.failed_response("id-1", "Function.Error");

    assert_eq!(response.body(), "data: {\"text\":\"half\"}\n\n");
    assert_contains(
        &response.trailer_document().to_string(),
        "the response broke off",
    );
}

#[test]
fn a_caller_that_leaves_ends_the_request_to_the_model() {
    let (gone, is_gone) = mpsc::channel();
    let model = Peer::start(move |call| {
        begin(call)?;
        while token(call, "more").is_ok() {
            pause(Duration::from_millis(2));
        }
        let _ = gone.send(());
        Ok(())
    });
    let lambda = Recorder::start();
    let leaves = Post::status("413 Payload Too Large", "").early_after(400);
    lambda.on("id-1/response", leaves.fate(Fate::CloseAfter));
    let _host = ask(&lambda, &model);

    is_gone.recv_timeout(PATIENCE).expect("the request ends");
}

#[test]
fn a_model_that_refuses_fails_the_invocation_before_the_response() {
    let model = Peer::start(|call| {
        call.body_bytes()?;
        call.respond("401 Unauthorized", "no such key")
    });
    let lambda = Recorder::start();
    let _host = ask(&lambda, &model);

    let error = lambda.reported_error("id-1", "Function.Error");

    assert_contains(
        &error.error_message(),
        "status 401 Unauthorized: no such key",
    );
}
