//! From a file in the package to a handler that responds, by either name.

use std::time::Duration;

use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, executable, serving};
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::write;
use serde_json::json;

/// Longest time from start to first poll. An idle machine takes a few hundredths of a second.
const START_BUDGET: Duration = Duration::from_secs(3);

#[test]
fn a_precompiled_handler_polls_soon() {
    let (lambda, host) = serving();

    lambda.polls(1);

    let polled = lambda.look(|seen| seen.polls()[0].began);
    assert!(polled - host.started < START_BUDGET);
}

/// The setting may omit the file's extension.
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

/// People start from the examples.
#[test]
fn every_example_answers_an_event() {
    for (name, text) in [
        ("streaming_numbers", "1"),
        ("server_sent_events", "data"),
        ("large_download", ""),
        ("llm_proxy", "<!doctype html>"),
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
