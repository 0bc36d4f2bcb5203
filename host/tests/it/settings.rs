//! `bootstream.toml` and the variables that override it, in the real process.

use std::path::Path;
use std::process::Command;

use bootstream_test_support::process::{Bootstrap, serving_with};
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::{head, head_with, write};
use bootstream_test_support::{assert_contains_all, guests};
use serde_json::{Value, json};

use crate::init::assert_init_error;

fn scripted(lambda: &Recorder, settings: &str) -> Bootstrap {
    Bootstrap::scripted(lambda).settings(settings)
}

#[test]
fn a_mistake_in_the_settings_is_an_init_error_with_its_place() {
    let invalid = "Runtime.InvalidConfiguration";
    for (settings, words) in [
        (
            "\n[limit]\nmemory-mib = 1",
            ["bootstream.toml:2", "`limit`", "`limits`"],
        ),
        (
            "limits.memory-mib = 'x'",
            ["bootstream.toml:1", "`limits.memory-mib`", "number"],
        ),
        (
            "outbound.allow = ['*']",
            ["bootstream.toml:1", "`outbound.allow`", "a host"],
        ),
        ("x = ", ["bootstream.toml:1", "", ""]),
    ] {
        let lambda = Recorder::start();
        assert_init_error(&lambda, scripted(&lambda, settings), invalid, &words);
    }
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda).env("BOOTSTREAM_PASS_ENVS", "A");
    let words = ["`BOOTSTREAM_PASS_ENVS`", "`BOOTSTREAM_PASS_ENV`"];
    assert_init_error(&lambda, host, invalid, &words);
}

/// A developer's shell may export them, and a host started there inherits them.
#[test]
fn variables_of_the_projects_tools_do_not_stop_the_host() {
    let (lambda, _host) = serving_with(&[
        ("BOOTSTREAM_NO_RUSTUP", "1"),
        ("BOOTSTREAM_BOOTSTRAP", "/somewhere/bootstrap"),
    ]);
    lambda.script("id-1", &json!([write("fine")]));
    assert_eq!(lambda.complete_response("id-1").body(), "fine");
}

#[test]
fn a_secret_for_a_host_that_is_not_allowed_is_warned_of_at_the_start() {
    let lambda = Recorder::start();
    let settings = "outbound.allow = ['api.example.com']\n\
                    [secrets]\nKEY = ['api.example.com', 'other.example.com']\n";
    let host = scripted(&lambda, settings).env("KEY", "s3cret").start();
    lambda.idle(1);

    let line = host.logged("WARN");

    assert_contains_all(&line, ["`KEY`", "`other.example.com`", "`outbound.allow`"]);
    assert_eq!(host.stdout().len(), 1, "{:?}", host.stdout());
}

#[test]
fn a_variable_overrides_the_file() {
    let lambda = Recorder::start();
    let _host = scripted(&lambda, "pass-env = ['A', 'B']\n")
        .env("BOOTSTREAM_PASS_ENV", "B")
        .env("A", "1")
        .env("B", "2")
        .start();
    lambda.script("id-1", &json!(["write_env"]));
    let seen = lambda.complete_response("id-1").body();
    let seen: Value = serde_json::from_str(&seen).expect("JSON");
    assert_eq!(seen, json!({"B": "2"}));
}

/// A file's checksum by `sha256sum`.
#[track_caller]
fn sha256sum(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output();
    let output = output.expect("sha256sum is part of every system");
    let text = String::from_utf8(output.stdout).expect("ASCII");
    text.split(' ').next().expect("a digest").to_owned()
}

#[test]
fn a_handler_that_is_not_the_pinned_one_is_not_loaded() {
    let pinned = "0".repeat(64);
    let actual = sha256sum(&guests::scripted());
    let lambda = Recorder::start();
    let host = scripted(&lambda, &format!("handler-sha256 = '{pinned}'"));
    let words = ["handler.wasm", &actual, &pinned, "`handler-sha256`"];
    assert_init_error(&lambda, host, "Runtime.InvalidComponent", &words);
}

/// One bit of the machine code has changed since it was pinned.
#[test]
fn pinned_machine_code_that_was_changed_is_not_loaded() {
    let pinned = sha256sum(&guests::scripted());
    let mut code = std::fs::read(guests::scripted()).expect("it is compiled");
    let middle = code.len() / 2;
    code[middle] ^= 1;
    let lambda = Recorder::start();
    let host =
        Bootstrap::with_handler_bytes(&lambda, &code).env("BOOTSTREAM_HANDLER_SHA256", &pinned);
    let actual = sha256sum(&host.package().join("handler.wasm"));
    assert_ne!(actual, pinned);
    let words = ["handler.wasm", &actual, &pinned, "`handler-sha256`"];
    assert_init_error(&lambda, host, "Runtime.InvalidComponent", &words);
}

#[test]
fn the_pinned_handler_is_loaded() {
    let digest = sha256sum(&guests::scripted());
    for pin in [format!("sha256:{digest}"), digest.to_uppercase()] {
        let lambda = Recorder::start();
        let _host = scripted(&lambda, &format!("handler-sha256 = '{pin}'")).start();
        lambda.script("id-1", &json!([write("pinned")]));
        assert_eq!(lambda.complete_response("id-1").body(), "pinned");
    }
}

/// A setting without effect would seem to have one.
#[cfg(not(feature = "outbound-http"))]
#[test]
fn a_build_without_outbound_http_refuses_the_list_of_hosts() {
    let lambda = Recorder::start();
    let host = scripted(&lambda, "outbound.allow = ['a.example']");
    let words = ["bootstream.toml:1", "`outbound.allow`", "`outbound-http`"];
    assert_init_error(&lambda, host, "Runtime.InvalidConfiguration", &words);
}

/// Each limit has a setting, and an error that names the limit, the usage and the setting.
#[test]
fn a_limit_that_is_reached_is_reported_with_its_setting() {
    let lambda = Recorder::start();
    let mut host = scripted(
        &lambda,
        "[limits]\nmemory-mib = 16\nstack-kib = 64\nevent-kib = 2\nhostcall-kib = 128\n\
         response-mib = 1\nresponse-writes = 20\n",
    )
    .start();
    let bytes = |len: usize| json!({"write_bytes": {"len": len, "fill": 97}});
    let large = bytes(100_000);
    for (id, steps, error_type, words) in [
        (
            "memory",
            json!([{"grow_memory": 64_000_000}]),
            "Function.OutOfMemory",
            ["16 MiB", "`limits.memory-mib`"],
        ),
        (
            "stack",
            json!(["recurse_forever"]),
            "Function.StackOverflow",
            ["64 KiB", "`limits.stack-kib`"],
        ),
        (
            "event",
            json!([{"write": "x".repeat(3000)}]),
            "Function.LimitExceeded",
            ["2048", "`limits.event-kib`"],
        ),
        (
            "call",
            json!([bytes(200_000)]),
            "Function.LimitExceeded",
            ["128 KiB", "`limits.hostcall-kib`"],
        ),
    ] {
        lambda.script(id, &steps);
        let message = lambda.reported_error(id, error_type).error_message();
        assert_contains_all(&message, words);
    }
    for (id, steps, words) in [
        (
            "bytes",
            vec![large; 12],
            ["limit of 1048576", "`limits.response-mib`"],
        ),
        (
            "writes",
            vec![write("x"); 21],
            ["limit of 20", "`limits.response-writes`"],
        ),
    ] {
        lambda.script(id, &json!([vec![head(200)], steps].concat()));
        let response = lambda.failed_response(id, "Function.LimitExceeded");
        let document = response.trailer_document();
        let message = document["errorMessage"].as_str().expect("a text");
        assert_contains_all(message, words);
    }
    lambda.enqueue(Event::script("after", &json!([write("fine")])));
    assert_eq!(lambda.complete_response("after").body(), "fine");
    host.assert_running();
}

/// Some function URLs reportedly hold back responses without a body.
#[test]
fn a_response_without_a_body_gets_a_line_feed_if_that_is_asked_for() {
    let empty = |status| json!([head(status), "finish"]);
    let with_length = json!([head_with(&[("content-length", "0")]), "finish"]);
    for (settings, padding) in [("", ""), ("response.empty = 'line-feed'", "\n")] {
        let lambda = Recorder::start();
        let _host = scripted(&lambda, settings).start();
        for (id, steps, body) in [
            ("head", empty(204), padding),
            ("redirect", empty(307), padding),
            ("nothing", json!([]), padding),
            ("empty-write", json!([write("")]), padding),
            ("length", with_length.clone(), ""),
            ("text", json!([write("text")]), "text"),
        ] {
            lambda.script(id, &steps);
            assert_eq!(lambda.complete_response(id).body(), body, "{id}");
        }
        lambda.script("failed", &json!([head(200), "trap"]));
        let failed = lambda.failed_response("failed", "Function.Trap");
        assert_eq!(failed.body(), "");
    }
}
