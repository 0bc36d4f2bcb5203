//! What each front door makes of a request and of an answer.

use serde_json::{Value, json};

use crate::support::{Dev, End, Response, script, scripted_guest};

const JSON: (&str, &str) = ("content-type", "application/json");

#[track_caller]
fn post(dev: &Dev, path: &str, steps: &Value) -> Response {
    dev.send("POST", path, &[JSON], &script(steps))
}

#[test]
fn every_door_is_open_and_shows_status_headers_and_body() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let steps = json!([
        {"write_headers": {
            "status": 201,
            "headers": [["content-type", "text/plain"], ["x-a", "1"], ["x-a", "2"]],
            "cookies": ["a=1", "b=2"],
        }},
        {"write": "hello "}, {"write": "world"}, "finish",
    ]);
    for (path, values) in [
        ("/p", vec!["1, 2"]),
        ("/@url/p", vec!["1, 2"]),
        ("/@http/p", vec!["1, 2"]),
        ("/@rest/p", vec!["1", "2"]),
        ("/@alb/p", vec!["1", "2"]),
    ] {
        let response = post(&dev, path, &steps);

        assert_eq!(response.status, 201, "{path}");
        assert_eq!(response.header("content-type"), ["text/plain"], "{path}");
        assert_eq!(response.header("x-a"), values, "{path}");
        assert_eq!(response.header("set-cookie"), ["a=1", "b=2"], "{path}");
        assert_eq!(
            response.rest(),
            ("hello world".to_owned(), End::Complete),
            "{path}"
        );
    }
}

#[test]
fn streaming_doors_stream_and_the_others_wait() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 200}}, {"write": "a"}, {"write": "b"}]);
    for (path, streams) in [
        ("/@url", true),
        ("/@rest?x=1", true),
        ("/@http", false),
        ("/@alb/", false),
    ] {
        let response = post(&dev, path, &steps);

        let chunked = response.header("transfer-encoding") == ["chunked"];
        assert_eq!(chunked, streams, "{path}");
        assert_eq!(response.rest(), ("ab".to_owned(), End::Complete), "{path}");
    }
}

#[test]
fn a_rest_api_answers_before_the_end() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let steps = json!([
        {"write_headers": {"status": 200}}, {"write": "a"}, {"sleep_ms": 8000}, {"write": "b"},
    ]);
    let began = std::time::Instant::now();

    let mut response = post(&dev, "/@rest/", &steps);

    assert_eq!(response.chunk(), Ok("a".to_owned()));
    assert!(began.elapsed() < std::time::Duration::from_secs(6));
}

#[test]
fn a_failure_before_the_head_is_each_service_s_own_page() {
    let mut dev = Dev::start(&scripted_guest(), &[]);
    for (path, status, body) in [
        ("/@url", 502, "Internal Server Error"),
        ("/@rest", 502, "{\"message\":\"Internal server error\"}"),
        ("/@http", 500, "{\"message\":\"Internal Server Error\"}"),
        ("/@alb", 502, "502 Bad Gateway"),
    ] {
        let response = post(&dev, path, &json!([{"error": format!("at {path}")}]));

        assert_eq!(response.status, status, "{path}");
        assert!(response.header("x-amz-function-error").is_empty(), "{path}");
        let seen = response.rest().0;
        assert!(seen.contains(body), "{path}: {seen}");
        dev.wait_for(&format!("at {path}"));
    }
}

#[test]
fn a_failure_after_the_head_cuts_a_stream_and_fails_a_buffered_answer() {
    let mut dev = Dev::start(&scripted_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 200}}, {"write": "part"}, "trap"]);
    for (path, status) in [
        ("/@url", 200),
        ("/@rest", 200),
        ("/@http", 500),
        ("/@alb", 502),
    ] {
        let response = post(&dev, path, &steps);

        assert_eq!(response.status, status, "{path}");
        if status == 200 {
            assert_eq!(response.rest(), ("part".to_owned(), End::Cut), "{path}");
        }
        dev.wait_for("Function.Trap");
    }
}

#[test]
fn a_content_length_of_the_function_never_frames_the_answer() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let steps = json!([
        {"write_headers": {"status": 200, "headers": [["content-length", "5"]]}},
        {"write": "hello world"},
    ]);
    for (path, remapped) in [
        ("/@url", vec!["5"]),
        ("/@rest", vec!["5"]),
        ("/@http", vec![]),
        ("/@alb", vec![]),
    ] {
        let response = post(&dev, path, &steps);

        assert_eq!(
            response.header("x-amzn-remapped-content-length"),
            remapped,
            "{path}"
        );
        assert_eq!(
            response.rest(),
            ("hello world".to_owned(), End::Complete),
            "{path}"
        );
    }
}

#[test]
fn answers_without_a_body_end_at_once_at_every_door() {
    let dev = Dev::start(&scripted_guest(), &[]);
    for path in ["/@url", "/@rest", "/@http", "/@alb"] {
        for status in [204, 304] {
            let steps = json!([{"write_headers": {"status": status}}, "finish"]);
            let response = post(&dev, path, &steps);
            assert_eq!(response.status, status, "{path}");
            assert!(response.header("transfer-encoding").is_empty(), "{path}");
        }
        let steps = script(&json!([{"write_headers": {"status": 200}}, {"write": "unseen"}]));
        let head = dev.send("HEAD", path, &[JSON], &steps);
        assert_eq!(head.status, 200, "{path}");
    }
}

#[test]
fn what_is_too_large_for_a_buffered_answer_fails() {
    let mut dev = Dev::start(&scripted_guest(), &[]);
    let steps = json!([
        {"write_headers": {"status": 200}},
        {"write_pattern": {"total": 6_291_557, "chunk": 65_536}},
    ]);

    let response = post(&dev, "/@http", &steps);

    assert_eq!(response.status, 500);
    dev.wait_for("Function.ResponseSizeTooLarge");
}

#[test]
fn an_event_beyond_lambda_s_limit_is_refused() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let body = "x".repeat(6 * 1024 * 1024);

    let response = dev.send("POST", "/@url", &[("content-type", "image/png")], &body);

    assert_eq!(response.status, 413);
}
