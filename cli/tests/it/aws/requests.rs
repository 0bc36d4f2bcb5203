//! Requests as today's SDKs send them, by a guest with the bare bindings of `wasi:http`.

use bootstream_test_support::moto::{KEY_ID, Moto, REGION, SECRET, TOKEN};
use bootstream_test_support::{assert_contains, assert_contains_all};
use serde_json::{Value, json};

use super::{Function, assert_signed};

/// The header that asks the host for a signature.
fn sign_for(service: &str) -> Value {
    let scope = format!("{REGION}/{service}/aws4_request");
    json!([
        "authorization",
        format!(
            "AWS4-HMAC-SHA256 Credential=${{AWS_ACCESS_KEY_ID}}/00000000/{scope}, SignedHeaders=host, \
             Signature=0"
        ),
    ])
}

/// A step that sends a request with these headers besides.
fn request(service: &str, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let mut all = vec![sign_for(service)];
    all.extend(headers.iter().map(|(name, value)| json!([name, value])));
    json!({"fetch": {"url": url, "method": method, "headers": all, "body": body}})
}

/// The outcome of the step: `ok: STATUS LENGTH BODY`.
#[track_caller]
fn outcome(function: &Function, step: &Value) -> String {
    let event = json!({ "steps": [step] }).to_string();
    let (body, _) = function.dev.invoke(&event).rest();
    body
}

/// A guest whose S3 has TLS.
fn with_tls(moto: &Moto, allow: &str) -> Function {
    let settings = format!("[aws]\nallow = ['{allow}']\n[outbound]\nca-file = 'ca.pem'\n");
    Function::reaching(&settings, moto, &format!("s3={}", moto.https()), SECRET)
}

const TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// `hello world` with its CRC-32, as the SDKs frame an upload.
const FRAMED: &str = "6\r\nhello \r\n5\r\nworld\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";

const FRAMED_HEADERS: [(&str, &str); 5] = [
    ("x-amz-content-sha256", TRAILER),
    ("x-amz-decoded-content-length", "11"),
    ("x-amz-trailer", "x-amz-checksum-crc32"),
    ("content-encoding", "aws-chunked"),
    ("content-type", "text/plain"),
];

#[test]
fn an_upload_with_a_checksum_behind_it_is_stored_without_its_frame() {
    let moto = Moto::start();
    moto.make_bucket("music");
    let function = with_tls(&moto, "s3/music");
    let url = format!("{}/music/a%20b@2x", moto.https());

    let stored = outcome(
        &function,
        &request("s3", "PUT", &url, &FRAMED_HEADERS, FRAMED),
    );

    assert_contains(&stored, "ok: 200");
    assert_eq!(moto.object("/music/a%20b%402x"), b"hello world");
    assert_signed(&moto, "s3");
    let sent = &moto.requests_of(1)[0];
    assert_eq!(sent["body_bytes"], FRAMED.len());
    assert_eq!(sent["target"], "/music/a%20b%402x");
}

#[test]
fn a_wrong_checksum_is_the_services_error() {
    let moto = Moto::start();
    moto.make_bucket("music");
    let function = with_tls(&moto, "s3/music");
    let url = format!("{}/music/song", moto.https());
    let wrong = FRAMED.replace("DUoR", "AAAA");

    let refused = outcome(
        &function,
        &request("s3", "PUT", &url, &FRAMED_HEADERS, &wrong),
    );

    assert_contains_all(&refused, ["ok: 400", "BadDigest"]);
}

#[test]
fn an_unsigned_payload_is_passed_on() {
    let moto = Moto::start();
    moto.make_bucket("music");
    let function = with_tls(&moto, "s3/music");
    let url = format!("{}/music/song", moto.https());
    let headers = [
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("content-length", "5"),
    ];

    let stored = outcome(&function, &request("s3", "PUT", &url, &headers, "hello"));

    assert_contains(&stored, "ok: 200");
    assert_eq!(moto.object("/music/song"), b"hello");
    assert_signed(&moto, "s3");
}

#[test]
fn a_payload_without_a_hash_is_hashed_by_the_host() {
    let moto = Moto::start();
    moto.make_bucket("music");
    let settings = "[aws]\nallow = ['s3/music']\n";
    let function = Function::reaching(settings, &moto, &format!("s3={}", moto.http()), SECRET);
    let url = format!("{}/music/song?x-id=PutObject", moto.http());

    let stored = outcome(&function, &request("s3", "PUT", &url, &[], "hello"));

    assert_contains(&stored, "ok: 200");
    assert_eq!(moto.object("/music/song"), b"hello");
    assert_signed(&moto, "s3");
}

#[test]
fn a_message_is_sent_and_other_operations_are_not() {
    let moto = Moto::start();
    let queue = moto.call(
        "sqs",
        "AmazonSQS.CreateQueue",
        &json!({"QueueName": "orders"}),
    );
    let settings = "[aws]\nallow = ['sqs:SendMessage']\n";
    let function = Function::reaching(settings, &moto, &format!("sqs={}", moto.http()), SECRET);
    let call = |operation: &str, body: &Value| {
        let target = format!("AmazonSQS.{operation}");
        let headers = [
            ("x-amz-target", target.as_str()),
            ("content-type", "application/x-amz-json-1.0"),
        ];
        let url = format!("{}/", moto.http());
        outcome(
            &function,
            &request("sqs", "POST", &url, &headers, &body.to_string()),
        )
    };

    let sent = call(
        "SendMessage",
        &json!({"QueueUrl": queue["QueueUrl"], "MessageBody": "ü"}),
    );
    let denied = call("ReceiveMessage", &json!({"QueueUrl": queue["QueueUrl"]}));

    assert_contains_all(&sent, ["ok: 200", "MessageId"]);
    assert_contains(&denied, "error: ErrorCode::HttpRequestDenied");
    assert_signed(&moto, "sqs");
    assert_eq!(moto.requests_of(1).len(), 1);
    let received = moto.call("sqs", "AmazonSQS.ReceiveMessage", &queue);
    assert_eq!(received["Messages"][0]["Body"], "ü");
}

#[test]
fn what_s3_repeats_of_the_credentials_is_starred() {
    let moto = Moto::start();
    moto.make_bucket("music");
    let settings = "[aws]\nallow = ['s3']\n";
    let endpoint = format!("s3={}", moto.http());
    let function = Function::reaching(settings, &moto, &endpoint, "another");
    let url = format!("{}/music/song", moto.http());

    let refused = outcome(&function, &request("s3", "PUT", &url, &[], "hello"));

    assert_contains_all(&refused, ["ok: 403", "SignatureDoesNotMatch"]);
    assert_contains(
        &refused,
        &format!("<AWSAccessKeyId>{}", "*".repeat(KEY_ID.len())),
    );
    assert_contains(
        &refused,
        &format!("x-amz-security-token:{}", "*".repeat(TOKEN.len())),
    );
    assert!(
        !refused.contains(KEY_ID) && !refused.contains(TOKEN),
        "{refused}"
    );
}
