//! From a file in the package to a handler that answers: precompiled or not, by either name.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::init::assert_invalid;
use crate::support::guests;
use crate::support::process::{Bootstrap, executable};
use crate::support::recorder::{Event, Recorder};
use crate::support::steps::write;

/// From the start to the first poll. Takes a few hundredths of a second on an idle machine.
const START_BUDGET: Duration = Duration::from_secs(3);

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
