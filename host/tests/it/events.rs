//! Events of front ends, as a component of `wasi:http` sees them: captured ones, those that callers forge, and those
//! that nobody can serve. `lambda-event/` and `host/src/event/` test the rules.

use bootstream_test_support::assert_contains;
use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

const CAPTURED: [&str; 4] = [
    include_str!("../../../lambda-event/tests/captured/alb.json"),
    include_str!("../../../lambda-event/tests/captured/api_gateway_v1.json"),
    include_str!("../../../lambda-event/tests/captured/api_gateway_v2.json"),
    include_str!("../../../lambda-event/tests/captured/function_url.json"),
];

fn serving(settings: &str) -> (Recorder, Running) {
    let lambda = Recorder::start();
    let component = guests::component("wasi_http_guest");
    let host = Bootstrap::with_handler(&lambda, &component).settings(settings);
    let host = host
        .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
        .env("BOOTSTREAM_RESPONSE_BUFFERED", "never");
    (lambda, host.start())
}

/// A request to a function URL.
fn url_event(path: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": { "host": "a.example" },
        "requestContext": { "http": { "method": "GET" }, "domainName": "a.example", "stage": "$default" },
    })
}

/// Has the component describe the request of an event.
fn seen(lambda: &Recorder, id: &str, mut event: Value) -> Value {
    let script = json!({ "steps": [{ "respond": {} }, "describe_request", "finish"] }).to_string();
    if event["multiValueHeaders"].is_object() {
        event["multiValueHeaders"]["x-script"] = json!([script]);
    } else {
        event["headers"]["x-script"] = script.into();
    }
    lambda
        .enqueue(Event::new(id, event.to_string()).header("lambda-runtime-aws-tenant-id", "blue"));
    let body = lambda.complete_response(id).prelude_and_body().1;
    serde_json::from_slice(&body).expect("a description")
}

/// The values of a header that the component sees.
fn values(described: &Value, name: &str) -> Vec<String> {
    let headers = described["headers"].as_array().expect("a list");
    let headers = headers.iter().filter(|header| header[0] == name);
    headers
        .map(|header| header[1].as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn captured_events_are_the_request_of_the_caller() {
    let (lambda, _host) = serving("");
    for (event, id) in CAPTURED.into_iter().zip(["alb", "rest", "http", "url"]) {
        let described = seen(&lambda, id, serde_json::from_str(event).unwrap());
        assert_eq!(described["method"], "post", "{id}");
        let target = described["target"].as_str().unwrap();
        let query = target.strip_prefix("/capture/space%20value?").unwrap();
        for pair in [
            "repeat=one&repeat=two",
            "encodedPlus=a%2Bb",
            "redirect=https%3A%2F%2Fexample.com%2Fa%2Fb",
        ] {
            assert_contains(query, pair);
        }
        assert_eq!(
            values(&described, "cookie"),
            ["session=abc123; theme=dark"],
            "{id}"
        );
        assert_eq!(values(&described, "content-length"), ["66"], "{id}");
        assert_eq!(values(&described, "host").len(), 0, "{id}");
        let scheme = if id == "alb" { "http" } else { "https" };
        assert_eq!(described["scheme"], scheme);
        let authority = described["authority"].as_str().unwrap();
        assert!(authority.contains(".us-west-2."), "{authority}");
    }
}

#[test]
fn a_path_is_verbatim_or_encoded_and_never_lost() {
    let (lambda, _host) = serving("strip-base-path = '/shop'");
    for (number, (raw, target)) in [
        ("/l%252Fv", "/l%252Fv"),
        ("/%ce%bb", "/%ce%bb"),
        ("/a b", "/a%20b"),
        ("/q?v", "/q%3Fv"),
        ("/h#v", "/h%23v"),
        ("/l%v", "/l%25v"),
        ("/unicode-\u{3bb}", "/unicode-%CE%BB"),
        ("//a//b/", "//a//b/"),
        ("/shop/shop/7", "/shop/7"),
        ("/shop", "/"),
        ("/shopping", "/shopping"),
    ]
    .into_iter()
    .enumerate()
    {
        let described = seen(&lambda, &format!("id-{number}"), url_event(raw));
        assert_eq!(described["target"], target, "{raw}");
    }
}

#[test]
fn a_caller_cannot_forge_the_context() {
    let mut forged = url_event("/");
    for name in [
        "X-Amzn-Request-Context",
        "x-amzn-lambda-context",
        "X-AMZ-TENANT-ID",
    ] {
        forged["headers"][name] = json!("forged");
    }
    let (lambda, _host) = serving("");
    let described = seen(&lambda, "off", forged.clone());
    assert!(!described.to_string().contains("forged"), "{described}");

    let (lambda, _host) = serving("context-headers = 'on'");
    let described = seen(&lambda, "on", forged.clone());
    assert!(!described.to_string().contains("forged"), "{described}");
    assert_eq!(values(&described, "x-amz-tenant-id"), ["blue"]);
    let context = |name| -> Value {
        let values = values(&described, name);
        assert_eq!(values.len(), 1, "{name}");
        serde_json::from_str(&values[0]).expect("JSON")
    };
    assert_eq!(context("x-amzn-request-context"), forged["requestContext"]);
    let invocation = context("x-amzn-lambda-context");
    assert_eq!(invocation["request_id"], "on");
    assert_eq!(invocation["env_config"]["function_name"], "orders");
}

#[test]
fn a_header_that_http_does_not_allow_is_left_out_and_logged() {
    let (lambda, host) = serving("");
    let mut event = url_event("/");
    event["headers"]["city"] = json!("S\u{e3}o");
    event["headers"]["split"] = json!("a\r\nforged: yes");
    let described = seen(&lambda, "id-1", event);
    // Each byte as a character.
    assert_eq!(values(&described, "city"), ["S\u{c3}\u{a3}o"]);
    assert!(!described.to_string().contains("forged"), "{described}");
    assert_contains(&host.logged("`split`"), "id-1");
}

#[test]
fn what_cannot_be_served_is_an_error_that_names_it_and_the_process_goes_on() {
    let (lambda, mut host) = serving("events-path = ''");
    let with = |member: &str, value: Value| {
        let mut event = url_event("/");
        event[member] = value;
        event.to_string()
    };
    let tunnel = json!({ "http": { "method": "CONNECT" } });
    for (id, event, words) in [
        ("json", "not json".to_owned(), "not JSON"),
        ("none", String::new(), "not JSON"),
        ("path", with("rawPath", Value::Null), "`rawPath`"),
        ("type", with("headers", json!([1])), "`headers`"),
        (
            "body",
            json!({"body": "?", "isBase64Encoded": true, "rawPath": "/",
            "requestContext": {"http": {"method": "POST"}}})
            .to_string(),
            "`body`",
        ),
        ("tunnel", with("requestContext", tunnel), "`CONNECT`"),
        ("sqs", json!({ "Records": [] }).to_string(), "`events-path`"),
    ] {
        lambda.enqueue(Event::new(id, event));
        let error = lambda.reported_error(id, "Function.BadEvent");
        assert_contains(&error.error_message(), words);
        assert!(lambda.look(|seen| seen.to(&format!("{id}/response")).is_empty()));
    }
    assert_eq!(seen(&lambda, "after", url_event("/ok"))["target"], "/ok");
    host.assert_running();
}
