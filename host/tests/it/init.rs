//! From the start of the process to the first poll, and everything that can go wrong there.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::support::guests;
use crate::support::process::{Bootstrap, executable};
use crate::support::recorder::{Event, Post, Recorder};
use crate::support::steps::write;

/// From the start to the first poll. Takes a few hundredths of a second on an idle machine.
const START_BUDGET: Duration = Duration::from_secs(3);

/// Asserts that this host fails to start, tells Lambda, and says why in one line with these words.
#[track_caller]
fn assert_init_error(lambda: &Recorder, host: Bootstrap, error_type: &str, words: &[&str]) {
    let mut host = host.start();

    let status = host.exit();

    assert!(!status.success());
    let lines = host.stdout();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(host.stderr(), [""; 0]);
    for word in words {
        assert!(lines[0].contains(word), "no `{word}` in `{}`", lines[0]);
    }
    let error = lambda.request("/2018-06-01/runtime/init/error");
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    let header = error.header("lambda-runtime-function-error-type");
    assert_eq!(header.as_deref(), Some(error_type));
    let document = error.document();
    assert_eq!(document["errorType"], error_type);
    let message = document["errorMessage"].as_str().expect("a text");
    assert!(lines[0].contains(message), "{message}");
    assert!(document["stackTrace"].is_array());
}

#[track_caller]
fn assert_invalid(lambda: &Recorder, host: Bootstrap, words: &[&str]) {
    let words = [&["handler.wasm"], words].concat();
    assert_init_error(lambda, host, "Runtime.InvalidComponent", &words);
}

/// Asserts that the handler of this text is refused for this reason, with this advice.
#[track_caller]
fn assert_text_invalid(name: &str, words: &[&str]) {
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &guests::text(name));
    assert_invalid(&lambda, host, words);
}

#[test]
fn a_missing_handler_is_an_init_error() {
    let lambda = Recorder::start();
    let host = Bootstrap::with_package(&lambda, &executable());
    let package = host.package().display().to_string();
    let words = [package.as_str(), "no handler", "handler.wasm", "set the"];
    assert_init_error(&lambda, host, "Runtime.HandlerNotFound", &words);
}

#[test]
fn a_handler_outside_the_package_is_an_init_error() {
    for name in ["../handler.wasm", "/etc/passwd"] {
        let lambda = Recorder::start();
        let host = Bootstrap::scripted(&lambda).env("_HANDLER", name);
        let words = ["_HANDLER", name];
        assert_init_error(&lambda, host, "Runtime.HandlerNotFound", &words);
    }
}

#[test]
fn a_handler_that_is_not_named_is_an_init_error() {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda).without_env("_HANDLER");
    let words = ["_HANDLER", "is not set", "set the"];
    assert_init_error(&lambda, host, "Runtime.InvalidConfiguration", &words);
}

#[test]
fn a_core_module_is_an_init_error() {
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler_bytes(&lambda, b"\0asm\x01\0\0\0");
    let words = ["core WebAssembly module", "bootstream build"];
    assert_invalid(&lambda, host, &words);
}

#[test]
fn a_file_that_is_no_webassembly_is_an_init_error() {
    for bytes in [&b"PK\x03\x04 garbage"[..], b"", b"\0as"] {
        let lambda = Recorder::start();
        let host = Bootstrap::with_handler_bytes(&lambda, bytes);
        assert_invalid(&lambda, host, &["neither", "bootstream build"]);
    }
}

#[test]
fn machine_code_of_somebody_else_is_an_init_error() {
    let other_program = std::fs::read(executable()).expect("the executable can be read");
    let truncated = std::fs::read(guests::scripted()).expect("the guest can be read");
    for bytes in [
        b"\x7fELF garbage".as_slice(),
        &other_program,
        &truncated[..truncated.len() / 2],
    ] {
        let lambda = Recorder::start();
        let host = Bootstrap::with_handler_bytes(&lambda, bytes);
        assert_invalid(&lambda, host, &["precompiled", "bootstream compile"]);
    }
}

#[test]
fn a_component_of_another_world_is_an_init_error() {
    for (name, reason) in [
        ("exports_nothing.wat", "exports nothing"),
        ("other_world.wat", "`run`"),
        ("handle_of_another_type.wat", "another type"),
        ("foreign_import.wat", "acme:queue/publish"),
    ] {
        assert_text_invalid(name, &[reason, "not a Bootstream handler", "build it"]);
    }
}

#[test]
fn a_component_of_another_version_is_an_init_error() {
    for (name, version, advice) in [
        ("newer_contract.wat", "0.2.0", "update"),
        ("older_contract.wat", "0.0.9", "build the handler again"),
        ("later_patch.wat", "0.1.7", "update"),
    ] {
        assert_text_invalid(name, &["bootstream:handler", version, "0.1.0", advice]);
    }
}

#[test]
fn a_variable_that_makes_no_sense_is_an_init_error() {
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "lots"),
        ("BOOTSTREAM_PASS_ENV", "TABLE,AWS_SECRET_ACCESS_KEY"),
    ] {
        let lambda = Recorder::start();
        let host = Bootstrap::scripted(&lambda).env(name, value);
        assert_init_error(&lambda, host, "Runtime.InvalidConfiguration", &[name]);
    }
}

/// Case 90: another worker process may have reported first.
#[test]
fn a_refused_init_error_is_not_repeated() {
    let lambda = Recorder::start();
    lambda.on("/init/error", Post::status("403 Forbidden", "{}\n"));
    let host = Bootstrap::with_handler_bytes(&lambda, b"garbage");
    assert_invalid(&lambda, host, &["neither"]);
}

#[test]
fn an_init_error_that_cannot_be_reported_is_still_logged() {
    let lambda = Recorder::closed();
    let mut host = Bootstrap::with_handler_bytes(&lambda, b"garbage").start();

    assert!(!host.exit().success());
    host.logged("neither");
}

/// Case 91.
#[test]
fn without_a_runtime_api_the_process_says_so_and_ends() {
    let lambda = Recorder::start();
    for (value, words) in [
        (None, ["AWS_LAMBDA_RUNTIME_API", "is not set", "dev"]),
        (Some(""), ["AWS_LAMBDA_RUNTIME_API", "is not set", "dev"]),
        (Some("no address"), ["AWS_LAMBDA_RUNTIME_API", "no", "host"]),
    ] {
        let host = Bootstrap::scripted(&lambda).without_env("AWS_LAMBDA_RUNTIME_API");
        let host = match value {
            Some(value) => host.env("AWS_LAMBDA_RUNTIME_API", value),
            None => host,
        };
        let mut host = host.start();

        assert!(!host.exit().success());
        let lines = host.stdout();
        assert_eq!(lines.len(), 1, "{lines:?}");
        for word in words {
            assert!(lines[0].contains(word), "{lines:?}");
        }
    }
}

/// Case 96.
#[test]
fn a_precompiled_handler_polls_soon() {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda).start();

    lambda.polls(1);

    let polled = lambda.look(|seen| seen.polls()[0].began);
    assert!(polled - host.started < START_BUDGET);
}

/// A package with `bootstrap`, a handler that was not precompiled and, perhaps, the compiler.
fn layer(with_compiler: bool) -> tempfile::TempDir {
    let layer = tempfile::tempdir().expect("a folder");
    // Not links: the host looks for the compiler where its own file is.
    let copy = |from: &Path, name: &str| {
        std::fs::copy(from, layer.path().join(name)).expect("a copy");
    };
    copy(&executable(), "bootstrap");
    if with_compiler {
        copy(&guests::compiler(), "bootstream-compile");
    }
    layer
}

#[test]
fn a_handler_that_was_not_precompiled_is_compiled_at_the_start() {
    let layer = layer(true);
    let lambda = Recorder::start();
    lambda.script("id-1", &json!([write("compiled")]));
    let host = Bootstrap::with_package(&lambda, &layer.path().join("bootstrap"));
    let handler = host.package().join("handler.wasm");
    std::fs::copy(guests::source("scripted_guest"), handler).expect("a copy");
    let host = host.start();

    assert_eq!(lambda.complete_response("id-1").body(), "compiled");
    host.logged("bootstream compile");
}

#[test]
fn a_handler_that_was_not_precompiled_needs_the_compiler() {
    let layer = layer(false);
    let lambda = Recorder::start();
    let host = Bootstrap::with_package(&lambda, &layer.path().join("bootstrap"));
    let handler = host.package().join("handler.wasm");
    std::fs::copy(guests::source("scripted_guest"), handler).expect("a copy");
    let words = [
        "not precompiled",
        "bootstream-compile",
        "bootstream compile",
    ];
    assert_invalid(&lambda, host, &words);
}

#[test]
fn a_handler_that_does_not_compile_is_an_init_error() {
    let layer = layer(true);
    let lambda = Recorder::start();
    let host = Bootstrap::with_package(&lambda, &layer.path().join("bootstrap"));
    let handler = host.package().join("handler.wasm");
    std::fs::write(handler, b"\0asm\x0d\0\x01\0 and then garbage").expect("a file");
    assert_invalid(&lambda, host, &["cannot be compiled"]);
}

/// The file may be named with or without its extension.
#[test]
fn a_handler_is_found_by_its_bare_name() {
    for extension in ["wasm", "cwasm"] {
        let lambda = Recorder::start();
        let host = Bootstrap::with_package(&lambda, &executable()).env("_HANDLER", "sub/hello");
        let folder = host.package().join("sub");
        std::fs::create_dir(&folder).expect("a folder");
        let file = folder.join(format!("hello.{extension}"));
        std::fs::copy(guests::scripted(), file).expect("a copy");
        lambda.script("id-1", &json!([write("found")]));
        let _host = host.start();

        assert_eq!(lambda.complete_response("id-1").body(), "found");
    }
}

/// The examples are what people start from.
#[test]
fn every_example_answers_an_event() {
    for (name, text) in [
        ("streaming_numbers", "1"),
        ("server_sent_events", "data"),
        ("large_download", ""),
    ] {
        let lambda = Recorder::start();
        let event = json!({
            "version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {},
            "requestContext": {"http": {"method": "GET", "path": "/"}},
            "isBase64Encoded": false
        });
        lambda.enqueue(Event::new("id-1", event.to_string()));
        let _host = Bootstrap::with_handler(&lambda, &guests::component(name)).start();

        let response = lambda.complete_response("id-1");

        let (prelude, body) = response.prelude_and_body();
        assert_eq!(prelude["statusCode"], 200, "{name}");
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(text), "{name}");
    }
}
