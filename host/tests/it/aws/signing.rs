//! Requests are signed with the function's credentials.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::json;

use super::service::{Part, Service, answer};
use super::{KEY_ID, SECRET_KEY, SESSION_TOKEN, allow, function, get_item, sign_for, signature};
use crate::reaching::outcomes;

#[test]
fn a_request_with_the_placeholder_is_signed_with_the_keys_of_the_function() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("dynamodb", &service)).start();

    let outcomes = outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))]));

    assert_eq!(outcomes, ["ok: 200 5 hello"]);
    let request = service.only();
    assert_eq!(request.header("host"), service.host());
    assert_eq!(request.header("x-amz-target"), "DynamoDB_20120810.GetItem");
    assert_contains(
        &request.header("authorization"),
        "/eu-central-1/dynamodb/aws4_request",
    );
    assert_contains(&request.header("authorization"), "x-amz-target");
}

/// Bedrock's model ids have a colon, which is encoded in the path and once more in the signature.
#[test]
fn paths_and_queries_are_signed_as_they_are_sent() {
    for (prefix, service_name, path, sent) in [
        (
            "bedrock-runtime",
            "bedrock",
            "/model/anthropic.claude-3-haiku-20240307-v1:0/converse",
            "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
        ),
        (
            "bedrock-runtime",
            "bedrock",
            "/model/arn%3Aaws%3Abedrock%3A%3A1%3Ainference-profile%2Feu.x/converse-stream",
            "/model/arn%3Aaws%3Abedrock%3A%3A1%3Ainference-profile%2Feu.x/converse-stream",
        ),
        ("s3", "s3", "/b/images/mac@2x.png", "/b/images/mac%402x.png"),
        ("s3", "s3", "/b/test%20file", "/b/test%20file"),
        ("s3", "s3", "/b/100%25.txt", "/b/100%25.txt"),
        ("s3", "s3", "/b/a//b/./c", "/b/a//b/./c"),
        (
            "lambda",
            "lambda",
            "/2015-03-31/functions?b=2&a=1&c",
            "/2015-03-31/functions?b=2&a=1&c",
        ),
    ] {
        let (lambda, service) = (Recorder::start(), Service::verifying());
        let _running = function(&lambda, &allow(prefix, &service)).start();
        let empty = signature::sha256(b"");
        let headers = json!([sign_for(service_name), ["x-amz-content-sha256", empty]]);
        let step = json!([{"fetch": {"url": service.url(path), "headers": headers}}]);

        let outcomes = outcomes(&lambda, "id-1", &step);

        assert_eq!(outcomes, ["ok: 200 5 hello"], "{path}");
        let line = format!("GET {sent} HTTP/1.1\r\n");
        assert!(
            service.only().head.starts_with(&line),
            "{}",
            service.only().head
        );
    }
}

/// Unless a handler asks for it, the host leaves requests alone.
#[test]
fn a_request_without_the_placeholder_is_not_signed_and_needs_permission() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let steps = json!([{"fetch": {"url": service.url("/")}}]);

    assert_eq!(
        outcomes(&lambda, "id-1", &steps),
        ["error: ErrorCode::HttpRequestDenied"]
    );
    assert!(service.received().is_empty());

    let settings = format!(
        "{}[outbound]\nallow = ['{}']\n",
        allow("dynamodb", &service),
        service.url("")
    );
    let lambda = Recorder::start();
    let _running = function(&lambda, &settings).start();
    outcomes(&lambda, "id-1", &steps);
    assert!(service.only().headers("authorization").is_empty());
}

/// The placeholder of one process is random text to another.
#[test]
fn the_placeholder_of_another_process_signs_nothing() {
    let service = Service::verifying();
    let placeholder = || {
        let lambda = Recorder::start();
        let _running = function(&lambda, &allow("dynamodb", &service)).start();
        outcomes(&lambda, "id-1", &json!([{"env": "AWS_ACCESS_KEY_ID"}])).remove(0)
    };
    let (one, other) = (placeholder(), placeholder());
    assert_ne!(one, other);
    let id = one.strip_prefix("ok: ").expect("it is set");
    assert!(id.starts_with("BOOTSTREAM") && id.len() == 36, "{id}");

    let lambda = Recorder::start();
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let credential = format!("{id}/00000000/eu-central-1/dynamodb/aws4_request");
    let headers = json!([super::signed_by(&credential)]);
    let step = json!([{"fetch": {"url": service.url("/"), "headers": headers}}]);
    let outcome = outcomes(&lambda, "id-1", &step);
    assert_eq!(outcome, ["error: ErrorCode::HttpRequestDenied"]);
    assert!(service.received().is_empty());
}

/// A request that was lost on a kept connection is sent again, with a signature of its own.
#[test]
fn a_held_request_that_is_lost_on_a_kept_connection_is_signed_and_sent_again() {
    let lambda = Recorder::start();
    let service = Service::start(|count, request| match (count, signature::verify(request)) {
        (1, _) => vec![Part::Close],
        (_, Ok(())) => answer("200 OK", "", b"hello"),
        (_, Err(reason)) => answer("403 Forbidden", "", reason.as_bytes()),
    });
    let _running = function(&lambda, &allow("dynamodb", &service)).start();

    for id in ["id-1", "id-2"] {
        let outcomes = outcomes(&lambda, id, &json!([get_item(&service.url("/"))]));
        assert_eq!(outcomes, ["ok: 200 5 hello"]);
    }

    let received = service.received();
    let connections: Vec<usize> = received.iter().map(|it| it.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
    assert_eq!(received[2].headers("authorization").len(), 1);
}

/// The API may have acted on it, and no SDK would repeat it.
#[test]
fn a_request_to_an_api_of_the_user_is_repeated_by_its_method_only() {
    for (method, repeated) in [("POST", false), ("GET", true)] {
        let lambda = Recorder::start();
        let service = Service::start(|count, _| match count {
            1 => vec![Part::Close],
            _ => answer("200 OK", "", b"hello"),
        });
        let _running = function(&lambda, &allow("execute-api", &service)).start();
        let headers = json!([sign_for("execute-api")]);
        let call =
            json!({"fetch": {"url": service.url("/"), "method": method, "headers": headers}});

        let outcomes = outcomes(&lambda, "id-1", &json!([call, call]));

        assert_eq!(outcomes[0], "ok: 200 5 hello");
        assert_eq!(outcomes[1].starts_with("ok: 200"), repeated, "{outcomes:?}");
        assert_eq!(service.received().len(), if repeated { 3 } else { 2 });
    }
}

#[test]
fn a_kept_connection_serves_the_next_invocation() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    for id in ["id-1", "id-2", "id-3"] {
        outcomes(&lambda, id, &json!([get_item(&service.url("/"))]));
    }
    assert!(service.received().iter().all(|it| it.connection == 0));
}

/// The handler, its caller and the log see nothing of the credentials, whatever happens.
#[test]
fn neither_the_handler_nor_the_log_sees_a_key() {
    let lambda = Recorder::start();
    let service = Service::start(|count, request| match count {
        0 => answer("200 OK", "", b"hello"),
        1 => answer("403 Forbidden", "", request.head.as_bytes()),
        _ => vec![Part::Bytes(b"garbage\r\n\r\n".to_vec()), Part::Close],
    });
    let running = function(&lambda, &allow("dynamodb", &service))
        .env("AWS_LAMBDA_LOG_LEVEL", "DEBUG")
        .start();
    let call = get_item(&service.url("/"));
    let steps = json!([
        {"env": "AWS_ACCESS_KEY_ID"},
        {"env": "AWS_SECRET_ACCESS_KEY"},
        {"env": "AWS_SESSION_TOKEN"},
        call,
        call,
        call,
        {"fetch": {"url": service.url("/x"), "headers": [sign_for("s3")]}},
    ]);
    let outcomes = outcomes(&lambda, "id-1", &steps);
    lambda.enqueue(Event::script("id-2", &json!([call, "trap"])));
    lambda.idle(1);

    assert_eq!(outcomes[1], "ok: the-host-signs");
    assert!(outcomes[2].starts_with("error"), "{outcomes:?}");
    assert_eq!(outcomes[3], "ok: 200 5 hello");
    let seen = [outcomes, running.stdout(), running.stderr()]
        .concat()
        .join("\n");
    for hidden in [KEY_ID, SECRET_KEY, SESSION_TOKEN] {
        assert!(!seen.contains(hidden), "{hidden} in {seen}");
    }
}
