//! The HTTP client of the SDK, in a component, against servers that misbehave.

mod peer;
mod proxy;
mod refusals;
mod requests;
mod streams;
mod traces;

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

/// A host with the guest that sends requests, and these settings.
#[track_caller]
pub(crate) fn host(lambda: &Recorder, settings: &str) -> Bootstrap {
    let host = Bootstrap::with_handler(lambda, &guests::component("fetching_guest"));
    std::fs::write(host.package().join("bootstream.toml"), settings)
        .expect("a file in a fresh folder");
    host
}

/// The outcome of each of these requests.
#[track_caller]
fn outcomes(settings: &str, steps: &Value) -> Vec<String> {
    let lambda = Recorder::start();
    let _host = host(&lambda, settings).start();
    lambda.script("id-1", steps);
    let response = lambda.complete_response("id-1");
    response.body().lines().map(ToOwned::to_owned).collect()
}

/// The outcome of one request.
#[track_caller]
fn outcome(settings: &str, step: &Value) -> String {
    outcomes(settings, &json!([step])).remove(0)
}
