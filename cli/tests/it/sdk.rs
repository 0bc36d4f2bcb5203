//! The Invoke API, as SDKs speak it.

use std::time::{Duration, Instant};

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bootstream_test_support::assert_contains;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Dev, End, Response, ready_guest, script, signal, text};

const STREAM: &str = "/2021-11-15/functions/f/response-streaming-invocations";
const INVOKE: &str = "/2015-03-31/functions/f/invocations";

/// Reads the next frame, which the server writes as one chunk.
#[track_caller]
fn frame(response: &mut Response) -> (String, Vec<u8>) {
    let chunk = response.raw_chunk().expect("a frame");
    named(&read_message_from(chunk.as_slice()).expect("a valid frame"))
}

#[track_caller]
fn named(message: &Message) -> (String, Vec<u8>) {
    let header = |name: &str| {
        let header = message
            .headers()
            .iter()
            .find(|it| it.name().as_str() == name);
        let value = header.expect(name).value().as_string().expect("a string");
        value.as_str().to_owned()
    };
    assert_eq!(header(":message-type"), "event");
    let event = header(":event-type");
    let content_type = match event.as_str() {
        "PayloadChunk" => "application/octet-stream",
        _ => "application/json",
    };
    assert_eq!(header(":content-type"), content_type);
    (event, message.payload().to_vec())
}

/// Reads to the end. Returns the joined payload, and the content of `InvokeComplete`.
#[track_caller]
fn collect(mut response: Response) -> (String, Value) {
    let mut payload = Vec::new();
    loop {
        let (event, bytes) = frame(&mut response);
        if event == "PayloadChunk" {
            payload.extend(bytes);
            continue;
        }
        assert_eq!(event, "InvokeComplete");
        assert_eq!(response.raw_chunk(), Err(End::Complete));
        let complete = serde_json::from_slice(&bytes).expect("a JSON document");
        return (text(&payload), complete);
    }
}

#[test]
fn a_stream_comes_in_frames_with_its_prelude_and_an_end() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([
        {"write_headers": {"status": 200, "headers": [["content-type", "text/plain"]]}},
        {"write": "hello "}, {"write": "world"}, "finish",
    ]));

    let response = dev.send("POST", STREAM, &[], &steps);

    assert_eq!(response.status, 200);
    response.assert_header("content-type", &["application/vnd.amazon.eventstream"]);
    response.assert_header("x-amz-executed-version", &["$LATEST"]);
    assert_eq!(response.header("x-amzn-requestid")[0].len(), 36);
    let (payload, complete) = collect(response);
    let (prelude, body) = payload.split_once("\0\0\0\0\0\0\0\0").expect("a delimiter");
    let prelude: Value = serde_json::from_str(prelude).unwrap();
    assert_eq!(prelude["statusCode"], 200);
    assert_eq!(body, "hello world");
    assert_eq!(complete, json!({}));
}

#[test]
fn a_frame_is_sent_while_the_function_is_at_work() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([{"write": "a"}, {"sleep_ms": 500}, {"write": "b"}]));

    let mut response = dev.send("POST", STREAM, &[], &steps);

    let mut arrivals = Vec::new();
    while let (event, bytes) = frame(&mut response)
        && event == "PayloadChunk"
    {
        arrivals.push((text(&bytes), Instant::now()));
    }
    let at = |letter: &str| arrivals.iter().find(|it| it.0.ends_with(letter)).unwrap().1;
    assert!(
        at("b") - at("a") >= Duration::from_millis(400),
        "{arrivals:?}"
    );
}

#[test]
fn a_failure_is_reported_in_the_last_frame() {
    let mut dev = Dev::start(&ready_guest(), &["--timeout", "1"]);
    for (steps, payload, code, details) in [
        (json!(["trap"]), "", "Function.Trap", "errorMessage"),
        (
            json!([{"write": "part"}, {"error": "late"}]),
            "part",
            "Function.Error",
            "late",
        ),
        (
            json!([{"write": "a"}, {"sleep_ms": 30_000}]),
            "a",
            "Function.DeadlineExceeded",
            "timeout",
        ),
    ] {
        let response = dev.send("POST", STREAM, &[], &script(&steps));

        assert_eq!(response.status, 200);
        let (seen, complete) = collect(response);
        assert!(seen.ends_with(payload), "{seen}");
        assert_eq!(seen.is_empty(), payload.is_empty(), "{seen}");
        assert!(
            complete["ErrorCode"].as_str().unwrap().starts_with(code),
            "{complete}"
        );
        assert!(
            complete["ErrorDetails"].as_str().unwrap().contains(details),
            "{complete}"
        );
    }
    dev.wait_for("Function.Trap");
}

#[test]
fn the_end_of_a_process_is_reported_in_the_last_frame() {
    for (kill, code, details) in [
        (Signal::KILL, "Runtime.ExitError", "signal"),
        // A stopped process cannot stop its handler.
        (
            Signal::STOP,
            "Sandbox.Timedout",
            "Task timed out after 2.00 seconds",
        ),
    ] {
        let dev = Dev::start(&ready_guest(), &["--timeout", "2"]);
        let steps = json!([{"write": "a"}, {"sleep_ms": 30_000}]);
        let mut response = dev.send("POST", STREAM, &[], &script(&steps));
        assert_eq!(frame(&mut response).0, "PayloadChunk");

        for pid in dev.environments() {
            signal(pid, kill);
        }

        let (_, complete) = collect(response);
        assert_eq!(complete["ErrorCode"], code);
        let seen = complete["ErrorDetails"].as_str().unwrap();
        assert_contains(seen, details);
        let next = dev.send("POST", STREAM, &[], &script(&json!([{"write": "c"}])));
        assert_eq!(collect(next).1, json!({}));
    }
}

#[test]
fn the_log_of_the_invocation_comes_with_the_end_if_asked_for() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = |text: &str| script(&json!([{"eprint": text}, {"write": "x"}]));
    collect(dev.send("POST", STREAM, &[], &steps("before\n")));

    let tail = [("x-amz-log-type", "Tail")];
    let (_, complete) = collect(dev.send("POST", STREAM, &tail, &steps("this one\n")));
    let invoked = dev.send("POST", INVOKE, &tail, &steps(&"x".repeat(9000)));

    let log = STANDARD
        .decode(complete["LogResult"].as_str().unwrap())
        .unwrap();
    assert!(text(&log).contains("this one"), "{}", text(&log));
    assert!(!text(&log).contains("before"), "{}", text(&log));
    let log = STANDARD
        .decode(invoked.header("x-amz-log-result")[0])
        .unwrap();
    assert_eq!(log.len(), 4096);
}

#[test]
fn every_name_reaches_the_function() {
    let dev = Dev::start(&ready_guest(), &[]);
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:scripted-guest";
    let context = script(&json!(["write_context"]));
    for (name, query, qualifier) in [
        ("scripted-guest", "", ""),
        ("scripted-guest:live", "", ":live"),
        ("123456789012:function:scripted-guest", "?Qualifier=7", ":7"),
        (
            "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Ascripted-guest",
            "?Qualifier=%24LATEST",
            ":$LATEST",
        ),
    ] {
        let path = format!("/2021-11-15/functions/{name}/response-streaming-invocations{query}");

        let response = dev.send("POST", &path, &[], &context);

        let version = if qualifier == ":7" { "7" } else { "$LATEST" };
        response.assert_header("x-amz-executed-version", &[version]);
        let (seen, _) = collect(response);
        assert!(
            seen.contains(&format!("\"{arn}{qualifier}\"")),
            "{name}: {seen}"
        );
    }
}

#[test]
fn a_dry_run_and_an_event_are_not_waited_for() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([{"sleep_ms": 300}, {"eprint": "was called\n"}]));

    for path in [STREAM, INVOKE] {
        let dry = dev.send("POST", path, &[("x-amz-invocation-type", "DryRun")], &steps);
        assert_eq!(dry.status, 204);
    }
    let event = dev.send(
        "POST",
        INVOKE,
        &[("x-amz-invocation-type", "Event")],
        &steps,
    );

    assert_eq!(event.status, 202);
    event.assert_body("");
    dev.wait_for("was called");
    dev.wait_until_seen("  202  ");
    let refused = dev.send(
        "POST",
        STREAM,
        &[("x-amz-invocation-type", "Event")],
        &steps,
    );
    assert_eq!(refused.status, 400);
    refused.assert_header("x-amzn-errortype", &["InvalidParameterValueException"]);
}

#[test]
fn invoke_waits_for_the_whole_response() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([
        {"write_headers": {"status": 201}}, {"write": "hello "}, {"write": "world"},
    ]));

    let response = dev.send("POST", INVOKE, &[], &steps);

    assert_eq!(response.status, 200);
    response.assert_header("x-amz-function-error", &[]);
    let (body, end) = response.rest();
    assert!(body.ends_with("\0\0\0\0\0\0\0\0hello world"), "{body}");
    assert_eq!(end, End::Complete);
}

#[test]
fn invoke_reports_a_failure_with_its_document() {
    let dev = Dev::start(&ready_guest(), &[]);
    let size = 6_291_557;
    for (steps, error_type, message) in [
        (
            json!([{"error": "no luck"}]),
            "Function.Error",
            "no luck".to_owned(),
        ),
        (
            json!([{"write": "part"}, "trap"]),
            "Function.Trap",
            String::new(),
        ),
        (
            json!([{"write_pattern": {"total": size, "chunk": 65_536}}]),
            "Function.ResponseSizeTooLarge",
            "exceeded maximum allowed payload size (6291556 bytes).".to_owned(),
        ),
    ] {
        let response = dev.send("POST", INVOKE, &[], &script(&steps));

        assert_eq!(response.status, 200);
        response.assert_header("x-amz-function-error", &["Unhandled"]);
        let document = response.json();
        assert_eq!(document["errorType"], error_type);
        let seen = document["errorMessage"].as_str().unwrap();
        assert!(seen.contains(&message), "{document}");
    }
}

#[test]
fn the_client_context_and_the_tenant_reach_the_function() {
    let dev = Dev::start(&ready_guest(), &[]);
    let headers = [
        ("x-amz-client-context", "eyJjdXN0b20iOnsiYSI6IjEifX0="),
        ("x-amz-tenant-id", "blue team"),
        (
            "x-amzn-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793",
        ),
    ];

    let response = dev.send("POST", INVOKE, &headers, &script(&json!(["write_context"])));

    let body = response.rest().0;
    assert_contains(&body, r#"{\"custom\":{\"a\":\"1\"}}"#);
    assert_contains(&body, "\"blue team\"");
    assert_contains(&body, "Root=1-5759e988-bd862e3fe1be46a994272793");
}

#[test]
fn a_request_beyond_6_mib_is_read_and_refused() {
    let dev = Dev::start(&ready_guest(), &[]);
    let body = format!("\"{}\"", "x".repeat(8 * 1024 * 1024));
    for path in [STREAM, INVOKE] {
        let response = dev.send("POST", path, &[], &body);

        assert_eq!(response.status, 413, "{path}");
        response.assert_header("x-amzn-errortype", &["RequestTooLargeException"]);
    }
    assert_eq!(dev.send("POST", "/", &[], &body).status, 413);
}

#[test]
fn what_lambda_refuses_is_an_error_of_the_api() {
    let mut dev = Dev::start(&ready_guest(), &[]);

    let response = dev.send("POST", STREAM, &[], "not json");

    assert_eq!(response.status, 400);
    response.assert_header("x-amzn-errortype", &["InvalidRequestContentException"]);
    let document = response.json();
    assert_eq!(document["Type"], "User");
    dev.wait_for("Could not parse request body into json");
}
