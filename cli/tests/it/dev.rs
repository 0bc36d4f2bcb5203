//! The local Lambda from a caller's point of view.

use std::time::{Duration, Instant};

use bootstream_test_support::assert_contains;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Dev, End, bootstream, failure, ready_guest, script, signal};

#[test]
fn the_handler_decides_status_headers_and_cookies() {
    let dev = Dev::start(&ready_guest(), &[]);

    let response = dev.invoke(&script(&json!([
        {"write_headers": {
            "status": 201,
            "headers": [["content-type", "text/plain"], ["x-one", "1"], ["content-length", "5"]],
            "cookies": ["a=1", "b=2"],
        }},
        {"write": "hello"},
        "finish",
    ])));

    assert_eq!(response.status, 201);
    response.assert_header("content-type", &["text/plain"]);
    response.assert_header("x-one", &["1"]);
    response.assert_header("set-cookie", &["a=1", "b=2"]);
    response.assert_header("x-amzn-remapped-content-length", &["5"]);
    response.assert_body("hello");
}

#[test]
fn chunks_arrive_while_the_handler_is_at_work() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write": "a"}, {"sleep_ms": 2000}, {"write": "b"}]);

    let mut response = dev.invoke(&script(&steps));

    assert_eq!(response.chunk(), Ok("a".to_owned()));
    let first = Instant::now();
    assert_eq!(response.chunk(), Ok("b".to_owned()));
    assert!(
        first.elapsed() > Duration::from_millis(1000),
        "{:?}",
        first.elapsed()
    );
    assert_eq!(response.chunk(), Err(End::Complete));
}

#[test]
fn a_failure_before_the_first_byte_is_502_with_the_error_document() {
    let mut dev = Dev::start(&ready_guest(), &[]);

    let response = dev.invoke(&script(&json!([{"error": "no luck"}])));

    assert_eq!(response.status, 502);
    response.assert_header("x-amz-function-error", &["Unhandled"]);
    let document = response.json();
    assert_eq!(document["errorType"], "Function.Error");
    assert!(
        document["errorMessage"]
            .as_str()
            .unwrap()
            .contains("no luck"),
        "{document}"
    );
    dev.wait_for("no luck");
}

#[test]
fn a_failure_before_the_first_byte_is_not_shown_to_a_browser() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([{"error": "no luck"}]));

    let response = dev.post("/page", &steps);

    assert_eq!(response.status, 502);
    assert_eq!(response.rest().0, "Internal Server Error");
}

#[test]
fn a_failure_after_the_first_byte_cuts_the_stream() {
    let mut dev = Dev::start(&ready_guest(), &[]);

    let response = dev.invoke(&script(&json!([{"write": "part"}, "trap"])));

    assert_eq!(response.status, 200);
    response.assert_cut("part");
    dev.wait_for("Function.Trap");
}

#[test]
fn any_other_request_is_a_function_url_event() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([
        {"write_headers": {"status": 404, "headers": [["content-type", "text/html"]]}},
        {"write": "<p>"},
    ]));

    let response = dev.send(
        "PUT",
        "/p%20q?a=1",
        &[("content-type", "application/json")],
        &steps,
    );

    assert_eq!(response.status, 404);
    response.assert_header("content-type", &["text/html"]);
    response.assert_body("<p>");
}

#[test]
fn a_status_without_a_body_has_none() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([{"write_headers": {"status": 204}}, {"write": "dropped"}]));

    let response = dev.invoke(&steps);

    assert_eq!(response.status, 204);
    response.assert_header("transfer-encoding", &[]);
}

#[test]
fn invocations_run_side_by_side() {
    let dev = Dev::start(&ready_guest(), &[]);
    let slow = script(&json!([{"write": "a"}, {"sleep_ms": 3000}, {"write": "b"}]));
    let mut first = dev.invoke(&slow);
    assert_eq!(first.chunk(), Ok("a".to_owned()));
    let began = Instant::now();

    dev.assert_serves();
    assert_eq!(dev.environments().len(), 2);
    assert!(
        began.elapsed() < Duration::from_millis(2500),
        "the second waited for the first"
    );
    first.assert_body("b");
}

#[test]
fn callers_beyond_the_concurrency_wait_their_turn() {
    let dev = Dev::start(&ready_guest(), &["--concurrency", "1"]);
    let slow = script(&json!([{"write": "a"}, {"sleep_ms": 1000}, {"write": "b"}]));
    let mut first = dev.invoke(&slow);
    assert_eq!(first.chunk(), Ok("a".to_owned()));

    dev.assert_serves();
    assert_eq!(dev.environments().len(), 1);
    first.assert_body("b");
}

#[test]
fn a_process_that_is_killed_in_the_middle_is_replaced() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write": "a"}, {"sleep_ms": 30_000}, {"write": "b"}]);
    let mut response = dev.invoke(&script(&steps));
    assert_eq!(response.chunk(), Ok("a".to_owned()));

    for pid in dev.environments() {
        signal(pid, Signal::KILL);
    }

    response.assert_cut("");
    dev.wait_for("Runtime.ExitError");
    dev.assert_serves();
}

#[test]
fn a_handler_that_takes_too_long_is_stopped() {
    let mut dev = Dev::start(&ready_guest(), &["--timeout", "1"]);

    let response = dev.invoke(&script(&json!(["loop_forever"])));

    assert_eq!(response.status, 502);
    dev.wait_for("total");
    dev.assert_serves();
}

#[test]
fn a_process_that_hangs_is_killed_when_its_time_is_over() {
    let mut dev = Dev::start(&ready_guest(), &["--timeout", "2"]);
    let steps = json!([{"write": "a"}, {"sleep_ms": 30_000}, {"write": "b"}]);
    let mut response = dev.invoke(&script(&steps));
    assert_eq!(response.chunk(), Ok("a".to_owned()));

    // A stopped process cannot stop its handler.
    for pid in dev.environments() {
        signal(pid, Signal::STOP);
    }

    response.assert_cut("");
    dev.wait_for("Task timed out after 2.00 seconds");
    dev.assert_serves();
}

#[test]
fn a_caller_that_leaves_does_not_stop_the_handler() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([
        {"write": "a"},
        {"sleep_ms": 1000},
        {"write_many": {"count": 2000, "chunk": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
        {"eprint": "reached the end\n"},
    ]);
    let mut response = dev.invoke(&script(&steps));
    assert_eq!(response.chunk(), Ok("a".to_owned()));

    drop(response);

    dev.wait_for("the caller left");
    dev.wait_for("reached the end");
}

#[test]
fn sigterm_ends_the_server_and_its_processes() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    dev.wait_for("is ready");
    let environments = dev.environments();
    assert_eq!(environments.len(), 1);

    assert_eq!(dev.terminate(), Some(0));

    for pid in environments {
        assert!(
            !std::path::Path::new(&format!("/proc/{pid}")).exists(),
            "{pid} still runs"
        );
    }
}

#[test]
fn the_caller_learns_why_bootstrap_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("bootstrap");
    std::fs::write(&broken, "#!/bin/sh\nexit 3\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&broken, mode).unwrap();
    let dev = Dev::start(&ready_guest(), &["--bootstrap", broken.to_str().unwrap()]);

    let response = dev.invoke("{}");

    assert_eq!(response.status, 502);
    let document = response.json();
    assert_eq!(document["errorType"], "Runtime.ExitError");
    assert_eq!(
        document["errorMessage"],
        "RequestId: init Error: Runtime exited with error: exit status 3"
    );
}

#[test]
fn a_bootstrap_that_is_not_there_is_named() {
    let said = failure(&mut bootstream(&[
        "dev",
        "--bootstrap",
        "/nowhere",
        "handler.wasm",
    ]));

    assert_eq!(
        said,
        "error: there is no bootstrap at `/nowhere`: \
         build it with `scripts/build-bootstrap.sh`\n"
    );
}

/// QEMU emulates a processor of 2008 and its features only.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_processor_that_is_too_old_for_bootstrap_is_named() {
    let here = bootstream(&[]);
    let mut there = std::process::Command::new("qemu-x86_64");
    there.args(["-cpu", "Nehalem"]).arg(here.get_program());

    let said = failure(there.arg("dev").arg(ready_guest()));

    assert_eq!(
        said,
        "error: this machine's processor is older than x86-64-v3: neither `bootstrap` nor precompiled \
         components run on it; use a newer one, like those of AWS Lambda\n"
    );
}

#[test]
fn machines_get_an_object_for_each_line() {
    let mut dev = Dev::start(&ready_guest(), &["--json"]);
    let steps = script(&json!([{"eprint": "a line\n"}, {"write": "hi"}]));

    dev.invoke(&steps).rest();

    for seen in ["\"type\":\"invocation\"", "\"type\":\"usage\"", "a line"] {
        dev.wait_until_seen(seen);
    }
    let objects: Vec<Value> = dev
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    let of = |kind: &str| objects.iter().find(|it| it["type"] == kind).unwrap();
    let invocation = of("invocation");
    assert_eq!(invocation["request"], "POST /invoke");
    assert_eq!(invocation["status"], 200);
    assert_eq!(invocation["bytes"], 2);
    assert_eq!(invocation["error"], Value::Null);
    assert!(invocation["totalMs"].is_u64(), "{invocation}");
    assert_eq!(of("log")["requestId"], invocation["requestId"]);
    assert_eq!(of("message")["level"], "info");
    let usage = of("usage");
    assert_eq!(usage["requestId"], invocation["requestId"]);
    assert_eq!(usage["bytesWritten"], 2);
    assert!(usage["milliseconds"].is_u64(), "{usage}");
    let memory = usage["memoryMib"].as_u64().unwrap();
    assert!((1..100).contains(&memory), "{usage}");
    let raw = objects
        .iter()
        .filter(|it| it["line"].to_string().contains("usage"));
    assert_eq!(raw.count(), 0, "{objects:?}");
}

#[test]
fn people_get_a_line_for_each_invocation_and_its_log_beside_it() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([
        {"write_headers": {"status": 201}}, {"eprint": "a line\n"}, {"write": "hello"}, "trap",
    ]));

    let response = dev.post("/p?q", &steps);
    let id = response.header("x-amzn-requestid")[0].to_owned();
    response.rest();

    let line = dev.wait_for("POST /p");
    let tag = id.split('-').next().unwrap();
    assert!(
        line.starts_with(&format!("{tag}  POST /p  201  first byte ")),
        "{line}"
    );
    assert_contains(&line, " total ");
    assert_contains(&line, "  5 B in 1 chunk  Function.Trap: ");
    let frame = dev.wait_for("trap at ");
    assert_contains(&frame, "resources.rs:");
    dev.wait_until_seen("a line");
    dev.wait_until_seen(&format!("{tag}  the handler used "));
    let of_guest = |line: &&String| line.contains("a line");
    let log = dev.lines().iter().find(of_guest).unwrap();
    assert!(log.starts_with(&format!("{tag} | ")), "{log}");
    dev.wait_until_seen("handler failed");
    let failed = |line: &&String| line.contains("handler failed");
    let log = dev.lines().iter().find(failed).unwrap();
    for spent in ["memoryMib=", "milliseconds="] {
        assert_contains(log, spent);
    }
}
