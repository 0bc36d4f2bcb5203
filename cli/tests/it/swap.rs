//! Replacing the component of a running local Lambda.

use std::path::{Path, PathBuf};

use bootstream_test_support::assert_contains;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Dev, End, component, ready_guest, script, scripted_guest};

/// A copy of the scripted guest that may be overwritten.
fn copy() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let path = folder.path().join("handler.wasm");
    std::fs::copy(scripted_guest(), &path).expect("temporary files are writable");
    (folder, path)
}

fn replace(path: &Path, with: &Path) {
    let next = path.with_extension("next");
    std::fs::copy(with, &next).expect("temporary files are writable");
    std::fs::rename(next, path).expect("temporary files are writable");
}

#[test]
fn a_new_component_serves_while_open_streams_finish_on_the_old_one() {
    let (_folder, handler) = copy();
    let mut dev = Dev::start(&handler, &[]);
    let slow = script(&json!([{"write": "a"}, {"sleep_ms": 8000}, {"write": "b"}]));
    let mut old = dev.invoke(&slow);
    assert_eq!(old.chunk(), Ok("a".to_owned()));

    std::fs::copy(component("streaming_numbers"), &handler).unwrap();
    dev.wait_for("swapped to the new");

    let (body, end) = dev.invoke("{}").rest();
    assert_contains(&body, "Number: 1");
    assert_eq!(end, End::Complete);
    old.assert_body("b");
}

#[test]
fn a_component_may_be_replaced_by_a_rename() {
    let (_folder, handler) = copy();
    let mut dev = Dev::start(&handler, &[]);
    dev.wait_for("is ready");

    replace(&handler, &component("streaming_numbers"));
    dev.wait_for("swapped to the new");
    replace(&handler, &scripted_guest());
    dev.wait_for("swapped to the new");

    dev.assert_serves();
}

#[test]
fn settings_are_taken_when_they_are_written_changed_or_removed() {
    let (folder, handler) = copy();
    let settings = folder.path().join("bootstream.toml");
    let mut dev = Dev::start(&handler, &["--env", "A=1"]);
    let seen = |dev: &Dev| dev.invoke(&script(&json!(["write_env"]))).rest().0;
    assert!(!seen(&dev).contains("\"A\""));

    std::fs::write(&settings, "pass-env = ['A']").unwrap();
    let line = dev.wait_for("swapped to the new");
    assert_contains(&line, "bootstream.toml");
    assert!(seen(&dev).contains("\"A\":\"1\""));

    std::fs::write(&settings, "pass-env = 'A'").unwrap();
    let line = dev.wait_for("kept the old version");
    assert_contains(&line, "bootstream.toml:1");
    assert!(seen(&dev).contains("\"A\":\"1\""));

    std::fs::remove_file(&settings).unwrap();
    dev.wait_for("swapped to the new");
    assert!(!seen(&dev).contains("\"A\""));
}

#[test]
fn a_broken_component_leaves_the_old_one_in_place() {
    let (_folder, handler) = copy();
    let mut dev = Dev::start(&handler, &[]);
    dev.wait_for("is ready");

    std::fs::write(&handler, "garbage").unwrap();

    let line = dev.wait_for("kept the old version");
    assert_contains(&line, "is not WebAssembly");
    let response = dev.invoke(&script(&json!([{"write": "still here"}])));
    response.assert_body("still here");
}

#[test]
fn callers_see_bootstrap_s_refusal_until_the_component_is_replaced() {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let handler = folder.path().join("handler.cwasm");
    let good = std::fs::read(ready_guest()).unwrap();
    let mut broken = good.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    std::fs::write(&handler, &broken).unwrap();
    let mut dev = Dev::start(&handler, &[]);
    dev.wait_until_seen("the handler does not start");

    // Each call starts a process, and each process reports an init error.
    for _ in 0..2 {
        let response = dev.invoke("{}");
        assert_eq!(response.status, 502);
        let document = response.json();
        let error_type = document["errorType"].as_str().unwrap();
        assert!(error_type.starts_with("Runtime."), "{document}");
        assert_ne!(error_type, "Runtime.ExitError", "{document}");
    }
    std::fs::write(&handler, &good).unwrap();
    dev.wait_for("swapped to the new");

    dev.assert_serves();
}
