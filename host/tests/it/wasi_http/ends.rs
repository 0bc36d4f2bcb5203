//! A response ends well only if the component has finished it.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::DELIMITER;
use serde_json::{Value, json};

use super::{event, expect, respond, run, serving, write};

/// The failures after the beginning of a response: the script after it, the type, and a part of the message.
fn failures() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    vec![
        ("trap", json!(["trap"]), "Function.Trap", "unreachable"),
        (
            "panic",
            json!([{"panic": "boom"}]),
            "Function.Panic",
            "boom",
        ),
        ("exit-0", json!([{"exit": 0}]), "Function.Exit", "status 0"),
        ("exit-3", json!([{"exit": 3}]), "Function.Exit", "status 1"),
        ("leak", json!([]), "Function.Error", "without finishing"),
        (
            "leak-body",
            json!(["drop_stream"]),
            "Function.Error",
            "without finishing",
        ),
        (
            "drop",
            json!(["drop_body"]),
            "Function.Error",
            "dropped the body",
        ),
        (
            "drop-and-work",
            json!(["drop_body", {"spin_ms": 2}]),
            "Function.Error",
            "dropped the body",
        ),
        (
            "children",
            json!(["finish_early"]),
            "Function.Trap",
            "children",
        ),
    ]
}

#[test]
fn a_response_that_breaks_off_ends_in_trailers_after_what_was_written() {
    let (lambda, mut host) = serving("");
    for (id, rest, error_type, part) in failures() {
        let mut steps = vec![respond(), write("hello")];
        steps.extend(rest.as_array().expect("a list").clone());
        lambda.enqueue(event(id, &Value::from(steps)));

        let response = lambda.failed_response(id, error_type);

        let (prelude, body) = response.prelude_and_body();
        assert_eq!(prelude["statusCode"], 200, "{id}");
        assert_eq!(body, b"hello", "{id}");
        let document = response.trailer_document();
        assert_contains(document["errorMessage"].as_str().expect("a text"), part);
        let logged = host.line(id, |line| line.contains("ERROR") && line.contains(id));
        assert_contains(&logged, "after its response had begun");
    }
    lambda.enqueue(event("after", &json!([respond(), write("fine"), "finish"])));
    assert_eq!(lambda.complete_response("after").body(), "fine");
    host.assert_running();
}

#[test]
fn a_failure_before_the_response_is_an_error_document() {
    let (lambda, _host) = serving("");
    let body_first = json!([{"response": {}}, "body", "stream", write("early")]);
    let after = |rest: Value| {
        let steps = [body_first.as_array(), rest.as_array()];
        Value::from(
            steps
                .into_iter()
                .flatten()
                .flatten()
                .cloned()
                .collect::<Vec<_>>(),
        )
    };
    for (id, steps, error_type, part) in [
        ("nothing", json!([]), "Function.Error", "without a response"),
        (
            "dropped",
            json!(["drop_outparam"]),
            "Function.Error",
            "without a response",
        ),
        ("trap", json!(["trap"]), "Function.Trap", "unreachable"),
        (
            "panic",
            json!([{"panic": "boom"}]),
            "Function.Panic",
            "boom",
        ),
        ("exit-0", json!([{"exit": 0}]), "Function.Exit", "status 0"),
        ("exit-3", json!([{"exit": 3}]), "Function.Exit", "status 1"),
        (
            "error",
            json!([{"set_error": "no luck"}]),
            "Function.Error",
            "no luck",
        ),
        (
            "written",
            body_first.clone(),
            "Function.Error",
            "without a response",
        ),
        (
            "finished",
            after(json!(["finish"])),
            "Function.Error",
            "without a response",
        ),
        (
            "broken",
            after(json!(["drop_body", "set"])),
            "Function.Error",
            "dropped the body",
        ),
        (
            "trapped",
            after(json!(["trap"])),
            "Function.Trap",
            "unreachable",
        ),
    ] {
        lambda.enqueue(event(id, &steps));
        let error = lambda.reported_error(id, error_type);
        assert_contains(&error.error_message(), part);
    }
}

#[test]
fn a_response_without_a_body_is_complete_and_empty() {
    for steps in [
        json!([{"response": {"status": 204}}, "set"]),
        json!([{"respond": {"status": 204}}, "finish"]),
        json!([{"response": {"status": 204}}, "body", "finish", "set"]),
    ] {
        let (prelude, body) = run(&steps).prelude_and_body();
        assert_eq!(prelude["statusCode"], 204);
        assert_eq!(body, b"");
    }
    let (lambda, _host) = serving("response.empty = 'line-feed'");
    for (id, steps) in [
        ("no-body", json!([{"response": {}}, "set"])),
        ("empty-body", json!([respond(), "finish"])),
    ] {
        lambda.enqueue(event(id, &steps));
        assert_eq!(lambda.complete_response(id).body(), "\n");
    }
}

#[test]
fn what_was_written_before_the_response_is_set_follows_it() {
    let (lambda, _host) = serving("");
    let held = json!([{"response": {"status": 201}}, "body", "stream", write("one "), write("two "), "set",
        write("three"), "finish"]);
    lambda.enqueue(event("held", &held));
    let (prelude, body) = lambda.complete_response("held").prelude_and_body();
    assert_eq!(
        (&prelude["statusCode"], &body[..]),
        (&json!(201), &b"one two three"[..])
    );

    let finished = json!([{"response": {}}, "body", "stream", write("whole"), "finish", "set"]);
    lambda.enqueue(event("finished", &finished));
    assert_eq!(lambda.complete_response("finished").body(), "whole");
}

/// As much as a reader that is behind may leave, and then the guest has to wait.
#[test]
fn no_more_is_held_than_one_buffer_before_the_response_is_set() {
    let (lambda, host) = serving("");
    let fills = json!([{"response": {}}, "body", "stream", {"write_allowed": 0}, {"blocking_write": 1}, "set"]);
    let event = event("fills", &fills).deadline_in(std::time::Duration::from_millis(700));
    lambda.enqueue(event);
    lambda.reported_error("fills", "Function.DeadlineExceeded");
    host.logged("`response-outparam.set`, which should come first");
}

#[test]
fn all_that_may_be_held_is_sent_after_the_largest_head() {
    let large = "h".repeat(15_900);
    let head = json!({"headers": [["x-large", large]]});
    let steps =
        json!([{"response": head}, "body", "stream", {"write_allowed": 0}, "finish", "set"]);
    let (prelude, body) = run(&steps).prelude_and_body();
    assert_eq!(prelude["headers"]["x-large"], large);
    assert_eq!(body.len(), 256 * 1024);
}

/// The guest cannot set the response while it waits.
#[test]
fn a_flush_before_the_response_is_set_does_not_wait() {
    let (lambda, _host) = serving("");
    let steps = json!([{"response": {}}, "body", "stream", {"write_allowed": 0}, "blocking_flush", "set",
        "blocking_flush", write("end"), "finish"]);
    lambda.enqueue(event("id-1", &steps).deadline_in(std::time::Duration::from_secs(3)));
    let body = lambda.complete_response("id-1").body();
    assert_eq!(body.len(), 256 * 1024 + 3);
    assert!(body.ends_with("xend"));
}

#[test]
fn a_body_of_another_length_than_announced_is_a_failure() {
    let of = |length: &str| json!({"respond": {"headers": [["content-length", length]]}});
    let size = |bytes: u64| format!("HttpResponseBodySize(Some({bytes}))");
    let (lambda, _host) = serving("");
    let exact = json!([of("5"), write("12"), write("345"), "finish"]);
    lambda.enqueue(event("exact", &exact));
    let response = lambda.complete_response("exact");
    assert_eq!(response.body(), "12345");
    assert_eq!(response.prelude()["headers"]["content-length"], "5");

    let short = json!([of("10"), write("12345"), expect(&json!("finish"), &size(5))]);
    lambda.enqueue(event("short", &short));
    let response = lambda.failed_response("short", "Function.Error");
    assert_eq!(response.body(), "12345");
    let message = response.trailer_document()["errorMessage"].to_string();
    assert_contains(
        &message,
        "wrote 5 bytes of response, and its `content-length` is 10",
    );

    // A body of exactly the announced length would look complete.
    let long = json!([
        of("3"),
        expect(&write("12345"), &format!("failed: {}", size(5))),
        expect(&write("1"), "closed"),
        expect(&json!("finish"), "HttpResponseBodySize")
    ]);
    lambda.enqueue(event("long", &long));
    assert_eq!(lambda.failed_response("long", "Function.Error").body(), "");

    let early = json!([{"response": {"headers": [["content-length", "3"]]}}, "body", "stream",
        expect(&write("1234"), "failed"), "drop_body", "set"]);
    lambda.enqueue(event("early", &early));
    let error = lambda.reported_error("early", "Function.Error");
    assert_contains(&error.error_message(), "`content-length` is 3");

    let head = json!({"response": {"headers": [["content-length", "3x"]]}});
    let invalid = json!([expect(&head, "HeaderError"), respond(), "finish"]);
    lambda.enqueue(event("invalid", &invalid));
    lambda.complete_response("invalid");
}

/// The answer to `HEAD` announces the length of the body that `GET` would get.
#[test]
fn the_answer_to_a_head_request_may_lack_the_body_it_announces() {
    let (lambda, _host) = serving("");
    let steps = json!([{"respond": {"headers": [["content-length", "5"]]}}, "finish"]);
    let mut request = crate::documents::through("url", &steps);
    request["requestContext"]["http"]["method"] = "HEAD".into();
    lambda.enqueue(bootstream_test_support::recorder::Event::new(
        "head",
        request.to_string(),
    ));
    let response = lambda.complete_response("head");
    assert_eq!(response.prelude()["headers"]["content-length"], "5");
    assert_eq!(response.body(), "");

    lambda.enqueue(event(
        "get",
        &json!([{"respond": {"headers": [["content-length", "5"]]}},
        expect(&json!("finish"), "HttpResponseBodySize(Some(0))")]),
    ));
    lambda.failed_response("get", "Function.Error");
}

/// A receiver would wait for the bytes, or take the response for cut off.
#[test]
fn a_response_without_a_body_may_not_announce_bytes() {
    let (lambda, _host) = serving("");
    let announcing = |status: u16, length: &str| json!([{"response": {"status": status, "headers": [["content-length", length]]}}, "set"]);
    lambda.enqueue(event("some", &announcing(200, "10")));
    let error = lambda.reported_error("some", "Function.Error");
    assert_contains(
        &error.error_message(),
        "wrote 0 bytes of response, and its `content-length` is 10",
    );

    lambda.enqueue(event("none", &announcing(200, "0")));
    assert_eq!(lambda.complete_response("none").body(), "");
    lambda.enqueue(event("same", &announcing(304, "10")));
    assert_eq!(lambda.complete_response("same").body(), "");
    let mut head = crate::documents::through("url", &announcing(200, "10"));
    head["requestContext"]["http"]["method"] = "HEAD".into();
    lambda.enqueue(bootstream_test_support::recorder::Event::new(
        "head",
        head.to_string(),
    ));
    assert_eq!(lambda.complete_response("head").body(), "");
}

/// It announces the length of what the client has.
#[test]
fn a_response_of_status_304_may_lack_the_body_it_announces() {
    let (lambda, _host) = serving("");
    let head = |status: u16| json!({"status": status, "headers": [["content-length", "5"]]});
    for (id, steps) in [
        ("finished", json!([{"respond": head(304)}, "finish"])),
        (
            "before-set",
            json!([{"response": head(304)}, "body", "finish", "set"]),
        ),
    ] {
        lambda.enqueue(event(id, &steps));
        let response = lambda.complete_response(id);
        assert_eq!(response.prelude()["statusCode"], 304, "{id}");
        assert_eq!(response.prelude()["headers"]["content-length"], "5", "{id}");
        assert_eq!(response.body(), "", "{id}");
    }
    let failing = json!([{"respond": head(304)}, write("x"),
        expect(&json!("finish"), "HttpResponseBodySize(Some(1))")]);
    lambda.enqueue(event("begun", &failing));
    lambda.failed_response("begun", "Function.Error");
}

#[test]
fn trailers_are_dropped_with_a_line_in_the_log() {
    let (lambda, host) = serving("");
    let trailers = json!({"finish_with": [["x-checksum", "1"],
        ["lambda-runtime-function-error-type", "Forged"],
        ["lambda-runtime-function-error-body", "e30="]]});
    lambda.enqueue(event("id-1", &json!([respond(), write("x"), trailers])));

    let response = lambda.complete_response("id-1");

    assert_eq!(response.body(), "x");
    let line = host.logged("dropped the trailers");
    assert_contains(&line, "requestId=id-1");
}

#[test]
fn the_end_does_not_wait_for_what_the_component_does_after_it() {
    let (lambda, host) = serving("");
    lambda.enqueue(event(
        "works",
        &json!([respond(), write("x"), "finish", {"sleep_ms": 300},
        {"print": "still here\n"}]),
    ));
    lambda.enqueue(event(
        "traps",
        &json!([respond(), write("x"), "finish", "trap"]),
    ));

    let works = lambda.response("works");
    works.assert_clean_end();
    let traps = lambda.complete_response("traps");
    assert_eq!(traps.body(), "x");
    let line = host.logged("still here");
    assert_contains(&line, "requestId=works");
    let line = host.line("the trap", |line| {
        line.contains("requestId=traps") && line.contains("ERROR")
    });
    assert_contains(&line, "after its response had ended");
    // The next event is asked for once the component has returned.
    let ended = works.ended.expect("an end");
    let second = lambda
        .look(|seen| seen.polls()[1].answered)
        .expect("an answer");
    assert!(
        second - ended > std::time::Duration::from_millis(200),
        "{:?}",
        second - ended
    );
}

/// The stream is a `BodyStream` to the library's functions as well.
#[test]
fn every_way_to_write_arrives() {
    let many = json!({"write_many": {"count": 3, "chunk": "ab"}});
    let response = run(
        &json!([respond(), write("w"), many, {"write_zeroes": 2}, "await_writable",
        write(""), "finish"]),
    );
    assert_eq!(response.body(), "wababab\0\0");
    let chunks = response
        .chunks
        .iter()
        .filter(|chunk| chunk.data != DELIMITER)
        .count();
    assert!(chunks > 1);
}
