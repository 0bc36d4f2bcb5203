//! From process start to the first poll, and everything that can go wrong in between.

use std::path::Path;
use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, executable};
use bootstream_test_support::recorder::{Post, Recorder};
use bootstream_test_support::{assert_contains, assert_contains_all, guests, pause};

/// Asserts that this host fails to start, reports it to Lambda, and logs why in one line with these words.
#[track_caller]
pub(crate) fn assert_init_error(
    lambda: &Recorder,
    host: Bootstrap,
    error_type: &str,
    words: &[&str],
) {
    let mut host = host.start();

    let status = host.exit();

    assert!(!status.success());
    let lines = host.stdout();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(host.stderr(), [""; 0]);
    let error = lambda.request("/2018-06-01/runtime/init/error");
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
    let header = error.header("lambda-runtime-function-error-type");
    assert_eq!(header.as_deref(), Some(error_type));
    let document = error.document();
    assert_eq!(document["errorType"], error_type);
    let message = document["errorMessage"].as_str().expect("a text");
    assert_contains_all(message, words);
    assert_contains(&lines[0], message);
    assert!(document["stackTrace"].is_array());
}

#[track_caller]
pub(crate) fn assert_invalid(lambda: &Recorder, host: Bootstrap, words: &[&str]) {
    let words = [&["handler.wasm"], words].concat();
    assert_init_error(lambda, host, "Runtime.InvalidComponent", &words);
}

/// Asserts that the handler in text form is refused with these words.
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
fn a_file_that_is_not_webassembly_is_an_init_error() {
    for bytes in [&b"PK\x03\x04 garbage"[..], b"", b"\0as"] {
        let lambda = Recorder::start();
        let host = Bootstrap::with_handler_bytes(&lambda, bytes);
        assert_invalid(&lambda, host, &["neither", "bootstream build"]);
    }
}

#[test]
fn foreign_machine_code_is_an_init_error() {
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
        assert_text_invalid(name, &["bootstream:handler", version, "0.1.1", advice]);
    }
}

#[test]
fn an_invalid_variable_is_an_init_error() {
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "lots"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "soon"),
        ("BOOTSTREAM_PASS_ENV", "TABLE,AWS_SECRET_ACCESS_KEY"),
    ] {
        let lambda = Recorder::start();
        let host = Bootstrap::scripted(&lambda).env(name, value);
        assert_init_error(&lambda, host, "Runtime.InvalidConfiguration", &[name]);
    }
}

/// Another worker process may have reported first.
#[test]
fn a_refused_init_error_is_not_repeated() {
    let lambda = Recorder::start();
    let refusal = "{\"errorType\":\"InvalidStateTransition\"}\n";
    lambda.on("/init/error", Post::status("403 Forbidden", refusal));
    let mut host = Bootstrap::with_handler_bytes(&lambda, b"garbage").start();

    assert!(!host.exit().success());

    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
    let lines = host.stdout();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, words) in lines.iter().zip([
        ["WARN", "403", "InvalidStateTransition"],
        ["ERROR", "neither", "component"],
    ]) {
        assert_contains_all(line, words);
    }
}

#[test]
fn a_timer_that_cannot_be_created_is_an_init_error() {
    let lambda = Recorder::start();
    let host = without_timers(&lambda);
    assert_init_error(&lambda, host, "Runtime.Internal", &["timer", "ulimit -i"]);
}

/// A host that cannot create timers, each of which needs a pending signal: the limit on those is 0.
#[track_caller]
pub(crate) fn without_timers(lambda: &Recorder) -> Bootstrap {
    let limited = Path::new("/usr/bin/prlimit");
    Bootstrap::with_executable(lambda, limited, &guests::scripted())
        .args(["--sigpending=0".into(), executable()])
}

/// A process waits for the Runtime API even if it only has an error to report.
#[test]
fn an_init_error_waits_for_a_runtime_api_that_opens_late() {
    let lambda = Recorder::closed();
    let mut host = Bootstrap::with_handler_bytes(&lambda, b"garbage").start();

    pause(Duration::from_millis(500));
    lambda.open();

    assert!(!host.exit().success());
    let error = lambda.request("/init/error").document();
    assert_eq!(error["errorType"], "Runtime.InvalidComponent");
}

#[test]
fn an_init_error_that_cannot_be_reported_is_still_logged() {
    let lambda = Recorder::closed();
    let mut host = Bootstrap::with_handler_bytes(&lambda, b"garbage").start();

    assert!(!host.exit().success());
    host.logged("neither");
}

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
        assert_contains_all(&lines[0], words);
    }
}
