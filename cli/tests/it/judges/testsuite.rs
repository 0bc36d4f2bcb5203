//! The services of the WASI testsuite. See `tests/foreign/wasi-testsuite`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde::Deserialize;

use super::dev;
use crate::support::{Dev, End, signal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    #[expect(dead_code, reason = "the component says which world it is")]
    world: String,
    #[expect(
        dead_code,
        reason = "a host without the proposal does not run the component"
    )]
    proposals: Vec<String>,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Operation {
    Run,
    Request(Request),
    Kill { signal: String },
    Wait,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    response: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/foreign/wasi-testsuite")
        .join(name)
}

/// Plays the operations of a test as the suite's runner does. Returns the number of requests.
fn play(name: &str) -> usize {
    let json = std::fs::read(file(&format!("{name}.json"))).expect("the test is there");
    let test: Test = serde_json::from_slice(&json).expect("operations that are known");
    let mut running: Option<Dev> = None;
    let mut requests = 0;
    for operation in test.operations {
        match operation {
            Operation::Run => running = Some(dev(&file(&format!("{name}.wasm")))),
            Operation::Request(request) => {
                check(running.as_ref().expect("it was started"), &request);
                requests += 1;
            }
            Operation::Kill { signal: name } => {
                assert_eq!(name, "SIGINT");
                let pid = running.as_ref().expect("it was started").pid();
                signal(pid.try_into().expect("pids are small"), Signal::INT);
            }
            Operation::Wait => {
                let ended = running.as_mut().expect("it was started").wait();
                assert_eq!(ended, Some(0));
            }
        }
    }
    requests
}

fn check(dev: &Dev, request: &Request) {
    let Request {
        method,
        path,
        headers,
        body,
        response: expected,
    } = request;
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let response = dev.send(method, path, &headers, body);
    assert_eq!(response.status, expected.status, "{method} {path}");
    for (name, value) in &expected.headers {
        response.assert_header(name, &[value]);
    }
    let expected = (expected.body.clone(), End::Complete);
    assert_eq!(response.rest(), expected, "{method} {path}");
}

#[test]
fn http_service() {
    assert_eq!(play("http-service"), 4);
}

#[test]
fn http_service_echo() {
    assert_eq!(play("http-service-echo"), 4);
}

/// `wasmtime serve` 48 fails this one: it does not tell the service scheme and authority.
#[test]
fn http_service_uri() {
    assert_eq!(play("http-service-uri"), 1);
}
