//! The guest that tries to leave its sandbox.

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

/// A host with that guest and these settings in its package.
#[track_caller]
pub(crate) fn host(lambda: &Recorder, settings: &str) -> Bootstrap {
    let host = Bootstrap::with_handler(lambda, &guests::component("reaching_guest"));
    std::fs::write(host.package().join("bootstream.toml"), settings)
        .expect("a file in a fresh folder");
    host
}

/// The outcome of each of these steps.
#[track_caller]
pub(crate) fn outcomes(lambda: &Recorder, id: &str, steps: &Value) -> Vec<String> {
    lambda.script(id, steps);
    let response = lambda.complete_response(id);
    response.body().lines().map(ToOwned::to_owned).collect()
}

/// The one outcome of one step under these settings.
#[track_caller]
pub(crate) fn outcome(settings: &str, step: &Value) -> String {
    let lambda = Recorder::start();
    let _host = host(&lambda, settings).start();
    outcomes(&lambda, "id-1", &json!([step])).remove(0)
}

/// A step that requests `url`.
pub(crate) fn fetch(url: &str) -> Value {
    json!({"fetch": {"url": url}})
}
