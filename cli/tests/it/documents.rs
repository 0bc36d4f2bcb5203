//! Responses other than HTTP streams, as their callers receive them.

use bootstream_test_support::assert_contains;
use serde_json::{Value, json};

use crate::support::{Dev, End, bootstream, ready_guest, script, succeed, text};

const INVOKE: &str = "/2015-03-31/functions/f/invocations";
const STREAM: &str = "/2021-11-15/functions/f/response-streaming-invocations";
const FAILURES: &str = r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#;

/// A queue's event with a script for the handler.
fn queue(steps: &Value) -> String {
    json!({
        "Records": [{"messageId": "m-1", "eventSource": "aws:sqs"}],
        "body": script(steps),
    })
    .to_string()
}

fn document() -> Value {
    json!(["start_document", {"write": FAILURES}, "finish"])
}

#[test]
fn a_document_is_the_whole_payload_of_invoke() {
    let dev = Dev::start(&ready_guest(), &[]);
    for path in [INVOKE, "/invoke"] {
        for event in [queue(&document()), script(&document())] {
            let response = dev.post(path, &event);
            assert_eq!(response.status, 200, "{path}");
            response.assert_header("content-type", &["application/json"]);
            assert_eq!(
                response.rest(),
                (FAILURES.to_owned(), End::Complete),
                "{path}"
            );
        }
    }
    // Also for callers that request a stream.
    let (frames, end) = dev.post(STREAM, &queue(&document())).rest();
    assert!(
        frames.contains(FAILURES) && !frames.contains("statusCode"),
        "{frames}"
    );
    assert_eq!(end, End::Complete);
}

#[test]
fn a_document_that_fails_is_a_failure_and_no_part_of_it_is_seen() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!(["start_document", {"write": "{\"half\":"}, "trap"]);
    let response = dev.post(INVOKE, &queue(&steps));
    response.assert_header("x-amz-function-error", &["Unhandled"]);
    let (payload, _) = response.rest();
    assert!(
        payload.contains("Function.Trap") && !payload.contains("half"),
        "{payload}"
    );
}

#[test]
fn a_raw_stream_is_what_was_written() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"start_raw": "application/x-ndjson"}, {"write": "1\n"}, {"write": "2\n"}]);
    let response = dev.post("/invoke", &script(&steps));
    response.assert_header("content-type", &["application/x-ndjson"]);
    response.assert_body("1\n2\n");
}

#[test]
fn a_queue_gets_the_bytes_of_an_http_stream_and_the_terminal_says_so() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 200}}, {"write": FAILURES}]);
    let expected = format!(
        "{{\"statusCode\":200,\"headers\":{{}},\"cookies\":[]}}{}{FAILURES}",
        "\0".repeat(8)
    );

    let (payload, _) = dev.post("/invoke", &queue(&steps)).rest();
    assert_eq!(payload, expected);
    dev.wait_for("the event of an SQS queue, which reads the payload as it is");

    let output = succeed(bootstream(&["invoke", "-d", &queue(&steps)]).arg(ready_guest()));
    assert_eq!(text(&output.stdout), expected);
    let stderr = text(&output.stderr);
    assert_contains(&stderr, "`response.document(&value)`");
}

#[test]
fn invoke_prints_a_document_and_nothing_else() {
    let output = succeed(bootstream(&["invoke", "-d", &queue(&document())]).arg(ready_guest()));
    assert_eq!(text(&output.stdout), FAILURES);
    assert!(!text(&output.stderr).contains("start-document"));
}

/// Each front end gets its response in the form it reads, so the caller sees the same behind all of them.
#[test]
fn the_event_of_a_front_end_is_answered_as_that_front_end_answers() {
    let steps = json!([
        {"write_headers": {"status": 201, "headers": [["x-a", "1"]], "cookies": ["c=1"]}},
        {"write": "text"},
    ]);
    for kind in ["url", "rest", "http", "alb", "alb-multi", "lattice"] {
        let event = succeed(&mut bootstream(&["event", kind, "-d", &script(&steps)]));
        let event = text(&event.stdout);
        let output = succeed(bootstream(&["invoke", "-i", "-d", &event]).arg(ready_guest()));
        let stdout = text(&output.stdout);
        for expected in ["201 Created\n", "x-a: 1\n", "set-cookie: c=1\n", "\n\ntext"] {
            assert!(stdout.contains(expected), "{kind}: {stdout}");
        }
    }
}

/// With `never`, a buffering front end treats the stream as AWS would: as the response document.
#[test]
fn a_front_end_that_buffers_takes_a_stream_for_its_document() {
    let steps = json!([{"write_headers": {"status": 201}}, {"write": "text"}]);
    let never = ["--env", "BOOTSTREAM_RESPONSE_BUFFERED=never"];
    let dev = Dev::start(&ready_guest(), &never);
    let response = dev.post("/@http/", &script(&steps));
    assert_eq!(response.status, 200);
    assert!(response.rest().0.starts_with("{\"statusCode\":201,"));
    assert_eq!(dev.post("/@alb/", &script(&steps)).status, 502);
}
