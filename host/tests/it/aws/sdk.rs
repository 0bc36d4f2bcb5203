//! Requests of the guest SDK's `fetch::aws`, which name neither a host nor a key.

use bootstream_test_support::assert_contains;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::service::{Service, answer};
use super::{KEY_ID, REGION, SECRET_KEY, SESSION_TOKEN, allow, signature};

fn function(lambda: &Recorder, settings: &str) -> Bootstrap {
    crate::fetch::host(lambda, settings)
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
}

/// The line for one step of the guest.
#[track_caller]
pub(super) fn outcome(settings: &str, step: &Value) -> String {
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

/// The service judges whether the digest is that of the body.
#[test]
fn a_large_body_with_a_digest_is_streamed_with_flat_memory() {
    const BYTES: usize = 100_000_000;
    const HASH: &str = "x-amz-content-sha256";
    let lambda = Recorder::start();
    let service = Service::start(|_, request| {
        let is_right = request.header(HASH) == signature::sha256(&request.body);
        match (signature::verify(request), is_right) {
            (Err(reason), _) => answer("403 Forbidden", "", reason.as_bytes()),
            (Ok(()), false) => answer("400 Bad Request", "", b"XAmzContentSHA256Mismatch"),
            (Ok(()), true) => answer("200 OK", "", b"hello"),
        }
    });
    let settings = allow("s3", &service).replace("[aws]\n", "[aws]\nbody-kib = 4\n");
    let running = function(&lambda, &settings).start();
    let digest = signature::sha256(&vec![b'x'; BYTES]);
    let put = |bytes: usize| {
        let headers = [
            (HASH, digest.clone()),
            ("content-length", bytes.to_string()),
        ];
        json!({
            "aws": "s3", "url": "/bucket/key", "method": "PUT", "headers": headers, "letters": bytes,
        })
    };
    lambda.script("id-1", &json!([put(100_000)]));
    let wrong = lambda.complete_response("id-1").body();
    assert_eq!(wrong, "ok: 400 XAmzContentSHA256Mismatch\n");
    let before = running.peak_resident_kib();

    lambda.script("id-2", &json!([put(BYTES)]));

    assert_eq!(lambda.complete_response("id-2").body(), "ok: 200 hello\n");
    let grown = running.peak_resident_kib() - before;
    assert!(grown < 4096, "{grown} KiB for a body of {BYTES} bytes");
    assert_eq!(
        service.received().last().map(|it| it.body.len()),
        Some(BYTES)
    );
}
