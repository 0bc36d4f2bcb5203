//! What a handler's requests have cost, beside its invocation.

use bootstream_test_support::assert_contains;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::console::get;
use crate::support::{Dev, component, script, serve};

fn project(url: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler.wasm");
    std::fs::copy(component("reaching_guest"), handler).unwrap();
    let settings = format!("outbound.allow = ['{url}']\n");
    std::fs::write(folder.path().join("bootstream.toml"), settings).unwrap();
    folder
}

#[test]
fn a_request_of_a_handler_is_shown_with_its_cost() {
    let url = serve(|_| b"hello".to_vec());
    let folder = project(&url);
    let mut dev = Dev::start(&folder.path().join("handler.wasm"), &[]);
    let fetch = json!({"fetch": {"url": url}});

    // In one invocation: a second one may get another environment, which has connections of its own.
    dev.invoke(&script(&json!([fetch, fetch]))).rest();

    for used in ["new", "kept"] {
        let line = dev.wait_for(&format!("{used} connection"));
        assert_contains(&line, &format!("  the handler requested GET {url}  200  "));
        for part in ["  wait ", "  first byte ", "  total ", " B out, 43 B in"] {
            assert_contains(&line, part);
        }
    }
    let raw = dev.lines().iter().filter(|line| line.contains("waitMs="));
    assert_eq!(raw.count(), 0);
}

#[test]
fn machines_get_an_object_for_each_request_of_a_handler() {
    let url = serve(|_| b"hello".to_vec());
    let folder = project(&url);
    let mut dev = Dev::start(&folder.path().join("handler.wasm"), &["--json"]);

    dev.invoke(&script(&json!([{"fetch": {"url": url}}])))
        .rest();

    let console = dev.console();
    let line = dev.wait_for("\"type\":\"outbound\"");
    let request: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(request["destination"], url);
    assert_eq!(
        (&request["method"], &request["status"]),
        (&json!("GET"), &json!(200))
    );
    assert_eq!(
        (&request["connection"], &request["bytesIn"]),
        (&json!("new"), &json!(43))
    );
    for time in ["waitMs", "firstByteMs", "totalMs"] {
        assert!(request[time].is_f64(), "{request}");
    }
    // The console has the same object, and when the request ended.
    let id = request["requestId"].as_str().expect("an id");
    let mut recorded = get(&console, &format!("/api/invocations/{id}")).json();
    let mut recorded = recorded["outbound"][0].take();
    let ended = recorded.as_object_mut().and_then(|it| it.remove("at"));
    assert!(ended.is_some_and(|at| at.is_u64()));
    assert_eq!(recorded, request);
}
