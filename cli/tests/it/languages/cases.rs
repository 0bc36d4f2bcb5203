//! The cases. Each starts a `bootstrap` with the guest, and reads what arrives at the Runtime API.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Event, Exchange, IMPLIED_PRELUDE, Post, Recorder};
use bootstream_test_support::steps::{expect, head, write};
use serde_json::{Value, json};

use super::Language;
use crate::support::serve;

const MIB: usize = 1024 * 1024;

/// The complete response to a script.
#[track_caller]
fn complete(language: &Language, steps: &Value) -> Exchange {
    let lambda = Recorder::start();
    lambda.script("id", steps);
    let _host = language.host(&lambda).start();
    lambda.complete_response("id")
}

/// The error reported for a script.
#[track_caller]
fn reported(language: &Language, steps: &Value, error_type: &str) -> Value {
    let lambda = Recorder::start();
    lambda.script("id", steps);
    let _host = language.host(&lambda).start();
    lambda.reported_error("id", error_type).document()
}

#[track_caller]
fn assert_message(document: &Value, part: &str) {
    assert_contains(document["errorMessage"].as_str().expect("a text"), part);
}

pub(super) fn a_head_has_status_headers_and_cookies(language: &Language) {
    let start = json!({"write_headers": {
        "status": 201,
        "headers": [["Content-Type", "text/plain"], ["x-twice", "1"], ["x-twice", "2"], ["x-utf8", "é"]],
        "cookies": ["a=1; Secure", "b=2"],
    }});

    let response = complete(
        language,
        &json!([start, write("one"), write("two é"), "finish"]),
    );

    let (prelude, body) = response.prelude_and_body();
    assert_eq!(prelude["statusCode"], 201);
    assert_eq!(prelude["headers"]["content-type"], "text/plain");
    assert_eq!(prelude["headers"]["x-twice"], "1, 2");
    assert_eq!(prelude["headers"]["x-utf8"], "é");
    assert_eq!(prelude["cookies"], json!(["a=1; Secure", "b=2"]));
    assert_eq!(body, "onetwo é".as_bytes());
}

pub(super) fn an_empty_response_has_a_head(language: &Language) {
    for steps in [json!([]), json!([write("")]), json!(["finish"])] {
        let response = complete(language, &steps);

        assert!(response.data().starts_with(IMPLIED_PRELUDE), "{steps}");
        assert_eq!(response.body(), "", "{steps}");
    }
}

pub(super) fn each_chunk_leaves_before_a_pause(language: &Language) {
    let pause = json!({"sleep_ms": 300});

    let response = complete(language, &json!([write("first"), pause, write("second")]));

    let at = |text: &[u8]| {
        let chunk = response.chunks.iter().find(|chunk| chunk.data == text);
        chunk
            .unwrap_or_else(|| panic!("a chunk of its own in {response:?}"))
            .at
    };
    let between = at(b"second") - at(b"first");
    assert!(between >= Duration::from_millis(250), "{between:?}");
}

pub(super) fn a_failure_before_the_first_byte_is_an_error(language: &Language) {
    let (error_type, message) = language.error;

    let document = reported(language, &json!([{"error": "no luck"}]), error_type);

    assert_eq!(document["errorMessage"], message);
}

pub(super) fn a_failure_after_the_first_byte_ends_in_trailers(language: &Language) {
    for (step, (error_type, message)) in [("error", language.error), ("panic", language.panic)] {
        let lambda = Recorder::start();
        lambda.script("id", &json!([head(200), write("half"), {step: "no luck"}]));
        let _host = language.host(&lambda).start();

        let response = lambda.failed_response("id", error_type);

        assert_eq!(response.body(), "half");
        assert_message(&response.trailer_document(), message);
    }
}

pub(super) fn a_panic_is_told_with_its_message_and_place(language: &Language) {
    let lambda = Recorder::start();
    lambda.script("id", &json!([{"panic": "no luck"}]));
    let host = language.host(&lambda).start();
    let (error_type, message) = language.panic;

    let document = lambda.reported_error("id", error_type).document();

    assert_message(&document, message);
    host.line("the place", |line| line.contains(language.place));
}

pub(super) fn a_trap_is_an_error_of_its_own(language: &Language) {
    let document = reported(language, &json!(["trap"]), language.trap);

    assert!(
        !document["stackTrace"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
}

pub(super) fn an_exit_is_an_error_of_its_own(language: &Language) {
    let document = reported(language, &json!([{"exit": 3}]), "Function.Exit");
    assert_message(&document, "called `exit` with status 1");

    let response = complete(language, &json!([write("whole"), "finish", {"exit": 0}]));
    assert_eq!(response.body(), "whole");
}

pub(super) fn a_recursion_without_end_is_an_error(language: &Language) {
    let (error_type, message) = language.recursion;

    let document = reported(language, &json!(["recurse_forever"]), error_type);

    assert_message(&document, message);
}

pub(super) fn memory_is_limited(language: &Language) {
    let steps = json!([{"grow_memory": 1024 * MIB}]);

    let document = reported(language, &steps, language.memory);

    assert_message(&document, "raise the function's memory");
}

pub(super) fn a_handler_that_computes_is_stopped_at_its_deadline(language: &Language) {
    let lambda = Recorder::start();
    let steps = json!([write("half"), "loop_forever"]);
    lambda.enqueue(Event::script("id", &steps).deadline_in(Duration::from_millis(700)));
    let _host = language.host(&lambda).start();

    let response = lambda.failed_response("id", "Function.DeadlineExceeded");

    assert_eq!(response.body(), "half");
}

pub(super) fn a_large_chunk_arrives_whole(language: &Language) {
    let steps = json!([{"write_bytes": {"len": 20 * MIB, "fill": 97}}]);

    let response = complete(language, &steps);

    let (_, body) = response.prelude_and_body();
    assert_eq!(body.len(), 20 * MIB);
    assert!(body.iter().all(|&byte| byte == b'a'));
}

pub(super) fn a_response_larger_than_the_memory_arrives_whole(language: &Language) {
    const TOTAL: usize = 160 * MIB;
    let lambda = Recorder::start();
    lambda.script(
        "id",
        &json!([{"write_pattern": {"total": TOTAL, "chunk": 65536}}]),
    );
    let host = language
        .host(&lambda)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128");
    let _host = host.start();

    let (_, body) = lambda.complete_response("id").prelude_and_body();

    assert_eq!(body.len(), TOTAL);
    let mut expected = (0..251_u8).cycle();
    assert!(body.iter().all(|byte| Some(*byte) == expected.next()));
}

pub(super) fn a_slow_reader_is_waited_for(language: &Language) {
    let lambda = Recorder::start();
    lambda.on(
        "id/response",
        Post::status("202 Accepted", "").stall(100_000, Duration::from_millis(500)),
    );
    lambda.script(
        "id",
        &json!([
            {"write_pattern": {"total": 16 * MIB, "chunk": 65536}}, {"eprint": "all is written\n"},
        ]),
    );
    let host = language.host(&lambda).start();

    let response = lambda.complete_response("id");

    assert_eq!(response.prelude_and_body().1.len(), 16 * MIB);
    let written = host.logged("all is written");
    assert_contains(&written, "WARN");
    let time = response.ended.expect("it has ended") - response.began;
    assert!(time >= Duration::from_millis(450), "{time:?}");
}

pub(super) fn work_after_the_end_goes_on(language: &Language) {
    let lambda = Recorder::start();
    lambda.script("id", &json!([
        write("whole"), "finish", {"sleep_ms": 300}, {"log": {"level": "info", "message": "went on"}},
    ]));
    let host = language.host(&lambda).start();

    let response = lambda.response("id");
    assert_eq!(response.body(), "whole");
    let ended = response.ended.expect("it has ended");

    host.logged("went on");
    let time = ended.elapsed();
    assert!(time >= Duration::from_millis(200), "{time:?}");
}

pub(super) fn refused_calls_have_names(language: &Language) {
    let bad_name = json!({"write_headers": {"status": 200, "headers": [["a b", "c"]]}});
    let too_large = json!({"write_many_headers": {"count": 200, "bytes": 100}});

    let response = complete(
        language,
        &json!([
            expect(&head(99), "invalid-status(99)"),
            expect(&bad_name, "invalid-header"),
            expect(&too_large, "head-too-large"),
            expect(&json!({"start_raw": ""}), "invalid-header"),
            expect(&head(200), "ok"),
            expect(&head(404), "already-started"),
            expect(&json!("start_document"), "already-started"),
            write("body"),
            expect(&json!("finish"), "ok"),
            expect(&write("late"), "already-finished"),
            expect(&json!("finish"), "already-finished"),
        ]),
    );

    assert_eq!(response.prelude()["statusCode"], 200);
    assert_eq!(response.body(), "body");

    let (error_type, _) = language.error;
    let document = reported(language, &json!(["start_document", head(200)]), error_type);
    assert_message(&document, "step 2: already-started");
}

pub(super) fn output_and_records_are_lines_of_the_log(language: &Language) {
    let lambda = Recorder::start();
    let record =
        |level: &str| json!({"log": {"level": level, "message": format!("a record of {level}")}});
    lambda.script(
        "id-of-logs",
        &json!([
            record("trace"), record("debug"), record("info"), record("warn"), record("error"),
            {"print": "an output\n"}, {"eprint": "an error output\n"}, {"print": "unfinished"},
        ]),
    );
    let host = language
        .host(&lambda)
        .env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
        .start();
    lambda.complete_response("id-of-logs");

    for (text, level) in [
        ("a record of trace", "TRACE"),
        ("a record of debug", "DEBUG"),
        ("a record of info", "INFO"),
        ("a record of warn", "WARN"),
        ("a record of error", "ERROR"),
        ("an output", "INFO"),
        ("an error output", "WARN"),
        ("unfinished", "INFO"),
    ] {
        let line = host.logged(text);
        assert_contains(&line, level);
        assert_contains(&line, "id-of-logs");
    }
}

pub(super) fn a_document_is_sent_as_a_whole(language: &Language) {
    let steps =
        json!(["start_document", write("{\"a\":"), {"sleep_ms": 50}, write("1}"), "finish"]);

    let lambda = Recorder::start();
    lambda.script("id", &steps);
    let _host = language.host(&lambda).start();

    let response = lambda.response("id");
    lambda.idle(1);

    assert_eq!(response.data(), b"{\"a\":1}");
    response.assert_header("content-length", "7");
}

pub(super) fn a_document_that_fails_is_an_error(language: &Language) {
    let (error_type, message) = language.error;
    let steps = json!(["start_document", write("half"), {"error": "no luck"}]);

    let document = reported(language, &steps, error_type);

    assert_eq!(document["errorMessage"], message);
}

pub(super) fn a_raw_stream_has_no_head(language: &Language) {
    let steps = json!([{"start_raw": "application/x-ndjson"}, write("1\n"), write("2\n")]);

    let response = complete(language, &steps);

    assert_eq!(response.data(), b"1\n2\n");
    response.assert_header("content-type", "application/x-ndjson");
}

pub(super) fn the_context_and_the_event_arrive(language: &Language) {
    let lambda = Recorder::start();
    let event = json!({"steps": ["write_context", write("\n"), "write_event_digest"]});
    let event = format!("{event}{}", " ".repeat(100_000));
    let size = event.len();
    lambda.enqueue(
        Event::new("an-id", event)
            .header("Lambda-Runtime-Trace-Id", "Root=1-2-3")
            .header("Lambda-Runtime-Aws-Tenant-Id", "Ada"),
    );
    let host = language
        .host(&lambda)
        .env("AWS_LAMBDA_FUNCTION_NAME", "a-name");
    let _host = host.start();

    let body = lambda.complete_response("an-id").body();

    let (context, digest) = body.split_once('\n').expect("two lines");
    let context: Value = serde_json::from_str(context).expect("JSON");
    for (field, value) in [
        ("request-id", json!("an-id")),
        ("trace-id", json!("Root=1-2-3")),
        ("tenant-id", json!("Ada")),
        ("client-context", Value::Null),
        ("function-name", json!("a-name")),
        ("memory-limit-mib", json!(512)),
    ] {
        assert_eq!(context[field], value, "{field}");
    }
    assert!(context["deadline-ms"].as_u64().expect("a number") > 1_000_000_000_000);
    assert_contains(digest, &format!("bytes: {size} fnv1a64: "));
}

pub(super) fn the_environment_has_what_is_passed(language: &Language) {
    let lambda = Recorder::start();
    lambda.script("id", &json!(["write_env"]));
    let host = language
        .host(&lambda)
        .env("BOOTSTREAM_PASS_ENV", "GREETING")
        .env("GREETING", "hallo é")
        .env("HIDDEN", "a secret");
    let _host = host.start();

    let body = lambda.complete_response("id").body();

    let variables: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(variables["GREETING"], "hallo é");
    assert_eq!(variables.get("HIDDEN"), None);
}

pub(super) fn requests_are_sent_or_denied(language: &Language) {
    let url = serve(|head| {
        let line = String::from_utf8_lossy(head);
        format!("you sent {}", line.lines().next().unwrap_or_default()).into_bytes()
    });
    let lambda = Recorder::start();
    lambda.script(
        "id",
        &json!([
            {"fetch": {"url": format!("{url}/a?b=c")}},
            {"fetch": {"url": "https://example.com/"}},
            {"fetch": {"url": "https://example.com/", "body": "text"}},
        ]),
    );
    let host = language
        .host(&lambda)
        .env("BOOTSTREAM_OUTBOUND_ALLOW", &url)
        .env("BOOTSTREAM_OUTBOUND_PRIVATE_ADDRESSES", "127.0.0.1");
    let _host = host.start();

    let body = lambda.complete_response("id").body();

    let lines: Vec<_> = body.lines().collect();
    assert_eq!(lines[0], "ok: 200 28 you sent GET /a?b=c HTTP/1.1");
    for denied in &lines[1..] {
        assert!(denied.starts_with("error: "), "{denied}");
        assert_contains(&denied.to_lowercase().replace('-', ""), "denied");
    }
    assert_eq!(lines.len(), 3);
}

pub(super) fn fields_of_records_are_members(language: &Language) {
    let lambda = Recorder::start();
    let fields = json!([
        ["country", "New Zealand"],
        ["price", 0.5],
        ["paid", true],
        ["requestId", "forged"],
    ]);
    let record = json!({"log": {"level": "warn", "message": "sold", "fields": fields}});
    lambda.script("id-of-fields", &json!([record]));
    let host = language
        .host(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    lambda.complete_response("id-of-fields");

    let line = host.logged("\"sold\"");
    let record: Value = serde_json::from_str(&line).expect("a record in JSON");
    for (name, value) in [
        ("level", json!("WARN")),
        ("message", json!("sold")),
        ("requestId", json!("id-of-fields")),
        ("country", json!("New Zealand")),
        ("price", json!(0.5)),
        ("paid", json!(true)),
        ("requestId_", json!("forged")),
    ] {
        assert_eq!(record[name], value, "{line}");
    }
}
