//! The same component and requests in `wasmtime serve` and in `bootstream dev`. See `tests/clients/judges`.

use std::path::Path;
use std::process::Command;

use bootstream_test_support::{built, guests};
use serde_json::Value;

use super::dev;
use super::serve::Serve;
use crate::support::text;

const REQUESTS: u64 = 1000;

#[track_caller]
fn compare(world: &str, component: &str, options: &[&str]) {
    let component = guests::source(component);
    let serve = Serve::start(&component, options);
    let dev = dev(&component);
    let port = dev.endpoint();
    let port = port.rsplit(':').next().expect("a port");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judges/differential.py");
    let output = Command::new(built("clients/python/bin/python"))
        // The repository stays as it is.
        .arg("-B")
        .arg(script)
        .args([world, serve.port(), port, "1", &REQUESTS.to_string()])
        .output()
        .expect("Python starts");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let summary: Value =
        serde_json::from_str(said.lines().last().expect("a summary")).expect("JSON");
    assert_eq!(summary["requests"], REQUESTS);
    // As many as the generator makes: nothing was left out.
    assert!(summary["described"].as_u64() > Some(200), "{summary}");
    assert!(summary["ends"].as_u64() > Some(10), "{summary}");
}

#[test]
fn a_thousand_requests_of_wasi_0_2_get_the_responses_of_wasmtime_serve() {
    compare("proxies", "wasi_http_guest", &["-Scli"]);
}

#[test]
fn a_thousand_requests_of_wasi_0_3_get_the_responses_of_wasmtime_serve() {
    compare(
        "services",
        "service_guest",
        &["-Scli,p3", "-Wcomponent-model-async"],
    );
}
