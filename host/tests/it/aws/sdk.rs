//! Requests of the guest SDK's `fetch::aws`, which name neither a host nor a key.

use bootstream_test_support::assert_contains;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::service::Service;
use super::{KEY_ID, REGION, SECRET_KEY, SESSION_TOKEN, allow};

fn function(lambda: &Recorder, settings: &str) -> Bootstrap {
    crate::fetch::host(lambda, settings)
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
}

#[track_caller]
fn outcome(settings: &str, step: &Value) -> String {
    let lambda = Recorder::start();
    let _running = function(&lambda, settings).start();
    lambda.script("id-1", &json!([step]));
    lambda.complete_response("id-1").body()
}

#[test]
fn a_request_to_a_service_is_signed() {
    for (prefix, path, name) in [
        ("dynamodb", "/", "dynamodb"),
        ("sqs", "/", "sqs"),
        ("bedrock-runtime", "/model/a.b-v1%3A0/converse", "bedrock"),
        ("s3", "/bucket/a%20b?versionId=1", "s3"),
        ("streams.dynamodb", "/", "dynamodb"),
        ("email", "/v2/email/identities", "ses"),
    ] {
        for body in [json!(null), json!({"a": 1})] {
            let service = Service::verifying();
            let mut step = json!({"aws": prefix, "url": path});
            if !body.is_null() {
                step["json"] = body;
                step["method"] = json!("PUT");
            }

            let outcome = outcome(&allow(prefix, &service), &step);

            assert_eq!(outcome, "ok: 200 hello\n", "{step}");
            let scope = format!("/{REGION}/{name}/aws4_request");
            assert_contains(&service.only().header("authorization"), &scope);
        }
    }
}

#[test]
fn a_request_that_is_not_signed_names_the_setting() {
    let service = Service::verifying();
    let step = json!({"aws": "s3", "url": "/bucket/key"});

    let without = outcome("", &step);
    let other = outcome(&allow("dynamodb", &service), &step);

    assert_contains(&without, "add `s3` to `aws.allow` of bootstream.toml");
    assert_contains(&other, "add `s3` to `aws.allow`");
    assert_contains(&other, "(HTTP-request-denied)");
    assert!(service.received().is_empty());
}
