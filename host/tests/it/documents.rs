//! Responses other than HTTP streams: documents, streams without a head, and the documents of front ends.

use bootstream_test_support::assert_contains;
use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{End, Event, Exchange, Recorder};
use bootstream_test_support::steps::{expect, head_with, write};
use serde_json::{Value, json};

/// Largest payload of a buffered response, in bytes.
const PAYLOAD_LIMIT: usize = 6_291_556;

const LOAD_BALANCER_LIMIT: usize = 1_048_576;

/// A host with these settings, and its Runtime API.
fn scripted(settings: &str) -> (Recorder, Running) {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda).settings(settings).start();
    (lambda, host)
}

fn fill(bytes: usize) -> Value {
    json!({"write_bytes": {"len": bytes, "fill": 97}})
}

/// Steps that write `bytes` bytes, a MiB at a time.
fn fills(bytes: usize) -> Vec<Value> {
    const STEP: usize = 1024 * 1024;
    std::iter::repeat_n(STEP, bytes / STEP)
        .chain([bytes % STEP])
        .map(fill)
        .collect()
}

/// The whole body, which has no prelude.
fn payload(exchange: &Exchange) -> String {
    String::from_utf8(exchange.data()).expect("text")
}

#[track_caller]
fn assert_document(response: &Exchange, content_length: usize) {
    assert_eq!(
        response.header("content-length"),
        Some(content_length.to_string())
    );
    response.assert_header("content-type", "application/json");
    for name in [
        "transfer-encoding",
        "trailer",
        "lambda-runtime-function-response-mode",
    ] {
        assert_eq!(response.header(name), None, "{name}");
    }
    assert_eq!(response.end, End::Clean);
}

#[test]
fn a_document_is_posted_with_its_length_and_nothing_else() {
    let (lambda, _host) = scripted("");
    let failures = r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#;
    for (id, steps, document) in [
        (
            "whole",
            json!(["start_document", write(failures), "finish"]),
            failures,
        ),
        (
            "parts",
            json!(["start_document", write("{\"a\""), write(":1}")]),
            "{\"a\":1}",
        ),
        ("empty", json!(["start_document"]), ""),
        (
            "late",
            json!(["start_document", write("1"), "finish", {"sleep_ms": 10}]),
            "1",
        ),
    ] {
        lambda.script(id, &steps);
        let response = lambda.response(id);
        assert_document(&response, document.len());
        assert_eq!(payload(&response), document, "{id}");
    }
}

/// A stream would have to break off.
#[test]
fn a_document_that_fails_before_its_end_is_an_error_and_never_half_a_document() {
    let (lambda, _host) = scripted("");
    for (id, failure, error_type) in [
        ("error", json!({"error": "no luck"}), "Function.Error"),
        ("trap", json!("trap"), "Function.Trap"),
        ("panic", json!({"panic": "boom"}), "Function.Panic"),
        ("exit", json!({"exit": 0}), "Function.Exit"),
    ] {
        lambda.script(id, &json!(["start_document", write("{\"half\":"), failure]));
        lambda.reported_error(id, error_type);
        assert!(lambda.look(|seen| seen.to(&format!("{id}/response")).is_empty()));
    }
    let slow = json!(["start_document", write("{"), {"sleep_ms": 60_000}]);
    let deadline = std::time::Duration::from_millis(500);
    lambda.enqueue(Event::script("deadline", &slow).deadline_in(deadline));
    lambda.reported_error("deadline", "Function.DeadlineExceeded");
    lambda.script(
        "after",
        &json!(["start_document", write("2"), "finish", "trap"]),
    );
    assert_eq!(payload(&lambda.response("after")), "2");
}

#[test]
fn a_response_starts_once_whatever_its_kind() {
    let starts = [
        json!("start_document"),
        json!({"start_raw": "text/plain"}),
        json!({"write_headers": {"status": 200}}),
        write("x"),
    ];
    let (lambda, _host) = scripted("");
    for (first, second) in starts
        .iter()
        .flat_map(|first| starts.iter().take(3).map(move |second| (first, second)))
    {
        let steps = json!([
            first,
            expect(second, "already-started"),
            "finish",
            expect(second, "already-finished"),
        ]);
        lambda.script("id", &steps);
        lambda.response("id");
        lambda.polls(1);
        lambda.forget();
    }
    assert!(lambda.look(|seen| seen.to("/error").is_empty()));
}

#[test]
fn a_document_has_at_most_the_bytes_that_lambda_accepts() {
    let (lambda, _host) = scripted("");
    let document = |bytes| json!([vec![json!("start_document")], fills(bytes)].concat());
    lambda.script("fits", &document(PAYLOAD_LIMIT));
    assert_document(&lambda.response("fits"), PAYLOAD_LIMIT);

    // The handler's write fails, and a handler that ignores this has failed too.
    lambda.script("large", &document(PAYLOAD_LIMIT + 1));
    let message = lambda
        .reported_error("large", "Function.ResponseSizeTooLarge")
        .error_message();
    assert!(
        message.contains("6291557 bytes") && message.contains("6291556"),
        "{message}"
    );
    let steps = [
        vec![json!("start_document")],
        fills(PAYLOAD_LIMIT),
        vec![
            expect(&write("x"), "other"),
            expect(&write(""), "other"),
            expect(&json!("finish"), "other"),
        ],
    ];
    lambda.script("ignored", &json!(steps.concat()));
    let error = lambda.reported_error("ignored", "Function.ResponseSizeTooLarge");
    assert!(payload(&error).contains("send less, or stream the response"));
}

#[test]
fn a_raw_stream_has_a_content_type_and_no_prelude() {
    let (lambda, _host) = scripted("response.empty = 'line-feed'");
    for (id, steps, body) in [
        (
            "lines",
            json!([{"start_raw": "application/x-ndjson"}, write("1\n"), write("2\n")]),
            "1\n2\n",
        ),
        (
            "empty",
            json!([{"start_raw": "application/x-ndjson"}, "finish"]),
            "",
        ),
    ] {
        lambda.script(id, &steps);
        let response = lambda.complete_response(id);
        response.assert_header("content-type", "application/x-ndjson");
        response.assert_header("lambda-runtime-function-response-mode", "streaming");
        assert_eq!(payload(&response), body);
    }
    lambda.script(
        "cut",
        &json!([{"start_raw": "text/plain"}, write("half"), "trap"]),
    );
    assert_eq!(
        payload(&lambda.failed_response("cut", "Function.Trap")),
        "half"
    );
}

#[test]
fn a_raw_stream_needs_a_valid_content_type() {
    let refused = [
        "",
        " ; charset=utf-8",
        "nonsense",
        "text/",
        "text/a b",
        "text/plain; x=\u{e9}",
        "text/plain\r\nx: y",
        "application/vnd.awslambda.http-integration-response",
        "Application/Vnd.AwsLambda.HTTP-Integration-Response; x=1",
    ];
    let refused = refused.map(|text| expect(&json!({"start_raw": text}), "invalid-header"));
    let (lambda, _host) = scripted("");
    lambda.script(
        "id",
        &json!([refused.to_vec(), vec![write("started")]].concat()),
    );
    // No refused call has started the response.
    let (_, body) = lambda.complete_response("id").prelude_and_body();
    assert_eq!(body, b"started");
}

/// A front end's event with the script as its body.
pub(crate) fn through(front_end: &str, steps: &Value) -> Value {
    let mut event = match front_end {
        "http-api" => json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "headers": {"host": "h"},
            "requestContext": {"domainName": "abc.execute-api.us-east-1.amazonaws.com",
                "http": {"method": "GET", "path": "/"}},
        }),
        "http-api-1.0" => json!({
            "version": "1.0", "resource": "/", "path": "/", "httpMethod": "GET",
            "requestContext": {"domainName": "abc.execute-api.us-east-1.amazonaws.com"},
        }),
        "url" => json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "headers": {"host": "h"},
            "requestContext": {"domainName": "abc.lambda-url.us-east-1.on.aws",
                "http": {"method": "GET", "path": "/"}},
        }),
        "rest" => json!({
            "resource": "/", "path": "/", "httpMethod": "GET",
            "requestContext": {"resourcePath": "/", "httpMethod": "GET"},
        }),
        "alb" | "alb-multi" => json!({
            "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/",
        }),
        "lattice" => json!({
            "version": "2.0", "path": "/", "method": "GET", "headers": {"host": ["h"]},
            "requestContext": {"serviceNetworkArn": "arn"},
        }),
        other => panic!("no event of `{other}`"),
    };
    match front_end {
        "alb" => event["headers"] = json!({"host": "h"}),
        "alb-multi" => event["multiValueHeaders"] = json!({"host": ["h"]}),
        _ => {}
    }
    event["body"] = json!({ "steps": steps }).to_string().into();
    event
}

fn ask(lambda: &Recorder, front_end: &str, steps: &Value) {
    let event = through(front_end, steps).to_string();
    lambda.enqueue(Event::new(front_end, event));
}

#[test]
fn one_handler_answers_every_front_end_in_the_form_it_reads() {
    let (lambda, _host) = scripted("");
    let steps = json!([
        {"write_headers": {"status": 201, "headers": [["Content-Type", "text/plain"], ["x-a", "1"],
            ["x-a", "2"]], "cookies": ["c=1; Path=/", "d=2"]}},
        write("one "), write("two \"\u{e9}\""), "finish"
    ]);
    let body = "one two \"\u{e9}\"";
    let single = json!({"content-type": "text/plain", "x-a": "1, 2", "set-cookie": "d=2"});
    let lists = json!({"content-type": ["text/plain"], "x-a": ["1", "2"],
        "set-cookie": ["c=1; Path=/", "d=2"]});
    for (front_end, document) in [
        (
            "http-api",
            json!({"statusCode": 201, "headers": {"content-type": "text/plain", "x-a": "1, 2"},
                "cookies": ["c=1; Path=/", "d=2"], "isBase64Encoded": false, "body": body}),
        ),
        (
            "http-api-1.0",
            json!({"statusCode": 201, "multiValueHeaders": lists, "isBase64Encoded": false,
                "body": body}),
        ),
        (
            "alb",
            json!({"statusCode": 201, "statusDescription": "201 Created", "headers": single,
                "isBase64Encoded": false, "body": body}),
        ),
        (
            "alb-multi",
            json!({"statusCode": 201, "statusDescription": "201 Created",
                "multiValueHeaders": lists, "isBase64Encoded": false, "body": body}),
        ),
        (
            "lattice",
            json!({"statusCode": 201, "statusDescription": "201 Created", "headers": single,
                "isBase64Encoded": false, "body": body}),
        ),
    ] {
        ask(&lambda, front_end, &steps);
        let response = lambda.response(front_end);
        assert_document(&response, response.data().len());
        assert_eq!(response.document(), document, "{front_end}");
    }
    for front_end in ["url", "rest"] {
        ask(&lambda, front_end, &steps);
        let response = lambda.complete_response(front_end);
        assert_eq!(
            response.prelude_and_body().1,
            body.as_bytes(),
            "{front_end}"
        );
    }
}

#[test]
fn a_handler_that_writes_without_a_head_answers_a_front_end_with_status_200() {
    let (lambda, _host) = scripted("response.empty = 'line-feed'");
    for (steps, body) in [(json!([write("text")]), "text"), (json!([]), "")] {
        ask(&lambda, "http-api", &steps);
        let document = lambda.response("http-api").document();
        assert_eq!(document["statusCode"], 200);
        assert_eq!(document["body"], body);
        lambda.polls(1);
        lambda.forget();
    }
}

#[test]
fn a_binary_body_reaches_a_front_end_in_base64() {
    let (lambda, _host) = scripted("");
    ask(
        &lambda,
        "http-api",
        &json!([{"write_bytes": {"len": 3, "fill": 255}}]),
    );
    let document = lambda.response("http-api").document();
    assert_eq!(document["isBase64Encoded"], true);
    assert_eq!(document["body"], "////");
}

#[test]
fn a_failure_behind_a_front_end_that_buffers_is_an_error_document() {
    let (lambda, _host) = scripted("");
    ask(
        &lambda,
        "alb",
        &json!([head_with(&[("a", "b")]), write("half"), "trap"]),
    );
    lambda.reported_error("alb", "Function.Trap");

    ask(
        &lambda,
        "alb-multi",
        &json!([fills(LOAD_BALANCER_LIMIT), vec![write("x")]].concat()),
    );
    let message = lambda
        .reported_error("alb-multi", "Function.ResponseSizeTooLarge")
        .error_message();
    assert_contains(&message, "a load balancer takes 1048576");
}

/// Control characters take six bytes in JSON, so the size of the document is known only at its end.
#[test]
fn a_document_whose_encoding_makes_it_too_large_is_refused_at_its_end() {
    let (lambda, _host) = scripted("");
    ask(
        &lambda,
        "alb",
        &json!([{"write_bytes": {"len": 300_000, "fill": 1}}]),
    );
    lambda.reported_error("alb", "Function.ResponseSizeTooLarge");
    ask(
        &lambda,
        "alb",
        &json!([
            {"write_bytes": {"len": 300_000, "fill": 1}}, expect(&json!("finish"), "other")
        ]),
    );
    lambda.polls(2);
}

#[test]
fn a_load_balancer_without_lists_of_values_takes_one_cookie_and_the_log_says_so() {
    let (lambda, host) = scripted("");
    ask(
        &lambda,
        "alb",
        &json!([
            {"write_headers": {"status": 200, "cookies": ["a=1", "b=2"]}}
        ]),
    );
    let document = lambda.response("alb").document();
    assert_eq!(document["headers"], json!({"set-cookie": "b=2"}));
    host.logged("sets 2 cookies");
}

#[test]
fn the_setting_decides_which_callers_get_a_document() {
    let steps = json!([write("text")]);
    for (settings, documents) in [
        (
            "response.buffered = 'always'",
            &["http-api", "alb", "url", "rest", "lattice"][..],
        ),
        (
            "response.buffered = 'auto'",
            &["http-api", "alb", "lattice"],
        ),
        ("response.buffered = 'never'", &[]),
    ] {
        let (lambda, _host) = scripted(settings);
        for front_end in ["http-api", "alb", "url", "rest", "lattice"] {
            ask(&lambda, front_end, &steps);
            let response = lambda.response(front_end);
            let is_document = response.header("content-length").is_some();
            assert_eq!(
                is_document,
                documents.contains(&front_end),
                "{settings} {front_end}"
            );
        }
        // For an event that is not an HTTP request, the handler decides.
        lambda.script("other", &steps);
        lambda.complete_response("other");
    }
}

#[test]
fn the_handlers_choice_takes_precedence_over_the_front_end() {
    let (lambda, _host) = scripted("");
    ask(
        &lambda,
        "http-api",
        &json!(["start_document", write("{\"isAuthorized\":true}")]),
    );
    assert_eq!(
        payload(&lambda.response("http-api")),
        "{\"isAuthorized\":true}"
    );
    ask(
        &lambda,
        "alb",
        &json!([{"start_raw": "text/plain"}, write("raw")]),
    );
    assert_eq!(payload(&lambda.complete_response("alb")), "raw");
}
