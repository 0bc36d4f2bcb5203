//! How each front end translates requests and responses.

use bootstream_test_support::assert_contains;
use serde_json::{Value, json};

use crate::support::{Dev, JSON, Response, bootstream, ready_guest, script, wrong_usage};

#[test]
fn every_front_end_is_open_and_shows_status_headers_and_body() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([
        {"write_headers": {
            "status": 201,
            "headers": [["content-type", "text/plain"], ["x-a", "1"], ["x-a", "2"]],
            "cookies": ["a=1", "b=2"],
        }},
        {"write": "hello "}, {"write": "world"}, "finish",
    ]);
    let both = &["a=1", "b=2"][..];
    for (path, values, cookies) in [
        ("/p", vec!["1, 2"], both),
        ("/@url/p", vec!["1, 2"], both),
        ("/@http/p", vec!["1, 2"], both),
        ("/@rest/p", vec!["1", "2"], both),
        // A header occurs at most once, and so does a cookie.
        ("/@alb/p", vec!["1, 2"], &["b=2"]),
        ("/@alb-multi/p", vec!["1", "2"], both),
    ] {
        let response = dev.post(path, &script(&steps));

        assert_eq!(response.status, 201, "{path}");
        response.assert_header("content-type", &["text/plain"]);
        response.assert_header("x-a", &values);
        response.assert_header("set-cookie", cookies);
        response.assert_body("hello world");
    }
}

#[test]
fn streaming_front_ends_stream_and_the_others_wait() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 200}}, {"write": "a"}, {"write": "b"}]);
    for (path, streams) in [
        ("/@url", true),
        ("/@rest?x=1", true),
        ("/@http", false),
        ("/@alb/", false),
    ] {
        let response = dev.post(path, &script(&steps));

        let chunked = response.header("transfer-encoding") == ["chunked"];
        assert_eq!(chunked, streams, "{path}");
        response.assert_body("ab");
    }
}

#[test]
fn a_rest_api_answers_before_the_end() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([
        {"write_headers": {"status": 200}}, {"write": "a"}, {"sleep_ms": 8000}, {"write": "b"},
    ]);
    let began = std::time::Instant::now();

    let mut response = dev.post("/@rest/", &script(&steps));

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
        let response = dev.post(path, &script(&json!([{"error": format!("at {path}")}])));

        assert_eq!(response.status, status, "{path}");
        response.assert_header("x-amz-function-error", &[]);
        let seen = response.rest().0;
        assert!(seen.contains(body), "{path}: {seen}");
        dev.wait_for(&format!("at {path}"));
    }
}

#[test]
fn a_failure_after_the_head_cuts_a_stream_and_fails_a_buffered_response() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 200}}, {"write": "part"}, "trap"]);
    for (path, status) in [
        ("/@url", 200),
        ("/@rest", 200),
        ("/@http", 500),
        ("/@alb", 502),
    ] {
        let response = dev.post(path, &script(&steps));

        assert_eq!(response.status, status, "{path}");
        if status == 200 {
            response.assert_cut("part");
        }
        dev.wait_for("Function.Trap");
    }
}

#[test]
fn a_content_length_of_the_function_never_frames_the_response() {
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
        let response = dev.post(path, &script(&steps));

        response.assert_header("x-amzn-remapped-content-length", &remapped);
        response.assert_body("hello world");
    }
}

#[test]
fn responses_without_a_body_end_at_once_at_every_front_end() {
    let dev = Dev::start(&ready_guest(), &[]);
    for path in ["/@url", "/@rest", "/@http", "/@alb"] {
        for status in [204, 304] {
            let steps = json!([{"write_headers": {"status": status}}, "finish"]);
            let response = dev.post(path, &script(&steps));
            assert_eq!(response.status, status, "{path}");
            response.assert_header("transfer-encoding", &[]);
        }
        let steps = script(&json!([{"write_headers": {"status": 200}}, {"write": "unseen"}]));
        let head = dev.send("HEAD", path, &[JSON], &steps);
        assert_eq!(head.status, 200, "{path}");
    }
}

#[test]
fn a_buffered_response_that_is_too_large_fails() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([
        {"write_headers": {"status": 200}},
        {"write_pattern": {"total": 6_291_557, "chunk": 65_536}},
    ]);

    let response = dev.post("/@http", &script(&steps));

    assert_eq!(response.status, 500);
    dev.wait_for("Lambda takes 6291556 at most");
}

#[test]
fn an_event_beyond_lambda_s_limit_is_refused() {
    let dev = Dev::start(&ready_guest(), &[]);
    let body = "x".repeat(6 * 1024 * 1024);

    let response = dev.send("POST", "/@url", &[("content-type", "image/png")], &body);

    assert_eq!(response.status, 413);
}

/// The event that the front end at `path` makes of a request with these headers.
#[track_caller]
fn echoed(dev: &Dev, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let headers = [&[("x-do", "echo")], headers].concat();
    let response = dev.send(method, path, &headers, body);
    assert_eq!(response.status, 200, "{path}");
    serde_json::from_str(&response.rest().0).expect("an event")
}

/// Asserts the body of an event, and whether it is in base64.
#[track_caller]
fn assert_content(event: &Value, body: &str, is_base64: bool) {
    let content = (&event["body"], &event["isBase64Encoded"]);
    assert_eq!(content, (&json!(body), &json!(is_base64)));
}

const TWICE: [(&str, &str); 4] = [
    ("x-twice", "one"),
    ("x-twice", "two"),
    ("cookie", "c=1; d=2"),
    ("x-forwarded-for", "10.0.0.1"),
];

#[test]
fn format_2_has_the_query_as_sent_and_joins_what_is_repeated() {
    let dev = crate::runtimes::start(&[]);
    for (path, raw_path, cookie) in [
        ("/@url", "/p%20q/x", json!("c=1; d=2")),
        ("/@http", "/p q/x", Value::Null),
    ] {
        let target = format!("{path}/p%20q/x?a=1&a=2&b=%26");
        let event = echoed(&dev, "GET", &target, &TWICE, "");

        assert_eq!(event["version"], "2.0");
        assert_eq!(event["rawPath"], raw_path);
        assert_eq!(event["rawQueryString"], "a=1&a=2&b=%26");
        assert_eq!(
            event["queryStringParameters"],
            json!({"a": "1,2", "b": "&"})
        );
        assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
        assert_eq!(event["headers"]["cookie"], cookie);
        assert_eq!(event["headers"]["x-twice"], "one,two");
        assert_eq!(event["headers"]["x-forwarded-for"], "10.0.0.1, 127.0.0.1");
        assert_eq!(event["headers"]["x-forwarded-proto"], "http");
        assert_eq!(event["requestContext"]["http"]["path"], "/p q/x");
        assert_eq!(event.get("body"), None);
    }
}

/// Events captured from AWS in July 2026, in `tests/it/captured`.
#[test]
fn events_are_those_that_aws_delivered() {
    const TARGET: &str = "/capture/space%20value?repeat=one&repeat=two&\
        redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b&encodedPlus=a%2Bb&empty=";
    const BODY: &str = r#"{"message":"hello from the public internet","unicode":"lambda-λ"}"#;
    const HEADERS: [(&str, &str); 6] = [
        ("user-agent", "curl/8.7.1"),
        ("accept", "*/*"),
        JSON,
        ("x-probe", "first"),
        ("x-probe", "second"),
        ("cookie", "session=abc123; theme=dark"),
    ];
    const FORMAT_2: &str = "version routeKey rawPath rawQueryString cookies queryStringParameters body \
        isBase64Encoded";
    const FORMAT_1: &str = "resource path httpMethod queryStringParameters multiValueQueryStringParameters \
        pathParameters stageVariables body isBase64Encoded";
    const LOAD_BALANCER: &str =
        "httpMethod path multiValueQueryStringParameters body isBase64Encoded";
    // All but the HTTP API have a named stage.
    let staged = crate::runtimes::start(&["--stage", "live"]);
    let dev = crate::runtimes::start(&[]);
    for (dev, front_end, captured, keys, map) in [
        (
            &staged,
            "/@url",
            include_str!("captured/function-url.json"),
            FORMAT_2,
            "headers",
        ),
        (
            &staged,
            "/@rest",
            include_str!("captured/rest-api.json"),
            FORMAT_1,
            "headers",
        ),
        (
            &staged,
            "/@alb-multi",
            include_str!("captured/load-balancer.json"),
            LOAD_BALANCER,
            "multiValueHeaders",
        ),
        (
            &dev,
            "/@http",
            include_str!("captured/http-api.json"),
            FORMAT_2,
            "headers",
        ),
    ] {
        let captured: Value = serde_json::from_str(captured).expect("JSON");
        let event = echoed(dev, "POST", &format!("{front_end}{TARGET}"), &HEADERS, BODY);

        for key in keys.split_whitespace() {
            assert_eq!(event[key], captured[key], "{front_end} {key}");
        }
        assert_eq!(names(&event[map]), names(&captured[map]), "{front_end}");
        for key in [
            "/http/path",
            "/path",
            "/stage",
            "/resourcePath",
            "/httpMethod",
        ] {
            let of = |event: &Value| event["requestContext"].pointer(key).cloned();
            assert_eq!(of(&event), of(&captured), "{front_end} {key}");
        }
    }
}

/// The names in a map of headers, except those of TLS and the test's marker.
fn names(headers: &Value) -> Vec<String> {
    let headers = headers.as_object().expect("a map");
    let mut names: Vec<_> = headers.keys().map(|name| name.to_lowercase()).collect();
    names.retain(|name| !name.starts_with("x-amzn-tls") && name != "x-do");
    names.sort();
    names
}

#[test]
fn an_http_api_refuses_what_it_cannot_decode_before_the_function() {
    let mut dev = crate::runtimes::start(&[]);
    for path in ["/@http/percent%25done", "/@http/%zz", "/@http/%"] {
        let response = dev.send("GET", path, &[("x-do", "echo")], "");

        assert_eq!(response.status, 400, "{path}");
        assert_eq!(response.rest().0, "{\"message\":\"Bad Request\"}");
        dev.wait_for("decodes the path twice");
    }
    let event = echoed(&dev, "GET", "/@url/percent%25done", &[], "");
    assert_eq!(event["rawPath"], "/percent%25done");
    assert_eq!(event["requestContext"]["http"]["path"], "/percent%done");
}

#[test]
fn a_named_stage_is_where_each_api_has_it() {
    let dev = crate::runtimes::start(&["--stage", "dev"]);

    let http = echoed(&dev, "GET", "/@http/my/path", &[], "");
    let rest = echoed(&dev, "GET", "/@rest/my/path", &[], "");
    let url = echoed(&dev, "GET", "/@url/my/path", &[], "");

    assert_eq!(http["rawPath"], "/dev/my/path");
    assert_eq!(http["requestContext"]["http"]["path"], "/dev/my/path");
    assert_eq!(http["requestContext"]["stage"], "dev");
    assert_eq!(rest["path"], "/my/path");
    assert_eq!(rest["requestContext"]["path"], "/dev/my/path");
    assert_eq!(rest["requestContext"]["stage"], "dev");
    assert_eq!(url["rawPath"], "/my/path");
    assert_eq!(url["requestContext"]["stage"], "$default");
    wrong_usage(&mut bootstream(&["dev", "x", "--stage", "a/b"]));
}

#[test]
fn headers_of_the_connection_end_at_the_service() {
    let dev = crate::runtimes::start(&[]);
    let own = [
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("x-kept", "1"),
    ];
    for path in ["/@url/", "/@rest/", "/@http/", "/@lattice/"] {
        let event = echoed(&dev, "POST", path, &own, "x");

        let headers = &event["headers"];
        assert!(headers.get("x-kept").is_some(), "{path}: {headers}");
        for name in ["connection", "keep-alive", "te", "upgrade"] {
            assert_eq!(headers.get(name), None, "{path}");
        }
        let length = headers.get("content-length").is_some();
        assert_eq!(length, path != "/@rest/", "{path}");
    }
}

#[test]
fn vpc_lattice_lists_every_value() {
    let dev = crate::runtimes::start(&[]);

    let event = echoed(&dev, "POST", "/@lattice/p%20q?a=1&a=%26", &TWICE, "hi");

    assert_eq!(event["version"], "2.0");
    assert_eq!(
        (&event["path"], &event["method"]),
        (&json!("/p%20q"), &json!("POST"))
    );
    assert_eq!(event["queryStringParameters"], json!({"a": ["1", "&"]}));
    assert_eq!(event["headers"]["x-twice"], json!(["one", "two"]));
    assert_eq!(
        event["headers"]["x-forwarded-for"],
        json!(["10.0.0.1, 127.0.0.1"])
    );
    assert_eq!(event["headers"].get("x-forwarded-proto"), None);
    assert_content(&event, "hi", false);
    let network = event["requestContext"]["serviceNetworkArn"]
        .as_str()
        .expect("an ARN");
    assert!(network.starts_with("arn:aws:vpc-lattice:"), "{network}");
}

#[track_caller]
fn answered(dev: &Dev, path: &str, document: &str) -> Response {
    let words = format!("\"whole={};\"", crate::runtimes::hex(document.as_bytes()));
    dev.send("POST", path, &[("content-type", "text/plain")], &words)
}

#[test]
fn vpc_lattice_reads_a_document() {
    let dev = crate::runtimes::start(&["--front-end", "lattice"]);
    let document = r#"{"statusCode":201,"headers":{"x-a":"b","connection":"close"},"body":"aGk=",
        "isBase64Encoded":true}"#;

    let response = answered(&dev, "/", document);

    assert_eq!(response.status, 201);
    response.assert_header("x-a", &["b"]);
    response.assert_body("hi");
    assert_eq!(answered(&dev, "/", "{\"a\":1}").status, 502);
}

#[test]
fn numbers_and_booleans_in_a_document_are_read_as_each_service_reads_them() {
    let mut dev = crate::runtimes::start(&[]);
    for (document, name, value) in [
        (
            r#"{"statusCode":404,"headers":{"x-n":0},"body":"gone"}"#,
            "x-n",
            "0",
        ),
        (
            r#"{"statusCode":404,"headers":{"x-b":true},"body":"gone"}"#,
            "x-b",
            "true",
        ),
        (
            r#"{"statusCode":"404","headers":{"x-t":"t","x-z":null},"body":"gone"}"#,
            "x-t",
            "t",
        ),
    ] {
        for path in ["/@url", "/@http", "/@rest"] {
            let response = answered(&dev, path, document);
            assert_eq!(response.status, 404, "{path} {document}");
            response.assert_header(name, &[value]);
            assert_eq!(response.rest().0, "gone", "{path} {document}");
        }
        for path in ["/@alb", "/@alb-multi", "/@lattice"] {
            assert_eq!(
                answered(&dev, path, document).status,
                502,
                "{path} {document}"
            );
            dev.wait_for("cannot read the response document");
        }
    }
}

#[test]
fn a_document_with_a_status_is_never_the_body_without_a_warning() {
    let mut dev = crate::runtimes::start(&[]);
    let document = r#"{"statusCode":200,"body":{"a":1}}"#;
    for (path, status) in [
        ("/@url", 502),
        ("/@http", 500),
        ("/@rest", 502),
        ("/@alb", 502),
    ] {
        assert_eq!(answered(&dev, path, document).status, status, "{path}");
        dev.wait_for("`body`: expected a string, found an object");
    }
    let response = answered(&dev, "/@http", r#"{"statusCode":null,"body":"a"}"#);
    assert_eq!(response.status, 200);
    dev.wait_for("`statusCode` of the response is null");
}

#[test]
fn headers_that_are_lost_at_a_front_end_are_named_on_the_terminal() {
    let mut dev = crate::runtimes::start(&["--json"]);
    let prelude = br#"{"headers":{"a":"1"},"multiValueHeaders":{"x-lost":["1","2"]}}"#;
    let words = format!(
        "type=application/vnd.awslambda.http-integration-response;hex={}0000000000000000;",
        crate::runtimes::hex(prelude)
    );

    let response = dev.send("POST", "/@url", &[("content-type", "text/plain")], &words);

    assert_eq!(
        (response.header("a"), response.header("x-lost")),
        (vec!["1"], vec![])
    );
    let line = dev.wait_for("`x-lost` is lost");
    let message: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (&message["type"], &message["level"]),
        (&json!("message"), &json!("warn"))
    );
    assert_eq!(message["requestId"].as_str().map(str::len), Some(36));
    let text = message["text"].as_str().expect("text");
    assert_contains(text, "write them into `headers`");
}

#[test]
fn a_body_that_a_rest_api_may_damage_is_warned_of() {
    let mut dev = crate::runtimes::start(&[]);
    let mut request = b"POST /@rest/ HTTP/1.1\r\nhost: localhost\r\nx-do: echo\r\n\
        content-length: 2\r\n\r\n"
        .to_vec();
    request.extend(b"\xff\xfe");

    let response = dev.send_raw(&request);

    let event = response.json();
    assert_content(&event, "//4=", true);
    dev.wait_for("`binaryMediaTypes`");
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
fn a_load_balancer_lists_repeated_values_only_if_configured_to() {
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
fn a_binary_body_is_encoded() {
    let dev = crate::runtimes::start(&[]);
    for path in ["/@url/", "/@http/", "/@alb/"] {
        let png = echoed(&dev, "POST", path, &[("content-type", "image/png")], "a");
        let text = echoed(&dev, "POST", path, &[("content-type", "text/plain")], "a");

        assert_content(&png, "YQ==", true);
        assert_content(&text, "a", false);
    }
}

#[test]
fn what_belongs_to_the_service_is_renamed() {
    let dev = Dev::start(&ready_guest(), &[]);
    let steps = json!([{"write_headers": {"status": 401, "headers": [
        ["www-authenticate", "Basic"], ["server", "mine"], ["date", "then"], ["x-kept", "1"],
    ]}}]);
    for path in ["/@url", "/@rest"] {
        let response = dev.post(path, &script(&steps));

        for (name, value) in [
            ("www-authenticate", "Basic"),
            ("server", "mine"),
            ("date", "then"),
        ] {
            let remapped = response.header(&format!("x-amzn-remapped-{name}"));
            assert_eq!(remapped, [value], "{path}");
            assert!(!response.header(name).contains(&value), "{path} {name}");
        }
        response.assert_header("x-kept", &["1"]);
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

    url.assert_header("content-encoding", &[]);
    url.assert_body("hello gzip");
    rest.assert_header("content-encoding", &["gzip"]);
    assert_eq!(rest.raw_rest().0, HELLO_GZIP);
}

#[test]
fn a_load_balancer_shows_the_description_of_a_status() {
    let dev = crate::runtimes::start(&[]);
    let document = r#"{"statusCode":418,"statusDescription":"418 Short and stout","headers":{"a":"b"},"multiValueHeaders":{"c":["d","e"]},"body":"tea"}"#;

    let last = answered(&dev, "/@alb", document);
    let multi = answered(&dev, "/@alb-multi", document);
    let url = answered(&dev, "/@url", document);

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
