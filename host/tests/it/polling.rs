//! `GET …/next`: how the host asks for work, and what of it reaches the handler.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::guests;
use crate::support::process::Bootstrap;
use crate::support::recorder::{Event, Fate, Recorder};

/// The largest event Lambda delivers, in bytes.
const LARGEST_EVENT_BYTES: usize = 6_291_556;

fn write_context() -> Value {
    json!(["write_context"])
}

/// The context a handler got with this event.
fn context_of(lambda: &Recorder, id: &str, event: Event) -> Value {
    lambda.enqueue(event);
    let response = lambda.complete_response(id);
    serde_json::from_str(&response.body()).expect("the context is JSON")
}

fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Case 1.
#[test]
fn the_first_request_is_a_plain_poll() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();

    lambda.polls(1);

    let poll = lambda.look(|seen| seen.exchanges[0].clone());
    assert_eq!(
        poll.request_line(),
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1"
    );
    assert_eq!(poll.header("host"), Some(lambda.address()));
    let agent = poll.header("user-agent").expect("a user agent");
    let (name, version) = agent.split_once('/').expect("a name and a version");
    assert_eq!(name, "bootstream");
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{agent}");
    assert_eq!(poll.header("transfer-encoding"), None);
    let length = poll.header("content-length").unwrap_or("0".to_owned());
    assert_eq!(length, "0");
}

/// Case 3.
#[test]
fn a_proxy_is_not_for_the_runtime_api() {
    let lambda = Recorder::start();
    let nowhere = "http://127.0.0.1:1";
    let mut host = Bootstrap::scripted(&lambda);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        host = host.env(name, nowhere);
    }
    let _host = host.start();

    lambda.polls(1);
}

/// Case 4.
#[test]
fn the_address_may_have_a_scheme_and_a_path() {
    for (prefix, suffix, base) in [("", "/base", "/base"), ("http://", "/a/b/", "/a/b")] {
        let lambda = Recorder::start();
        lambda.script("id-1", &json!([{"write": "x"}]));
        let address = format!("{prefix}{}{suffix}", lambda.address());
        let _host = Bootstrap::scripted(&lambda)
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .start();

        let response = lambda.complete_response("id-1");

        let expected = format!("{base}/2018-06-01/runtime/invocation/id-1/response");
        assert_eq!(response.path(), expected);
        let poll = lambda.look(|seen| seen.exchanges[0].path().to_owned());
        assert_eq!(poll, format!("{base}/2018-06-01/runtime/invocation/next"));
    }
}

/// Case 6.
#[test]
fn the_case_of_header_names_does_not_matter() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "id"),
        ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:f"),
        ("Lambda-Runtime-Trace-Id", "Root=1-2;Sampled=1"),
        ("Lambda-Runtime-Client-Context", r#"{"client":{}}"#),
        (
            "Lambda-Runtime-Cognito-Identity",
            r#"{"cognitoIdentityId":"c"}"#,
        ),
        ("Lambda-Runtime-Aws-Tenant-Id", "tenant-1"),
    ];
    for id in ["lower", "upper", "mixed"] {
        let change = |name: &str| match id {
            "lower" => name.to_ascii_lowercase(),
            "upper" => name.to_ascii_uppercase(),
            _ => name.to_owned(),
        };
        let event = Event::script(id, &write_context());
        let event = headers.iter().fold(event, |event, (name, value)| {
            event.without(name).header(&change(name), value)
        });
        // The same id for each would hide which answer is whose.
        let name = change("Lambda-Runtime-Aws-Request-Id");
        let context = context_of(&lambda, id, event.header(&name, id));

        assert_eq!(context["request-id"], id);
        assert_eq!(context["invoked-function-arn"], "arn:aws:lambda:f");
        assert_eq!(context["trace-id"], "Root=1-2;Sampled=1");
        assert_eq!(context["client-context"], r#"{"client":{}}"#);
        assert_eq!(context["cognito-identity"], r#"{"cognitoIdentityId":"c"}"#);
        assert_eq!(context["tenant-id"], "tenant-1");
    }
}

/// Case 7. The empty header is what Lambda Managed Instances really send.
#[test]
fn what_lambda_leaves_out_or_empty_is_absent() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    let bare = Event::script("bare", &write_context());
    let empty = Event::script("empty", &write_context())
        .header("Lambda-Runtime-Cognito-Identity", "")
        .header("Lambda-Runtime-Trace-Id", "");

    for (id, event) in [("bare", bare), ("empty", empty)] {
        let context = context_of(&lambda, id, event);

        for name in [
            "invoked-function-arn",
            "trace-id",
            "client-context",
            "cognito-identity",
            "tenant-id",
        ] {
            assert_eq!(context[name], Value::Null, "{id}: {name}");
        }
        assert_eq!(context["function-name"], "");
        assert_eq!(context["memory-limit-mib"], 0);
    }
}

#[test]
fn the_context_tells_what_the_environment_knows_of_the_function() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_FUNCTION_NAME", "streamer")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .start();
    let deadline = "4102444800000";
    let event =
        Event::script("id-1", &write_context()).header("Lambda-Runtime-Deadline-Ms", deadline);

    let context = context_of(&lambda, "id-1", event);

    assert_eq!(context["function-name"], "streamer");
    assert_eq!(context["function-version"], "$LATEST");
    assert_eq!(context["memory-limit-mib"], 512);
    // 74 years ahead is taken for a mistake: a function runs 15 minutes at most.
    assert!(context["deadline-ms"].as_u64().expect("a number") <= 4_102_444_800_000);
}

/// Case 9.
#[test]
fn a_client_context_may_be_json_or_base64_of_it() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    let json = r#"{"custom":{"key":"value"}}"#;

    for (id, sent) in [
        ("plain", json.to_owned()),
        ("encoded", BASE64_STANDARD.encode(json)),
    ] {
        let event = Event::script(id, &write_context());
        let event = event.header("Lambda-Runtime-Client-Context", sent);
        let context = context_of(&lambda, id, event);
        assert_eq!(context["client-context"], json, "{id}");
    }
}

/// Case 10.
#[test]
fn a_garbled_client_context_is_absent_and_warned_of() {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda).start();
    let event = Event::script("id-1", &write_context());
    let event = event.header("Lambda-Runtime-Client-Context", "{not json");

    let context = context_of(&lambda, "id-1", event);

    assert_eq!(context["client-context"], Value::Null);
    host.line("a warning", |line| line.contains("WARN"));
    lambda.script("id-2", &write_context());
    lambda.complete_response("id-2");
}

/// Case 12.
#[test]
fn an_event_without_a_request_id_is_skipped() {
    let lambda = Recorder::start();
    let nameless = Event::script("id-1", &write_context());
    lambda.enqueue(nameless.without("Lambda-Runtime-Aws-Request-Id"));
    lambda.script("id-2", &write_context());
    let host = Bootstrap::scripted(&lambda).start();

    lambda.complete_response("id-2");

    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
    host.line("an error", |line| line.contains("ERROR"));
}

/// Case 13.
#[test]
fn a_request_id_is_percent_encoded_once() {
    let lambda = Recorder::start();
    lambda.script("a/b c%", &json!([{"write": "x"}]));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.complete_response("/a%2Fb%20c%25");

    assert_eq!(
        response.path(),
        "/2018-06-01/runtime/invocation/a%2Fb%20c%25/response"
    );
}

/// Case 15, and its opposite.
#[test]
fn the_invocation_id_goes_back_unchanged_or_not_at_all() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    let token = "~opaque token=/+\"{}";
    for (id, steps) in [("response", json!(["finish"])), ("error", json!(["trap"]))] {
        for (id, sent) in [(format!("{id}-1"), None), (format!("{id}-2"), Some(token))] {
            let mut event = Event::script(&id, &steps);
            if let Some(token) = sent {
                event = event.header("Lambda-Runtime-Invocation-Id", token);
            }
            lambda.enqueue(event);
            lambda.idle(1);
            let post = lambda.look(|seen| {
                let last = seen.posts();
                (*last.last().expect("a post")).clone()
            });
            assert!(post.path().contains(&id), "{post:?}");
            let echoed = post.header("lambda-runtime-invocation-id");
            assert_eq!(echoed.as_deref(), sent, "{id}");
        }
    }
}

/// Case 16.
#[test]
fn an_unprintable_invocation_id_is_not_echoed() {
    let lambda = Recorder::start();
    let event = Event::script("id-1", &json!([{"write": "x"}]));
    lambda.enqueue(event.header("Lambda-Runtime-Invocation-Id", b"a\x80b"));
    let _host = Bootstrap::scripted(&lambda).start();

    let response = lambda.complete_response("id-1");

    assert_eq!(response.header("lambda-runtime-invocation-id"), None);
    assert_eq!(response.body(), "x");
}

/// Case 16: a busy function would otherwise fill its log with one sentence.
#[test]
fn unprintable_invocation_ids_are_warned_of_at_most_once_a_minute() {
    let lambda = Recorder::start();
    for id in ["id-1", "id-2", "id-3", "id-4"] {
        let event = Event::script(id, &json!(["finish"]));
        lambda.enqueue(event.header("Lambda-Runtime-Invocation-Id", b"a\x80b"));
    }
    lambda.script("last", &json!([{"print": "the end\n"}]));
    let host = Bootstrap::scripted(&lambda).start();

    lambda.complete_response("last");
    host.logged("the end");

    let warnings = host.stdout();
    let warnings = warnings.iter().filter(|line| line.contains("WARN"));
    assert!(warnings.count() <= 1, "{:?}", host.stdout());
}

/// Case 18.
#[test]
fn an_event_that_is_no_json_arrives_unchanged() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let lambda = Recorder::start();
    lambda.enqueue(Event::new("id-1", bytes.clone()).header("Content-Type", "text/plain"));
    let _host = Bootstrap::with_handler(&lambda, &guests::text("echo.wat")).start();

    let response = lambda.complete_response("id-1");

    assert_eq!(response.prelude_and_body().1, bytes);
}

/// Case 19.
#[test]
fn the_largest_and_the_empty_event_arrive_whole() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    let script = json!({"steps": ["write_event_digest"]}).to_string();
    // White space after a document is part of the event, not of the script.
    let mut largest = script.into_bytes();
    largest.resize(LARGEST_EVENT_BYTES, b' ');
    let digest = format!(
        "bytes: {LARGEST_EVENT_BYTES} fnv1a64: {:016x}\n",
        fnv1a64(&largest)
    );

    lambda.enqueue(Event::new("largest", largest));
    lambda.enqueue(Event::new("empty", ""));

    assert_eq!(lambda.response("largest").body(), digest);
    assert_eq!(lambda.complete_response("empty").body(), "event bytes: 0\n");
}

#[test]
fn an_event_may_come_in_chunks() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    let text = "text ".repeat(2000);
    let event = Event::script("id-1", &json!([{"write": &text}]));

    lambda.enqueue(event.chunked(1000));

    assert_eq!(lambda.complete_response("id-1").body(), text);
}

/// Case 21.
#[test]
fn status_202_with_an_event_is_an_event() {
    let lambda = Recorder::start();
    let event = Event::script("id-1", &json!([{"write": "x"}]));
    lambda.enqueue(event.status("202 Accepted"));
    let _host = Bootstrap::scripted(&lambda).start();

    assert_eq!(lambda.complete_response("id-1").body(), "x");
}

/// What the emulator of cargo-lambda says when it has nothing to do.
#[test]
fn status_204_means_to_ask_again() {
    let lambda = Recorder::start();
    for _ in 0..3 {
        lambda.enqueue(Event::none("204 No Content", Fate::Keep));
    }
    lambda.script("id-1", &json!([{"write": "x"}]));
    let _host = Bootstrap::scripted(&lambda).start();

    assert_eq!(lambda.complete_response("id-1").body(), "x");
}

#[test]
fn a_guest_sees_no_credentials_and_only_the_variables_it_is_meant_to() {
    let lambda = Recorder::start();
    let secrets = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "DATABASE_PASSWORD",
    ];
    let mut host = Bootstrap::scripted(&lambda);
    for name in secrets {
        host = host.env(name, "secret");
    }
    let _host = host
        .env("AWS_LAMBDA_FUNCTION_NAME", "streamer")
        .env("TABLE", "orders")
        .env("BOOTSTREAM_PASS_ENV", "TABLE,NOT_SET")
        .start();
    lambda.script("id-1", &json!(["write_env"]));

    let body = lambda.complete_response("id-1").body();

    let seen: Value = serde_json::from_str(&body).expect("JSON");
    let expected = json!({"AWS_LAMBDA_FUNCTION_NAME": "streamer", "TABLE": "orders"});
    assert_eq!(seen, expected);
}

#[test]
fn the_trace_id_is_in_the_environment_of_its_invocation_only() {
    let lambda = Recorder::start();
    let _host = Bootstrap::scripted(&lambda).start();
    for (id, trace) in [
        ("id-1", Some("Root=1")),
        ("id-2", Some("Root=2")),
        ("id-3", None),
    ] {
        let mut event = Event::script(id, &json!(["write_env"]));
        if let Some(trace) = trace {
            event = event.header("Lambda-Runtime-Trace-Id", trace);
        }
        lambda.enqueue(event);
        let body = lambda.complete_response(id).body();
        let environment: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(
            environment.get("_X_AMZN_TRACE_ID").and_then(Value::as_str),
            trace
        );
    }
}
