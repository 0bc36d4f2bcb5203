//! Components of `wasi:http/proxy` of WASI 0.2.

mod documents;
mod ends;
mod heads;
mod hostile;
mod instances;
mod limits;
mod loading;
mod logging;
mod requests;
mod streaming;

use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Exchange, Recorder};
use serde_json::{Value, json};

use crate::documents::through;

/// A host with the scripted component and these settings in its package.
#[track_caller]
fn host(lambda: &Recorder, settings: &str) -> Bootstrap {
    let host = Bootstrap::with_handler(lambda, &guests::component("wasi_http_guest"));
    std::fs::write(host.package().join("bootstream.toml"), settings)
        .expect("a file in a fresh folder");
    host
}

/// A running host with these settings, and its Runtime API.
#[track_caller]
fn serving(settings: &str) -> (Recorder, Running) {
    let lambda = Recorder::start();
    let host = host(&lambda, settings).start();
    (lambda, host)
}

/// A function URL's event with a script as its body.
fn event(id: &str, steps: &Value) -> Event {
    Event::new(id, through("url", steps).to_string())
}

/// Runs one script, whose response must be complete.
#[track_caller]
fn run(steps: &Value) -> Exchange {
    let (lambda, _host) = serving("");
    lambda.enqueue(event("id-1", steps));
    lambda.complete_response("id-1")
}

/// Starts a response of status 200.
fn respond() -> Value {
    json!({"respond": {}})
}

fn write(text: &str) -> Value {
    json!({ "write": text })
}

/// A step that must have an outcome with this beginning.
fn expect(step: &Value, result: &str) -> Value {
    json!({"expect": {"step": step, "result": result}})
}
