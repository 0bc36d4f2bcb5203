//! `inspect`: what a component, its machine code or a package is.

use std::path::Path;

use bootstream_test_support::{ARCH, assert_contains};
use serde_json::{Value, json};

use crate::support::{
    bootstream, fail, failure, packages, ready_guest, scripted_guest, succeed, text,
};

/// What `inspect` prints for people, on standard output.
fn inspect(file: &Path) -> String {
    text(&succeed(bootstream(&["inspect"]).arg(file)).stdout)
}

fn inspect_json(file: &Path) -> Value {
    let output = succeed(bootstream(&["inspect", "--json"]).arg(file));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// A component as text that serves `wasi:http`, with this import.
fn proxy(import: &str) -> String {
    format!(
        r#"(component
            (import "{import}" (instance))
            (instance $it)
            (export "wasi:http/incoming-handler@0.2.6" (instance $it)))"#
    )
}

#[test]
fn a_component_is_described_with_its_world_imports_settings_and_tools() {
    let said = inspect(&scripted_guest());

    for wanted in [
        "scripted_guest.wasm (",
        "world: bootstream:handler/handler@0.1\n",
        "exports:\n  handle\n",
        "imports, WASI:\n  wasi:",
        "imports, contract:\n  bootstream:handler@0.1.1: ",
        "may need in bootstream.toml:\n",
        "  pass-env = [\"TABLE_NAME\"]  to see these variables of the function\n",
        "  language: Rust",
        "  tools: ",
    ] {
        assert_contains(&said, wanted);
    }
}

#[test]
fn programs_get_the_same_as_one_object() {
    let report = inspect_json(&scripted_guest());

    let component = &report["component"];
    let size = std::fs::metadata(scripted_guest()).unwrap().len();
    assert_eq!(component["bytes"], size);
    assert_eq!(component["world"], "bootstream:handler/handler@0.1");
    assert_eq!(component["refused"], Value::Null);
    assert_eq!(component["exports"], json!(["handle"]));
    let contract = component["imports"]["contract"].as_array().unwrap();
    assert!(contract.contains(&json!("bootstream:handler/response-stream@0.1.1")));
    assert_eq!(component["imports"]["other"], json!([]));
    assert_eq!(component["producers"]["languages"][0]["name"], "Rust");
    assert_eq!(report["runs"], true);
}

#[test]
fn settings_beside_a_component_are_compared_with_what_it_imports() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.wat");
    std::fs::write(&file, proxy("wasi:http/outgoing-handler@0.2.6")).unwrap();

    let before = inspect_json(&file);
    std::fs::write(folder.path().join("bootstream.toml"), "pass-env = []\n").unwrap();
    let unset = inspect(&file);
    let settings = "[outbound]\nallow = [\"a.example\"]\n";
    std::fs::write(folder.path().join("bootstream.toml"), settings).unwrap();
    let set = inspect(&file);

    let of_client = json!(["wasi:http/outgoing-handler@0.2.6"]);
    assert_eq!(before["component"]["imports"]["httpClient"], of_client);
    assert_eq!(before["component"]["world"], "wasi:http/proxy@0.2");
    assert_eq!(before["component"]["settings"][0]["isSet"], Value::Null);
    assert_contains(&unset, "to send requests to these hosts (not set)\n");
    assert_contains(&set, "to send requests to these hosts (set)\n");
}

#[test]
fn a_component_that_no_host_runs_is_described_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.wat");
    for (component, wanted) in [
        (
            proxy("acme:store/kv@0.1.0"),
            "imports `acme:store/kv@0.1.0`",
        ),
        (
            proxy("wasi:io/poll@0.2.6").replace(
                "@0.2.6\" (instance $it)",
                "@0.2.0-rc-2023-11-10\" (instance $it)",
            ),
            "it exports version 0.2.0-rc-2023-11-10 of `wasi:http/incoming-handler`",
        ),
        ("(component)".to_owned(), "it exports nothing"),
    ] {
        std::fs::write(&file, component).unwrap();

        let output = fail(bootstream(&["inspect"]).arg(&file));

        let said = text(&output.stdout);
        assert_contains(&said, &format!("world: none that the host runs: {wanted}"));
    }
}

#[test]
fn machine_code_is_described_by_its_stamp() {
    let said = inspect(&ready_guest());

    for wanted in [
        "scripted_guest.cwasm (",
        "  compiled by: Bootstream 0.1.0, Wasmtime ",
        &format!("  for: {ARCH}, "),
        "  from: a component of ",
        "  fits: a host of this release\n",
    ] {
        assert_contains(&said, wanted);
    }
    let report = inspect_json(&ready_guest());
    assert_eq!(report["component"], Value::Null);
    assert_eq!(report["machineCode"]["architecture"], ARCH);
}

#[test]
fn machine_code_of_another_component_is_told_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("x.wasm");
    std::fs::copy(crate::support::component("streaming_numbers"), &component).unwrap();
    std::fs::copy(ready_guest(), folder.path().join("x.cwasm")).unwrap();

    let report = inspect_json(&component);

    // A host with the compiler compiles it again.
    assert_eq!(report["runs"], true);
    let why = report["machineCode"]["refused"].as_str().unwrap();
    assert_contains(why, "compiled from another component");
}

#[test]
fn a_package_is_described_with_its_handler() {
    let said = inspect(&packages().join("function.zip"));

    for wanted in [
        "function.zip (",
        &format!("files, for {ARCH}\n"),
        "host: none, a layer has it\n",
        "settings: none\n",
        "\nhandler.wasm (",
        "world: bootstream:handler/handler@0.1\n",
        "machine code: handler.cwasm (",
        "  fits: a host of this release\n",
    ] {
        assert_contains(&said, wanted);
    }
    let layer = inspect_json(&packages().join("host-layer.zip"));
    assert_eq!(layer["hasHost"], true);
    assert_eq!(layer["architecture"], ARCH);
    assert_eq!(layer["handlers"], json!([]));
    assert_eq!(layer["findings"], json!([]));
}

#[test]
fn another_file_is_refused_with_what_to_pass() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.wasm");
    for (content, wanted) in [
        (
            &b"garbage"[..],
            "is neither a component nor machine code nor a zip",
        ),
        (b"\0asm\x01\0\0\0", "is neither a component"),
        (b"PK and nothing more", "is not a zip"),
        (
            b"\0asm\x0d\0\x01\0\x0b",
            "is damaged, or its end is missing",
        ),
        (b"(component", "expected `)`"),
    ] {
        std::fs::write(&file, content).unwrap();

        let said = failure(bootstream(&["inspect"]).arg(&file));

        assert_contains(&said, &format!("error: `{}`: ", file.display()));
        assert_contains(&said, wanted);
    }
    let missing = failure(&mut bootstream(&["inspect", "nowhere.wasm"]));
    assert_contains(&missing, "cannot read `nowhere.wasm`");
}
