//! What the settings of signing change at the start, and what the handler sees of them.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::json;

use super::service::{Service, answer};
use super::{allow, function, get_item};
use crate::reaching::outcomes;

/// The message of the init error under these settings.
#[track_caller]
fn start_error(settings: &str) -> String {
    let lambda = Recorder::start();
    let mut running = function(&lambda, settings).start();
    assert!(!running.exit().success());
    let error = lambda.request("/runtime/init/error").document();
    assert_eq!(error["errorType"], "Runtime.InvalidConfiguration");
    error["errorMessage"].as_str().expect("a text").to_owned()
}

#[test]
fn a_mistake_stops_the_start_with_its_line_and_the_expected_form() {
    for (line, texts) in [
        (
            "allow = ['dynamodb', '*']",
            &["`*`", "expected `SERVICE"][..],
        ),
        (
            "allow = ['dynamodb@']",
            &["`dynamodb@`", "region", "expected `SERVICE"],
        ),
        ("allow = ['s3//x']", &["`s3//x`", "expected `SERVICE"]),
        ("allow = ['DynamoDB']", &["`DynamoDB`", "expected `SERVICE"]),
        ("allow = 'dynamodb'", &["expected a list of strings"]),
        (
            "endpoints = { dynamodb = 'http://1.1.1.1' }",
            &["`http://1.1.1.1`", "public address"],
        ),
        (
            "endpoints = { dynamodb = 'http://127.0.0.1/x' }",
            &["has a path", "expected a URL"],
        ),
        (
            "endpoints = { dynamodb = 7 }",
            &["`aws.endpoints.dynamodb` is a whole number"],
        ),
        ("endpoints = ['dynamodb']", &["expected `SERVICE=URL`"]),
        (
            "warm = ['dynamodb']",
            &["`dynamodb`", "a service that is in `aws.allow`"],
        ),
        (
            "warm = ['dynamodb@us-west-2']\nallow = ['dynamodb']",
            &[
                "`dynamodb@us-west-2`",
                "without bucket, region and operation",
            ],
        ),
        ("body-kib = 0", &["`0`", "a whole number from 1 to 65536"]),
        ("body-kb = 1", &["`aws.body-kb`", "`body-kib`"]),
    ] {
        let error = start_error(&format!("[aws]\n{line}\n"));
        assert!(error.starts_with("bootstream.toml:2: "), "{error}");
        for text in texts {
            assert_contains(&error, text);
        }
    }
}

#[test]
fn a_service_that_hands_out_credentials_is_warned_of() {
    let lambda = Recorder::start();
    let running = function(&lambda, "aws.allow = ['dynamodb', 'sts']").start();
    lambda.idle(1);
    let line = running.logged("hands out credentials");
    assert_contains(&line, "`sts`");
    assert!(
        !running
            .stdout()
            .iter()
            .any(|line| line.contains("`dynamodb`"))
    );
}

/// Nothing would be signed, and the log would blame the request.
#[test]
fn an_unknown_service_is_warned_of_once() {
    let lambda = Recorder::start();
    let settings = "aws.allow = ['bedrockruntime', 'bedrockruntime@us-west-2', 'dynamodb']";
    let running = function(&lambda, settings).start();
    lambda.idle(1);
    let line = running.logged("`bedrockruntime` is not a service that we know");
    assert_contains(&line, "did you mean `bedrock-runtime`?");
    let lines = running.stdout();
    let warnings = lines.iter().filter(|line| line.contains("that we know"));
    assert_eq!(warnings.count(), 1, "{lines:?}");
}

#[test]
fn an_endpoint_without_permission_is_warned_of() {
    let lambda = Recorder::start();
    let settings = "[aws]\nallow = ['dynamodb']\nendpoints = { sqs = 'http://127.0.0.1:1' }\n";
    let running = function(&lambda, settings).start();
    lambda.idle(1);
    assert_contains(&running.logged("`aws.endpoints`"), "`sqs`");
}

const SHOWN: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_REGION",
];

#[test]
fn the_handler_sees_what_an_sdk_looks_for() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let steps = json!(SHOWN.map(|name| json!({"env": name})));
    let _running = function(&lambda, &allow("dynamodb", &service)).start();

    let seen = outcomes(&lambda, "id-1", &steps);

    assert!(seen[0].starts_with("ok: BOOTSTREAM"), "{seen:?}");
    assert!(seen[2].starts_with("error"), "{seen:?}");
    let url = format!("ok: {}", service.url(""));
    assert_eq!(seen[1], "ok: the-host-signs");
    assert_eq!(seen[3..], ["ok: true", &url, "ok: eu-central-1"]);
}

#[test]
fn without_the_setting_the_handler_sees_nothing_of_it() {
    let lambda = Recorder::start();
    let steps = json!(SHOWN.map(|name| json!({"env": name})));
    let _running = function(&lambda, "").start();
    let seen = outcomes(&lambda, "id-1", &steps);
    assert!(
        seen[..5].iter().all(|it| it.starts_with("error")),
        "{seen:?}"
    );
}

#[test]
fn variables_set_what_the_file_does() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, "")
        .env("BOOTSTREAM_AWS_ALLOW", "sqs, dynamodb")
        .env(
            "BOOTSTREAM_AWS_ENDPOINTS",
            &format!("dynamodb={}", service.url("")),
        )
        .env("BOOTSTREAM_AWS_BODY_KIB", "1")
        .start();
    let outcome = outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))]));
    assert_eq!(outcome, ["ok: 200 5 hello"]);
}

/// Without asking for credentials, which a snapshot would keep.
#[test]
fn a_connection_is_opened_ahead() {
    let lambda = Recorder::start();
    let service = Service::start(|_, _| answer("200 OK", "", b"hello"));
    let settings = allow("dynamodb", &service).replace("[aws]\n", "[aws]\nwarm = ['dynamodb']\n");
    let running = function(&lambda, &settings)
        .env("AWS_LAMBDA_LOG_LEVEL", "DEBUG")
        .start();
    lambda.idle(1);
    assert!(service.received().is_empty());

    outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))]));

    let line = running.logged("requested");
    assert_contains(&line, "kept");
    assert_eq!(service.only().connection, 0);
}

/// A function's own port is not one that it can be made to attack.
#[test]
fn an_endpoint_is_reached_by_exactly_its_address() {
    let (lambda, service, other) = (
        Recorder::start(),
        Service::verifying(),
        Service::verifying(),
    );
    let running = function(&lambda, &allow("dynamodb", &service)).start();
    let by_name = format!("http://localhost:{}/", service.port());

    let steps = json!([get_item(&other.url("/")), get_item(&by_name)]);
    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert_eq!(outcomes, ["error: ErrorCode::HttpRequestDenied"; 2]);
    running.logged("it is not an AWS endpoint");
    assert!(service.received().is_empty() && other.received().is_empty());
}
