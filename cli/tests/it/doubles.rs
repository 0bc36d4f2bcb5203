//! `bootstream test` with doubles of other hosts.

use std::path::Path;

use bootstream_test_support::assert_contains;
use bootstream_test_support::guests::{component, language};
use serde_json::{Value, json};

use crate::cases::{case, folder, test};
use crate::support::text;

const ALLOW: &str =
    "BOOTSTREAM_OUTBOUND_ALLOW = \"api.example,http://plain.example,http://10.0.0.1\"";

/// A case of the guest that sends requests, with an answer in each of `outbound`.
fn fetching(name: &str, steps: &Value, expect: &str, outbound: &[&str]) -> String {
    let outbound: String = outbound
        .iter()
        .map(|it| format!("[[case.outbound]]\n{it}\n"))
        .collect();
    let more = format!(
        "clock = \"fake\"\ndeadline-ms = 200000\nenv = {{ {ALLOW}, BOOTSTREAM_AWS_ALLOW = \"dynamodb\" }}\n[case.expect]\n{expect}\n{outbound}"
    );
    case(name, steps, &more)
}

/// The exit code and what is printed.
fn results(handler: &Path, cases: &[String]) -> (Option<i32>, String) {
    let output = test(handler, &folder(cases), &[]);
    let printed = text(&output.stdout) + &text(&output.stderr);
    (output.status.code(), printed)
}

#[track_caller]
fn pass(handler: &Path, cases: &[String]) {
    let (code, printed) = results(handler, cases);
    assert_eq!(code, Some(0), "{printed}");
}

/// Runs one case that must fail, and returns what is printed.
#[track_caller]
fn fail(case: String) -> String {
    let (code, printed) = results(&component("fetching_guest"), &[case]);
    assert_eq!(code, Some(1), "{printed}");
    printed
}

#[test]
fn requests_are_answered_without_a_network() {
    let cases = [
        fetching(
            "answer",
            &json!([{"url": "https://api.example/a?b=c"}]),
            "body = \"ok: 201 hello\\n\"\ntime = { total-ms = 0 }",
            &[
                "url = \"https://api.example/a?b=c\"\nstatus = 201\nbody = \"hello\"\nexpect = { count = 1 }",
            ],
        ),
        fetching(
            "request",
            &json!([{"url": "https://api.example/", "json": {"n": 1}, "headers": [["x-a", "b"]]}]),
            "body = { contains = \"ok: 200\" }",
            &[
                "method = \"POST\"\nurl = \"https://api.example/\"\njson = { ok = true }\n\
               expect = { count = 1, headers = { x-a = \"b\", content-type = \"application/json\" }, json = { \"/n\" = 1 } }",
            ],
        ),
        fetching(
            "delay",
            &json!([{"url": "http://plain.example/"}]),
            "body = \"ok: 200 \\n\"\ntime = { total-ms = 30010 }",
            &["url = \"http://plain.example\"\ndelay-ms = 30000"],
        ),
        fetching(
            "order",
            &json!([{"url": "https://api.example/"}, {"url": "https://api.example/"}, {"url": "https://api.example/x"}]),
            "body = \"ok: 500 \\nok: 200 \\nok: 404 \\n\"",
            &[
                "url = \"https://api.example/\"\ntimes = 1\nstatus = 500",
                "url = \"https://api.example/\"\nstatus = 200",
                "url = \"https://*\"\nstatus = 404",
            ],
        ),
        fetching(
            "large",
            &json!([{"url": "https://api.example/", "letters": 3_000_000, "then": "count"}]),
            "body = \"ok: 200 100000\\n\"",
            &[&format!(
                "url = \"https://api.example/\"\nbody = \"{}\"\nexpect = {{ body = {{ matches = \"^[a-z]{{1000}}\" }} }}",
                "x".repeat(100_000)
            )],
        ),
        fetching(
            "signed",
            &json!([{"aws": "dynamodb", "url": "/", "operation": "DynamoDB_20120810.GetItem", "json": {"Key": 1}}]),
            "body = { contains = \"ok: 200 {\" }",
            &[
                "url = \"https://dynamodb.us-east-1.amazonaws.com/\"\njson = { Item = 1 }\n\
               [case.outbound.expect]\ncount = 1\n\
               headers = { x-amz-date = \"20260101T000000Z\", authorization = { contains = \"Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/dynamodb\" } }",
            ],
        ),
    ];
    pass(&component("fetching_guest"), &cases);
}

#[test]
fn bodies_arrive_as_they_would() {
    let copy = json!([{"url": "https://api.example/", "then": "copy"}]);
    let cases = [
        fetching(
            "pieces",
            &copy,
            "chunks = [\"one\", \"two\", \"three\"]\ntime = { shortest-pause-ms = 1000, total-ms = 6100 }",
            &[
                "url = \"*\"\npause-ms = 1000\npieces = [\"one\", \"two\", { text = \"three\", pause-ms = 5000 }]",
            ],
        ),
        fetching(
            "events",
            &json!([{"url": "https://api.example/", "then": "sse"}]),
            "body = \"ok: 200 message=a count={\\\"n\\\":1}\\n\"",
            &[
                "url = \"*\"\nevents = [\"a\", { event = \"count\", data = { n = 1 } }]\npause-ms = 100",
            ],
        ),
        fetching(
            "cut",
            &copy,
            "body = \"onet\"\nerror = { type = \"Function.Error\" }",
            &["url = \"*\"\npause-ms = 1000\npieces = [\"one\", \"two\"]\ncut-after = 4"],
        ),
        fetching(
            "cut with a length",
            &copy,
            "body = \"one\"\nerror = { type = \"Function.Error\" }",
            &["url = \"*\"\nbody = \"one two\"\ncut-after = 3"],
        ),
    ];
    pass(&component("fetching_guest"), &cases);
}

#[test]
fn requests_fail_as_they_would() {
    let ask = json!([{"url": "https://api.example/"}]);
    let failing = |fails: &str, error: &str, ms: u32| {
        let double = format!("url = \"*\"\nfails = \"{fails}\"\nexpect = {{ count = 1 }}");
        fetching(
            fails,
            &ask,
            &format!("body = {{ matches = \"^error: .*{error}\" }}\ntime = {{ total-ms = {ms} }}"),
            &[&double],
        )
    };
    let cases = [
        failing("refused", "refused", 0),
        failing("name-lookup", "(?i)dns|name", 0),
        failing("certificate", "certificate", 0),
        failing("closed", ".", 0),
        failing("connect-timeout", "(?i)timed? ?out|timeout|connect", 5010),
        failing("timeout", "(?i)timed? ?out|timeout|answer", 60010),
    ];
    pass(&component("fetching_guest"), &cases);
}

#[test]
fn what_no_double_answers_fails_the_case() {
    let printed = fail(fetching(
        "other",
        &json!([{"url": "https://api.example/other"}]),
        "",
        &["url = \"https://api.example/\""],
    ));
    assert_contains(
        &printed,
        "the handler sent `GET https://api.example/other`, which no `[[case.outbound]]` answers",
    );

    let without_any = case(
        "none",
        &json!([{"url": "https://api.example/"}]),
        &format!("env = {{ {ALLOW} }}"),
    );
    assert_contains(
        &fail(without_any),
        "the handler sent `GET https://api.example/`",
    );

    let printed = fail(fetching(
        "twice",
        &json!([{"url": "https://api.example/"}, {"url": "https://api.example/"}]),
        "",
        &["url = \"https://api.example/\"\ntimes = 1\nexpect = { count = 2, body = \"x\" }"],
    ));
    assert_contains(&printed, "the handler sent `GET https://api.example/`");
    assert_contains(
        &printed,
        "`* https://api.example/`: expected 2 requests, got 1",
    );
    assert_contains(&printed, "request 1: body: expected \"x\", got \"\"");
}

#[test]
fn what_is_allowed_is_as_in_production() {
    let cases = [
        fetching(
            "host",
            &json!([{"url": "https://other.example/"}]),
            "body = { contains = \"error: \" }",
            &["url = \"*\"\nexpect = { count = 0 }"],
        ),
        fetching(
            "scheme",
            &json!([{"url": "http://api.example/"}]),
            "body = { contains = \"error: \" }",
            &["url = \"*\"\nexpect = { count = 0 }"],
        ),
        fetching(
            "address",
            &json!([{"url": "http://10.0.0.1/"}]),
            "body = { contains = \"ok: 200\" }",
            &["url = \"*\"\nexpect = { count = 1 }"],
        ),
        fetching(
            "service",
            &json!([{"aws": "sqs", "url": "/"}]),
            "body = { contains = \"error: \" }",
            &["url = \"*\"\nexpect = { count = 0 }"],
        ),
    ];
    pass(&component("fetching_guest"), &cases);
}

#[test]
fn handlers_of_other_languages_get_the_answers() {
    for name in ["go", "c", "python", "typescript"] {
        let step = json!([{"fetch": {"url": "https://api.example/x", "body": "text"}}]);
        let case = fetching(
            "fetch",
            &step,
            "body = \"ok: 200 5 hello\\n\"",
            &[
                "method = \"POST\"\nurl = \"https://api.example/x\"\ndelay-ms = 20000\nbody = \"hello\"\n\
               expect = { count = 1, body = \"text\" }",
            ],
        );
        pass(&language(name), &[case]);
    }
}
