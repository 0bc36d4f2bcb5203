//! What each front door makes of a request and of an answer.

use serde_json::{Value, json};

use crate::support::{Dev, End, Response, ready_guest, script};

const JSON: (&str, &str) = ("content-type", "application/json");

#[track_caller]
fn post(dev: &Dev, path: &str, steps: &Value) -> Response {
    dev.send("POST", path, &[JSON], &script(steps))
}

#[test]
fn every_door_is_open_and_shows_status_headers_and_body() {
    let dev = Dev::start(&ready_guest(), &[]);
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
    let dev = Dev::start(&ready_guest(), &[]);
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
    let dev = Dev::start(&ready_guest(), &[]);
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
    let mut dev = Dev::start(&ready_guest(), &[]);
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
    let mut dev = Dev::start(&ready_guest(), &[]);
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
    let dev = Dev::start(&ready_guest(), &[]);
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
    let dev = Dev::start(&ready_guest(), &[]);
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
    let mut dev = Dev::start(&ready_guest(), &[]);
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
    let dev = Dev::start(&ready_guest(), &[]);
    let body = "x".repeat(6 * 1024 * 1024);

    let response = dev.send("POST", "/@url", &[("content-type", "image/png")], &body);

    assert_eq!(response.status, 413);
}

/// The event that `path` makes of a request with these headers.
#[track_caller]
fn echoed(dev: &Dev, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let headers = [&[("x-do", "echo")], headers].concat();
    let response = dev.send(method, path, &headers, body);
    assert_eq!(response.status, 200, "{path}");
    serde_json::from_str(&response.rest().0).expect("an event")
}

const TWICE: [(&str, &str); 4] = [
    ("x-twice", "one"),
    ("x-twice", "two"),
    ("cookie", "c=1; d=2"),
    ("x-forwarded-for", "10.0.0.1"),
];

#[test]
fn format_2_has_path_and_query_as_sent_and_joins_what_is_repeated() {
    let dev = crate::runtimes::start(&[]);
    for path in ["/@url", "/@http"] {
        let target = format!("{path}/p%20q/x?a=1&a=2&b=%26");
        let event = echoed(&dev, "GET", &target, &TWICE, "");

        assert_eq!(event["version"], "2.0");
        assert_eq!(event["rawPath"], "/p%20q/x");
        assert_eq!(event["rawQueryString"], "a=1&a=2&b=%26");
        assert_eq!(
            event["queryStringParameters"],
            json!({"a": "1,2", "b": "&"})
        );
        assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
        assert_eq!(event["headers"]["cookie"], "c=1; d=2");
        assert_eq!(event["headers"]["x-twice"], "one,two");
        assert_eq!(event["headers"]["x-forwarded-for"], "10.0.0.1, 127.0.0.1");
        assert_eq!(event["headers"]["x-forwarded-proto"], "http");
        assert_eq!(event["requestContext"]["http"]["path"], "/p%20q/x");
        assert_eq!(event.get("body"), None);
    }
}

#[test]
fn format_1_lists_what_is_repeated_and_has_null_for_what_is_empty() {
    let dev = crate::runtimes::start(&[]);

    let event = echoed(&dev, "GET", "/@rest/p%20q/x?a=1&a=2&b=%26", &TWICE, "");
    let bare = echoed(&dev, "GET", "/@rest", &[], "");

    assert_eq!(event["path"], "/p%20q/x");
    assert_eq!(event["queryStringParameters"], json!({"a": "2", "b": "&"}));
    assert_eq!(
        event["multiValueQueryStringParameters"],
        json!({"a": ["1", "2"], "b": ["&"]})
    );
    assert_eq!(event["multiValueHeaders"]["x-twice"], json!(["one", "two"]));
    assert_eq!(event["headers"]["x-twice"], "two");
    for key in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "body",
    ] {
        assert_eq!(bare[key], Value::Null, "{key}");
    }
    assert_eq!(bare["path"], "/");
}

#[test]
fn a_load_balancer_lists_what_is_repeated_only_if_it_is_told_to() {
    let dev = crate::runtimes::start(&[]);

    let last = echoed(&dev, "GET", "/@alb/p?a=1&a=%26", &TWICE, "");
    let all = echoed(&dev, "GET", "/@alb-multi/p?a=1&a=%26", &TWICE, "");

    assert_eq!(last["queryStringParameters"], json!({"a": "%26"}));
    assert_eq!(last["headers"]["x-twice"], "two");
    assert_eq!(
        all["multiValueQueryStringParameters"],
        json!({"a": ["1", "%26"]})
    );
    assert_eq!(all["multiValueHeaders"]["x-twice"], json!(["one", "two"]));
    assert_eq!(all.get("headers"), None);
}

#[test]
fn a_body_that_is_no_text_comes_encoded() {
    let dev = crate::runtimes::start(&[]);
    for path in ["/@url/", "/@http/", "/@alb/"] {
        let png = echoed(&dev, "POST", path, &[("content-type", "image/png")], "a");
        let text = echoed(&dev, "POST", path, &[("content-type", "text/plain")], "a");

        assert_eq!(
            (&png["body"], &png["isBase64Encoded"]),
            (&json!("YQ=="), &json!(true))
        );
        assert_eq!(
            (&text["body"], &text["isBase64Encoded"]),
            (&json!("a"), &json!(false))
        );
    }
}

#[test]
fn what_belongs_to_the_service_is_renamed() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 401, "headers": [
        ["www-authenticate", "Basic"], ["server", "mine"], ["date", "then"], ["x-kept", "1"],
    ]}}]);
    for path in ["/@url", "/@rest"] {
        let response = post(&dev, path, &steps);

        for (name, value) in [
            ("www-authenticate", "Basic"),
            ("server", "mine"),
            ("date", "then"),
        ] {
            let remapped = response.header(&format!("x-amzn-remapped-{name}"));
            assert_eq!(remapped, [value], "{path}");
            assert!(!response.header(name).contains(&value), "{path} {name}");
        }
        assert_eq!(response.header("x-kept"), ["1"], "{path}");
        assert_eq!(response.header("x-amzn-requestid")[0].len(), 36, "{path}");
    }
}

/// `hello gzip`, compressed.
const HELLO_GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x57\x48\xaf\xca\x2c\x00\x00\x19\x6a\xd2\xdf\x0a\x00\x00\x00";

#[test]
fn a_function_url_undoes_gzip_and_the_others_leave_it() {
    let dev = crate::runtimes::start(&[]);
    let prelude = b"{\"headers\":{\"content-encoding\":\"gzip\",\"content-type\":\"text/plain\"}}";
    let words = format!(
        "type=application/vnd.awslambda.http-integration-response;hex={}0000000000000000,{};",
        crate::runtimes::hex(prelude),
        crate::runtimes::hex(HELLO_GZIP),
    );
    let text = [("content-type", "text/plain")];

    let url = dev.send("POST", "/@url", &text, &words);
    let rest = dev.send("POST", "/@rest", &text, &words);

    assert!(url.header("content-encoding").is_empty());
    assert_eq!(url.rest(), ("hello gzip".to_owned(), End::Complete));
    assert_eq!(rest.header("content-encoding"), ["gzip"]);
    assert_eq!(rest.raw_rest().0, HELLO_GZIP);
}

#[test]
fn a_load_balancer_shows_the_description_of_a_status() {
    let dev = crate::runtimes::start(&[]);
    let document = br#"{"statusCode":418,"statusDescription":"418 Short and stout","headers":{"a":"b"},"multiValueHeaders":{"c":["d","e"]},"body":"tea"}"#;
    let words = format!("\"whole={};\"", crate::runtimes::hex(document));
    let text = [("content-type", "text/plain")];

    let last = dev.send("POST", "/@alb", &text, &words);
    let multi = dev.send("POST", "/@alb-multi", &text, &words);
    let url = dev.send("POST", "/@url", &text, &words);

    assert_eq!(
        (last.status, last.reason.as_str()),
        (418, "Short and stout")
    );
    assert_eq!((last.header("a"), last.header("c")), (vec!["b"], vec![]));
    assert_eq!(
        (multi.header("a"), multi.header("c")),
        (vec![], vec!["d", "e"])
    );
    assert_eq!(url.reason, "I'm a teapot");
}
