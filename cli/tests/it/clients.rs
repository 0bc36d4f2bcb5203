//! The AWS SDKs as callers: for Python, for JavaScript and for Rust. See `tests/clients`.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use bootstream_test_support::{assert_contains, built};
use serde_json::{Value, json};

use crate::functions::two;
use crate::support::{Dev, End, Response, ready_guest, script};

#[derive(Clone, Copy, Debug)]
enum Sdk {
    Python,
    JavaScript,
    Rust,
}

const ALL: [Sdk; 3] = [Sdk::Python, Sdk::JavaScript, Sdk::Rust];

impl Sdk {
    fn command(self) -> Command {
        let (program, script) = match self {
            Self::Python => (
                Command::new(built("clients/python/bin/python")),
                Some("clients/python/client.py"),
            ),
            Self::JavaScript => (Command::new("node"), Some("clients/javascript/client.mjs")),
            Self::Rust => (Command::new(built("debug/sdk-client")), None),
        };
        let mut program = program;
        program.args(script.map(built));
        program
    }

    /// Calls the scripted guest, which serves every function name of a single-handler server.
    fn call(self, dev: &Dev, operation: &str, more: Value) -> Call {
        let mut request = json!({
            "endpoint": dev.endpoint(),
            "operation": operation,
            "function": "scripted-guest",
        });
        let (Some(object), Value::Object(more)) = (request.as_object_mut(), more) else {
            panic!("both are objects");
        };
        object.extend(more);
        let mut child = self
            .command()
            .arg(request.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        Call {
            sdk: self,
            child,
            reports: BufReader::new(stdout).lines(),
        }
    }
}

/// A running call of an SDK, and its reports.
struct Call {
    sdk: Sdk,
    child: Child,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Call {
    /// Waits for the next report, which must be of `key`.
    #[track_caller]
    fn expect(&mut self, key: &str) -> Value {
        let sdk = self.sdk;
        let line = self.reports.next().and_then(Result::ok);
        let line = line.unwrap_or_else(|| panic!("{sdk:?} ended without `{key}`"));
        let mut report: Value = serde_json::from_str(&line).expect("a report");
        let value = report.get_mut(key).map(Value::take);
        value.unwrap_or_else(|| panic!("{sdk:?}: no `{key}` but {line}"))
    }

    /// Returns the only report, which must be of `key`.
    #[track_caller]
    fn only(mut self, key: &str) -> Value {
        let report = self.expect(key);
        self.end();
        report
    }

    /// Returns the joined chunks of the stream, and the content of `InvokeComplete`.
    #[track_caller]
    fn collect(mut self) -> (String, Value) {
        let head = self.expect("head");
        assert_eq!(head.get("status"), Some(&json!(200)), "{:?}", self.sdk);
        let mut payload = String::new();
        loop {
            let line = self.reports.next().expect("an end").expect("a report");
            let report: Value = serde_json::from_str(&line).expect("a report");
            if let Some(chunk) = report.get("chunk") {
                payload.push_str(chunk.as_str().expect("text"));
                continue;
            }
            self.end();
            let complete = report.get("complete").expect("chunks or the end");
            return (payload, complete.clone());
        }
    }

    /// Asserts that nothing more is reported and the client succeeds.
    #[track_caller]
    fn end(mut self) {
        assert!(self.reports.next().is_none(), "{:?}", self.sdk);
        let status = self.child.wait().expect("the client ends");
        assert!(status.success(), "{:?}: {status}", self.sdk);
    }
}

fn payload(steps: &Value) -> Value {
    json!({"payload": script(steps)})
}

#[test]
fn every_sdk_reads_the_stream_and_its_end() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = payload(&json!([
        {"write_headers": {"status": 200, "headers": [["content-type", "text/plain"]]}},
        {"write": "hello "}, {"write": "world"}, "finish",
    ]));
    for sdk in ALL {
        let (seen, complete) = sdk.call(&dev, "stream", steps.clone()).collect();

        let (prelude, body) = seen.split_once("\0\0\0\0\0\0\0\0").expect("a delimiter");
        let prelude: Value = serde_json::from_str(prelude).expect("a prelude");
        assert_eq!(prelude["statusCode"], 200, "{sdk:?}");
        assert_eq!(body, "hello world", "{sdk:?}");
        assert_eq!(
            complete,
            json!({"code": null, "details": null, "log": null}),
            "{sdk:?}"
        );
    }
}

#[test]
fn every_sdk_hands_a_chunk_over_while_the_function_is_at_work() {
    for sdk in ALL {
        let mut dev = Dev::start(&ready_guest(), &[]);
        let steps = json!([
            {"write": "a"}, {"sleep_ms": 3000}, {"eprint": "awake again\n"}, {"write": "b"},
        ]);
        let mut call = sdk.call(&dev, "stream", payload(&steps));
        call.expect("head");

        let mut seen = String::new();
        while !seen.ends_with('a') {
            seen.push_str(call.expect("chunk").as_str().expect("text"));
        }

        assert!(!dev.has_seen("awake again"), "{sdk:?}");
        assert_eq!(call.expect("chunk"), "b", "{sdk:?}");
        dev.wait_until_seen("awake again");
        assert_eq!(call.expect("complete")["code"], Value::Null, "{sdk:?}");
        call.end();
    }
}

#[test]
fn every_sdk_gets_the_error_of_a_stream() {
    let dev = Dev::start(&ready_guest(), &[]);
    for (steps, last, code, details) in [
        (
            json!([{"error": "no luck"}]),
            "",
            "Function.Error",
            "no luck",
        ),
        (
            json!([{"write": "part"}, "trap"]),
            "part",
            "Function.Trap",
            "errorMessage",
        ),
    ] {
        for sdk in ALL {
            let (seen, complete) = sdk.call(&dev, "stream", payload(&steps)).collect();

            assert!(seen.ends_with(last), "{sdk:?}: {seen}");
            assert_eq!(seen.is_empty(), last.is_empty(), "{sdk:?}: {seen}");
            assert_eq!(complete["code"], code, "{sdk:?}");
            let seen = complete["details"].as_str().expect("details");
            assert!(seen.contains(details), "{sdk:?}: {seen}");
        }
    }
}

#[test]
fn every_sdk_gets_the_end_of_the_log_and_nothing_of_other_invocations() {
    let dev = Dev::start(&ready_guest(), &[]);
    for sdk in ALL {
        for operation in ["stream", "invoke"] {
            let own = format!("printed for {sdk:?} and {operation}");
            let steps = json!([{"eprint": format!("{own}\n")}, {"write": "x"}]);
            let request = json!({"payload": script(&steps), "log": true});

            let call = sdk.call(&dev, operation, request);

            let log = match operation {
                "stream" => call.collect().1["log"].take(),
                _ => call.only("head")["log"].take(),
            };
            let log = log.as_str().expect("a log");
            assert_contains(log, &own);
            assert_eq!(log.matches("printed for").count(), 1, "{log}");
        }
    }
}

#[test]
fn every_sdk_invokes_and_distinguishes_a_failure_from_a_result() {
    let dev = Dev::start(&ready_guest(), &[]);
    for sdk in ALL {
        let steps = payload(&json!([{"write_headers": {"status": 201}}, {"write": "whole"}]));
        let head = sdk.call(&dev, "invoke", steps).only("head");
        assert_eq!(
            (&head["status"], &head["error"]),
            (&json!(200), &json!(null))
        );
        assert_eq!(head["version"], "$LATEST", "{sdk:?}");
        let seen = head["payload"].as_str().expect("a payload");
        assert!(seen.ends_with("\0\0\0\0\0\0\0\0whole"), "{sdk:?}: {seen}");

        let steps = payload(&json!([{"error": "no luck"}]));
        let head = sdk.call(&dev, "invoke", steps).only("head");
        assert_eq!(
            (&head["status"], &head["error"]),
            (&json!(200), &json!("Unhandled")),
            "{sdk:?}"
        );
        let document: Value = serde_json::from_str(head["payload"].as_str().expect("a payload"))
            .expect("an error document");
        assert_eq!(document["errorType"], "Function.Error", "{sdk:?}");
    }
}

#[test]
fn no_sdk_waits_for_an_event_or_a_dry_run() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    for sdk in ALL {
        for (kind, status) in [("Event", 202), ("DryRun", 204)] {
            let steps = json!([{"eprint": format!("{kind} for {sdk:?}\n")}]);
            let request = json!({"payload": script(&steps), "type": kind});

            let head = sdk.call(&dev, "invoke", request).only("head");

            assert_eq!(head["status"], status, "{sdk:?}");
            assert_eq!(head["payload"], "", "{sdk:?}");
        }
        dev.wait_until_seen(&format!("Event for {sdk:?}"));
        assert!(!dev.has_seen(&format!("DryRun for {sdk:?}")));
    }
}

#[test]
fn every_sdk_names_functions_in_every_way() {
    let dev = Dev::start(&ready_guest(), &[]);
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:scripted-guest";
    let steps = script(&json!(["write_context"]));
    for sdk in ALL {
        for (name, qualifier, seen_by_function, version) in [
            (arn.to_owned(), None, arn.to_owned(), "$LATEST"),
            (
                format!("{arn}:live"),
                None,
                format!("{arn}:live"),
                "$LATEST",
            ),
            (
                "scripted-guest".to_owned(),
                Some("7"),
                format!("{arn}:7"),
                "7",
            ),
            (
                "scripted-guest".to_owned(),
                Some("$LATEST"),
                format!("{arn}:$LATEST"),
                "$LATEST",
            ),
        ] {
            let mut request = json!({"payload": steps, "function": name});
            if let Some(qualifier) = qualifier {
                request["qualifier"] = json!(qualifier);
            }
            let mut call = sdk.call(&dev, "stream", request.clone());
            assert_eq!(call.expect("head")["version"], version, "{sdk:?} {request}");

            let mut seen = String::new();
            while !seen.contains('}') || !seen.contains(&seen_by_function) {
                seen.push_str(call.expect("chunk").as_str().expect("text"));
            }

            assert!(
                seen.contains(&format!("\"{seen_by_function}\"")),
                "{sdk:?}: {seen}"
            );
            // A client without a reader would fail.
            call.reports.by_ref().for_each(drop);
        }
    }
}

#[test]
fn every_sdk_raises_what_lambda_refuses() {
    let (_folder, file) = two();
    let dev = Dev::start(&file, &[]);
    for sdk in ALL {
        for operation in ["stream", "invoke"] {
            for (request, name, status) in [
                (
                    json!({"function": "nobody", "payload": "{}"}),
                    "ResourceNotFoundException",
                    404,
                ),
                (
                    json!({"function": "scripted", "padding": 6 * 1024 * 1024 + 200}),
                    "RequestTooLargeException",
                    413,
                ),
                (
                    json!({"function": "scripted", "payload": "{"}),
                    "InvalidRequestContentException",
                    400,
                ),
            ] {
                let exception = sdk.call(&dev, operation, request).only("exception");

                assert_eq!(exception["name"], name, "{sdk:?} {operation}: {exception}");
                assert_eq!(exception["status"], status, "{sdk:?} {operation}");
                assert!(exception["message"].is_string(), "{sdk:?}: {exception}");
            }
        }
    }
}

#[test]
fn every_sdk_is_throttled_beyond_the_concurrency() {
    let dev = Dev::start(&ready_guest(), &["--limits", "aws", "--concurrency", "1"]);
    let slow = script(&json!([{"write": "a"}, {"sleep_ms": 60_000}]));
    let mut first = dev.invoke(&slow);
    assert_eq!(first.chunk(), Ok("a".to_owned()));

    for sdk in ALL {
        for operation in ["stream", "invoke"] {
            let request = json!({"payload": "{}"});
            let exception = sdk.call(&dev, operation, request).only("exception");

            assert_eq!(exception["name"], "TooManyRequestsException", "{sdk:?}");
            assert_eq!(exception["status"], 429, "{sdk:?}");
        }
    }
    for (path, status) in [
        ("/@url", 429),
        ("/@rest", 500),
        ("/@http", 503),
        ("/@alb", 502),
    ] {
        assert_eq!(dev.send("GET", path, &[], "").status, status, "{path}");
    }
}

#[test]
fn curl_prints_a_chunk_while_the_function_is_at_work() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = script(&json!([
        {"write_headers": {"status": 200, "headers": [["content-type", "text/plain"]]}},
        {"write": "a\n"}, {"sleep_ms": 3000}, {"eprint": "awake again\n"}, {"write": "b\n"},
    ]));
    for path in ["/", "/@rest/"] {
        let mut curl = Command::new("curl")
            .args([
                "--silent",
                "--no-buffer",
                "--header",
                "content-type: application/json",
            ])
            .args(["--data", &steps, &format!("{}{path}", dev.endpoint())])
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl starts");
        let mut lines = BufReader::new(curl.stdout.take().expect("stdout is piped")).lines();

        assert_eq!(lines.next().expect("a line").expect("text"), "a");

        assert!(!dev.has_seen("awake again"), "{path}");
        assert_eq!(lines.next().expect("a line").expect("text"), "b");
        dev.wait_until_seen("awake again");
        dev.forget();
        assert!(curl.wait().expect("curl ends").success(), "{path}");
    }
}

#[test]
fn an_sdk_s_request_is_signed_and_its_signature_is_not_looked_at() {
    let dev = Dev::start(&ready_guest(), &[]);
    let path = "/2015-03-31/functions/f/invocations";
    let headers = [("authorization", "AWS4-HMAC-SHA256 Credential=nobody")];

    let answer: Response = dev.send("POST", path, &headers, &script(&json!([{"write": "x"}])));

    assert_eq!(answer.status, 200);
    assert_eq!(answer.rest().1, End::Complete);
}
