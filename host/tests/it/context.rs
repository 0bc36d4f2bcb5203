//! The context and environment that a handler sees.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bootstream_test_support::process::{Bootstrap, serving, serving_with};
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

fn write_context() -> Value {
    json!(["write_context"])
}

/// The context a handler receives with this event.
fn context_of(lambda: &Recorder, id: &str, event: Event) -> Value {
    lambda.enqueue(event);
    let response = lambda.complete_response(id);
    serde_json::from_str(&response.body()).expect("the context is JSON")
}

#[test]
fn every_header_of_an_event_is_read_in_any_case() {
    let (lambda, _host) = serving();
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
        // One id for all would hide which response belongs to which event.
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

/// Lambda Managed Instances send the empty header.
#[test]
fn what_lambda_leaves_out_or_empty_is_absent() {
    let (lambda, _host) = serving();
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
    let (lambda, _host) = serving_with(&[
        ("AWS_LAMBDA_FUNCTION_NAME", "streamer"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ]);
    let deadline = "4102444800000";
    let event =
        Event::script("id-1", &write_context()).header("Lambda-Runtime-Deadline-Ms", deadline);

    let context = context_of(&lambda, "id-1", event);

    assert_eq!(context["function-name"], "streamer");
    assert_eq!(context["function-version"], "$LATEST");
    assert_eq!(context["memory-limit-mib"], 512);
    // A deadline 74 years ahead is implausible: a function runs 15 minutes at most.
    assert!(context["deadline-ms"].as_u64().expect("a number") <= 4_102_444_800_000);
}

#[test]
fn a_client_context_and_an_identity_may_be_base64_and_are_absent_when_garbled() {
    let identity = r#"{"cognitoIdentityId":"c","cognitoIdentityPoolId":"p"}"#;
    let client = r#"{"custom":{"key":"value"}}"#;
    for (header, field, json) in [
        ("Lambda-Runtime-Client-Context", "client-context", client),
        (
            "Lambda-Runtime-Cognito-Identity",
            "cognito-identity",
            identity,
        ),
    ] {
        let (lambda, host) = serving();
        for (id, sent, seen) in [
            ("plain", json.to_owned(), json!(json)),
            ("encoded", BASE64_STANDARD.encode(json), json!(json)),
            ("garbled", "{not json".to_owned(), Value::Null),
        ] {
            let event = Event::script(id, &write_context()).header(header, sent);
            assert_eq!(context_of(&lambda, id, event)[field], seen, "{id}");
        }
        host.line("a warning", |line| line.contains("WARN"));
        lambda.script("next", &write_context());
        lambda.complete_response("next");
    }
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
    let (lambda, _host) = serving();
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
