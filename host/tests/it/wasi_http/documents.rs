//! Callers that read a document: front ends that buffer, and those that send no HTTP request.

use bootstream_test_support::recorder::{End, Event, Exchange, Recorder};
use bootstream_test_support::{assert_contains, assert_contains_all};
use serde_json::{Value, json};

use super::{expect, respond, serving, write};
use crate::documents::through;

/// An event that is not HTTP: the script itself.
fn other(id: &str, steps: &Value) -> Event {
    Event::script(id, steps)
}

#[track_caller]
fn document(lambda: &Recorder, id: &str) -> Exchange {
    let response = lambda.response(id);
    lambda.idle(1);
    assert_eq!(response.end, End::Clean);
    let length = response.data().len().to_string();
    assert_eq!(response.header("content-length"), Some(length));
    assert_eq!(response.header("transfer-encoding"), None);
    response
}

#[test]
fn one_component_answers_every_front_end_in_the_form_it_reads() {
    let (lambda, host) = serving("");
    let headers = json!([
        ["content-type", "text/plain"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"]
    ]);
    let steps = json!([{"respond": {"status": 201, "headers": headers}}, write("one "), write("two"), "finish"]);
    for front_end in ["http-api", "http-api-1.0", "alb", "alb-multi", "lattice"] {
        lambda.enqueue(Event::new(
            front_end,
            through(front_end, &steps).to_string(),
        ));
        let answer = document(&lambda, front_end).document();
        assert_eq!(answer["statusCode"], 201, "{front_end}");
        assert_eq!(answer["body"], "one two", "{front_end}");
        let cookies = [
            &answer["cookies"],
            &answer["multiValueHeaders"]["set-cookie"],
            &answer["headers"]["set-cookie"],
        ];
        let expected = [json!(["a=1", "b=2"]), json!("b=2")];
        assert!(
            cookies.iter().any(|it| expected.contains(it)),
            "{front_end}: {answer}"
        );
    }
    host.logged("sets 2 cookies");
    for front_end in ["url", "rest"] {
        lambda.enqueue(Event::new(
            front_end,
            through(front_end, &steps).to_string(),
        ));
        assert_eq!(lambda.complete_response(front_end).body(), "one two");
    }
}

#[test]
fn a_failure_behind_a_front_end_that_buffers_is_an_error_document() {
    let (lambda, _host) = serving("");
    for (id, last, error_type) in [
        ("trap", json!("trap"), "Function.Trap"),
        ("drop", json!("drop_body"), "Function.Error"),
        ("leak", json!({"sleep_ms": 0}), "Function.Error"),
    ] {
        let steps = json!([respond(), write("half"), last]);
        lambda.enqueue(Event::new(id, through("alb", &steps).to_string()));
        lambda.reported_error(id, error_type);
    }
    let large =
        json!([respond(), {"write_pattern": {"total": 1_100_000, "chunk": 10_000}}, "finish"]);
    lambda.enqueue(Event::new("large", through("alb", &large).to_string()));
    let error = lambda.error("large");
    assert_contains(&error.error_message(), "");
    let patient = json!([
        respond(),
        expect(
            &json!({"write_pattern": {"total": 1_100_000, "chunk": 10_000}}),
            "failed"
        ),
        "drop_body"
    ]);
    lambda.enqueue(Event::new("patient", through("alb", &patient).to_string()));
    let error = lambda.reported_error("patient", "Function.ResponseSizeTooLarge");
    assert_contains(&error.error_message(), "a load balancer takes 1048576");
    // Each zero takes six bytes, so that the size is known at the end only.
    let zeroes = json!([respond(), {"write_zeroes": 200_000},
        expect(&json!("finish"), "InternalError(Some(\"the response is a document")]);
    lambda.enqueue(Event::new("zeroes", through("alb", &zeroes).to_string()));
    lambda.reported_error("zeroes", "Function.ResponseSizeTooLarge");
}

#[test]
fn the_answer_to_an_event_that_is_not_http_is_its_body_alone() {
    let (lambda, _host) = serving("");
    let failures = r#"{"batchItemFailures":[]}"#;
    let json_type = json!({"respond": {"headers": [["content-type", "application/json"]]}});
    lambda.enqueue(other(
        "json",
        &json!([json_type, write(failures), "finish"]),
    ));
    let response = document(&lambda, "json");
    assert_eq!(response.data(), failures.as_bytes());
    response.assert_header("content-type", "application/json");

    let csv = json!({"respond": {"status": 202, "headers": [["content-type", "text/csv"], ["x-a", "1"]]}});
    lambda.enqueue(other(
        "csv",
        &json!([csv, write("a,b\n"), write("1,2\n"), "finish"]),
    ));
    let response = document(&lambda, "csv");
    assert_eq!(response.data(), b"a,b\n1,2\n");
    response.assert_header("content-type", "text/csv");

    lambda.enqueue(other("untyped", &json!([{"response": {}}, "set"])));
    let response = document(&lambda, "untyped");
    assert_eq!(response.data(), b"");
    response.assert_header("content-type", "application/json");
}

#[test]
fn the_event_is_the_body_of_a_post_to_the_path_that_is_set() {
    for (settings, path) in [
        ("", "/events"),
        ("events-path = '/hook/lambda'", "/hook/lambda"),
    ] {
        let (lambda, _host) = serving(settings);
        lambda.enqueue(other(
            "id-1",
            &json!([respond(), "describe_request", "finish"]),
        ));
        let seen = document(&lambda, "id-1").document();
        assert_eq!(seen["method"], "post");
        assert_eq!(seen["target"], path);
        let headers = seen["headers"].as_array().expect("a list");
        assert!(
            headers.contains(&json!(["content-type", "application/json"])),
            "{seen}"
        );
    }
    let (lambda, _host) = serving("events-path = ''");
    lambda.enqueue(other("id-1", &json!([respond(), "finish"])));
    let error = lambda.error("id-1");
    assert_contains(&error.error_message(), "`events-path`");
}

/// Retries and dead-letter queues need to know.
#[test]
fn a_status_of_400_or_more_is_a_failed_invocation() {
    let (lambda, _host) = serving("");
    for status in [400, 404, 500, 599] {
        let id = format!("id-{status}");
        let fails =
            json!({"respond": {"status": status, "headers": [["content-type", "text/plain"]]}});
        lambda.enqueue(other(
            &id,
            &json!([fails, write("no "), write("luck"), "finish"]),
        ));
        let error = lambda.reported_error(&id, "Function.Error");
        assert_contains_all(
            &error.error_message(),
            [&format!("status {status}"), "no luck"],
        );
    }
    lambda.enqueue(other(
        "empty",
        &json!([{"response": {"status": 500}}, "set"]),
    ));
    let error = lambda.reported_error("empty", "Function.Error");
    assert_eq!(
        error.error_message(),
        "the handler answered with status 500"
    );
    let long = json!([{"respond": {"status": 500}}, {"write_many": {"count": 3_000, "chunk": "x"}}, "finish"]);
    lambda.enqueue(other("long", &long));
    let message = lambda
        .reported_error("long", "Function.Error")
        .error_message();
    assert_eq!(message.matches('x').count(), 1024, "{message}");
    for status in [200, 204, 302, 399] {
        let id = format!("good-{status}");
        lambda.enqueue(other(
            &id,
            &json!([{"respond": {"status": status}}, write("1"), "finish"]),
        ));
        assert_eq!(document(&lambda, &id).data(), b"1");
    }
}

#[test]
fn a_failure_before_the_end_of_a_document_is_never_half_a_document() {
    let (lambda, _host) = serving("");
    for (id, last, error_type) in [
        ("trap", json!("trap"), "Function.Trap"),
        ("drop", json!("drop_body"), "Function.Error"),
        ("leak", json!({"sleep_ms": 0}), "Function.Error"),
        ("exit", json!({"exit": 0}), "Function.Exit"),
        (
            "type",
            json!({"respond": {"headers": [["content-type", "nonsense"]]}}),
            "Function.Error",
        ),
    ] {
        let first = if id == "type" {
            json!({"sleep_ms": 0})
        } else {
            respond()
        };
        let second = if id == "type" {
            json!({"sleep_ms": 0})
        } else {
            write("{\"half\":")
        };
        lambda.enqueue(other(id, &json!([first, second, last])));
        lambda.reported_error(id, error_type);
    }
    let broken = json!([{"respond": {"status": 500}}, write("half"), "drop_body"]);
    lambda.enqueue(other("broken", &broken));
    let error = lambda.reported_error("broken", "Function.Error");
    assert_contains(&error.error_message(), "dropped the body");
}

#[test]
fn what_is_not_json_is_an_error_and_the_process_goes_on() {
    let (lambda, mut host) = serving("");
    for (id, event) in [
        ("text", "no JSON".to_owned()),
        (
            "base64",
            json!({"version": "2.0", "rawPath": "/", "headers": {}, "body": "!!!",
            "isBase64Encoded": true, "requestContext": {"http": {"method": "POST"}}})
            .to_string(),
        ),
        (
            "path",
            json!({"version": "2.0", "headers": {},
            "requestContext": {"http": {"method": "POST"}}})
            .to_string(),
        ),
    ] {
        lambda.enqueue(Event::new(id, event));
        lambda.reported_error(id, "Function.BadEvent");
    }
    lambda.enqueue(other("after", &json!([respond(), write("1"), "finish"])));
    assert_eq!(document(&lambda, "after").data(), b"1");
    host.assert_running();
}
