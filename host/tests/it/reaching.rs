//! The guest that tries to leave its sandbox.

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

use crate::web::Web;

/// A host with that guest and these settings in its package.
#[track_caller]
pub(crate) fn host(lambda: &Recorder, settings: &str) -> Bootstrap {
    let host = Bootstrap::with_handler(lambda, &guests::component("reaching_guest"));
    std::fs::write(host.package().join("bootstream.toml"), settings)
        .expect("a file in a fresh folder");
    host
}

/// Settings that allow the server and its address.
pub(crate) fn allow(web: &Web) -> String {
    let port = web.port();
    format!(
        "[outbound]\nallow = ['http://127.0.0.1:{port}', 'http://localhost:{port}']\n\
         private-addresses = ['127.0.0.1', '::1']\n"
    )
}

/// A host that may send requests to a server of its own over TLS, whose certificate is for `localhost`.
#[track_caller]
pub(crate) fn host_with_tls(lambda: &Recorder, settings: &str) -> (Bootstrap, Web) {
    let (web, certificate) = Web::start_tls("localhost");
    let port = web.port();
    let settings = format!(
        "[outbound]\nallow = ['localhost:{port}']\nprivate-addresses = ['127.0.0.1', '::1']\n\
         ca-file = 'ca.pem'\n{}",
        settings.replace("{port}", &port.to_string())
    );
    let host = host(lambda, &settings);
    std::fs::write(host.package().join("ca.pem"), certificate).expect("a file in a fresh folder");
    (host, web)
}

/// The outcome of each of these steps.
#[track_caller]
pub(crate) fn outcomes(lambda: &Recorder, id: &str, steps: &Value) -> Vec<String> {
    outcomes_of(lambda, id, Event::script(id, steps))
}

/// The outcome of each of these steps, which the invocation of a tenant takes.
#[track_caller]
pub(crate) fn outcomes_for(
    lambda: &Recorder,
    id: &str,
    tenant: &str,
    steps: &Value,
) -> Vec<String> {
    let event = Event::script(id, steps).header("Lambda-Runtime-Aws-Tenant-Id", tenant);
    outcomes_of(lambda, id, event)
}

#[track_caller]
fn outcomes_of(lambda: &Recorder, id: &str, event: Event) -> Vec<String> {
    lambda.enqueue(event);
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
