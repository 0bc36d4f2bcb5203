//! What the handler says about its body decides whether the host holds it.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::service::Service;
use super::{allow, function, get_item, sign_for, signature};
use crate::reaching::outcomes;

const HASH: &str = "x-amz-content-sha256";

/// A step that puts an object with these headers and this body.
fn put(service: &Service, headers: &[(&str, &str)], body: &Value) -> Value {
    let mut all = vec![sign_for("s3")];
    all.extend(headers.iter().map(|(name, value)| json!([name, value])));
    let mut step = json!({"url": service.url("/bucket/key"), "method": "PUT", "headers": all});
    for (name, value) in body.as_object().expect("fields of the step") {
        step[name] = value.clone();
    }
    json!({"fetch": step})
}

#[test]
fn a_body_without_a_digest_is_held_and_sent_with_its_length() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("s3", &service)).start();

    let steps = json!([put(&service, &[], &json!({"body_bytes": 300}))]);
    assert_eq!(outcomes(&lambda, "id-1", &steps), ["ok: 200 5 hello"]);

    let request = service.only();
    assert_eq!(request.header("content-length"), "300");
    assert!(request.headers("transfer-encoding").is_empty());
    assert_eq!(request.header(HASH), signature::sha256(&request.body));
}

#[test]
fn an_empty_body_is_signed_too() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("s3", &service)).start();
    let mut get = put(&service, &[], &json!({}));
    get["fetch"]["method"] = json!("GET");

    let steps = json!([get, put(&service, &[], &json!({}))]);
    assert_eq!(outcomes(&lambda, "id-1", &steps), ["ok: 200 5 hello"; 2]);

    let received = service.received();
    assert!(received[0].headers("content-length").is_empty());
    assert_eq!(received[1].header("content-length"), "0");
}

#[test]
fn a_body_over_the_limit_is_refused_and_nothing_is_sent() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let settings = allow("s3", &service).replace("[aws]\n", "[aws]\nbody-kib = 4\n");
    let running = function(&lambda, &settings).start();
    let length = ("content-length", "4097");

    let steps = json!([
        put(&service, &[], &json!({"body_bytes": 4097})),
        put(&service, &[length], &json!({"body_bytes": 4097})),
        put(&service, &[], &json!({"body_bytes": 4096})),
    ]);
    let outcomes = outcomes(&lambda, "id-1", &steps);

    let refused = "error: ErrorCode::HttpRequestBodySize(Some(4096))";
    assert_eq!(outcomes, [refused, refused, "ok: 200 5 hello"]);
    let line = running.logged("`aws.body-kib` (4)");
    assert_contains(&line, "send `x-amz-content-sha256` to stream it");
    assert_contains(&line, "id-1");
    assert_eq!(service.only().body.len(), 4096);
}

#[test]
fn other_ways_to_sign_a_body_are_refused_by_name() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let running = function(&lambda, &allow("s3", &service)).start();
    let modes = [
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-EVENTS",
        "STREAMING-X",
        "0123",
    ];
    let steps: Vec<Value> = modes
        .iter()
        .map(|mode| put(&service, &[(HASH, mode)], &json!({"body": "x"})))
        .collect();

    let outcomes = outcomes(&lambda, "id-1", &json!(steps));

    for (outcome, mode) in outcomes.iter().zip(modes) {
        assert_eq!(outcome, "error: ErrorCode::HttpRequestDenied", "{mode}");
        running.logged(&format!("`{mode}`"));
    }
    assert!(service.received().is_empty());
}

/// As SDKs put objects by default. The chunks in the body are the handler's, and stay as they are.
#[test]
fn an_unsigned_body_is_streamed_over_tls() {
    let (service, certificate) = Service::verifying_tls("localhost");
    let lambda = Recorder::start();
    let url = format!("https://localhost:{}", service.port());
    let settings = format!(
        "outbound.ca-file = 'ca.pem'\n[aws]\nallow = ['s3']\nbody-kib = 1\nendpoints = {{ s3 = '{url}' }}\n"
    );
    let host = function(&lambda, &settings);
    std::fs::write(host.package().join("ca.pem"), certificate).expect("a file in a fresh folder");
    let _running = host.start();
    let framed = "1000\r\n".to_owned()
        + &"x".repeat(0x1000)
        + "\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
    let length = framed.len().to_string();
    let at = |mode: &str| {
        let headers = [
            (HASH, mode),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "4096"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("content-length", &length),
        ];
        let mut step = put(&service, &headers, &json!({"body": framed}));
        step["fetch"]["url"] = json!(format!("{url}/bucket/key"));
        step
    };

    let steps = json!([
        at("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        at("UNSIGNED-PAYLOAD")
    ]);
    assert_eq!(outcomes(&lambda, "id-1", &steps), ["ok: 200 5 hello"; 2]);

    for request in service.received() {
        assert_eq!(String::from_utf8_lossy(&request.body), framed);
        assert_eq!(request.header("content-length"), length);
        let authorization = request.header("authorization");
        for name in ["x-amz-trailer", "x-amz-decoded-content-length"] {
            assert_contains(&authorization, name);
        }
    }
}

/// Half a body must not look like a whole one.
#[test]
fn a_handler_that_stops_in_the_middle_of_its_body_sends_nothing() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("s3", &service)).start();
    let whole = put(&service, &[], &json!({"body": "x"}));

    let unfinished = put(&service, &[], &json!({"body": "x", "unfinished": true}));
    let stalled = put(
        &service,
        &[],
        &json!({"body": "x", "stalled": true, "timeout_ms": 100}),
    );
    let outcomes = outcomes(&lambda, "id-1", &json!([unfinished, stalled, whole]));

    assert!(outcomes[0].starts_with("error: "), "{outcomes:?}");
    assert_eq!(outcomes[1], "error: ErrorCode::ConnectionWriteTimeout");
    assert_eq!(outcomes[2], "ok: 200 5 hello");
    assert_eq!(service.received().len(), 1);
}

/// The instance is dropped while the host collects its body.
#[test]
fn a_handler_that_ends_in_the_middle_of_its_body_sends_nothing() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("s3", &service)).start();
    let stalled = put(&service, &[], &json!({"body": "x", "stalled": true}));
    let event = bootstream_test_support::recorder::Event::script("id-1", &json!([stalled]));
    lambda.enqueue(event.deadline_in(Duration::from_millis(400)));
    lambda.failed_response("id-1", "Function.DeadlineExceeded");

    let steps = json!([put(&service, &[], &json!({"body": "x"}))]);
    assert_eq!(outcomes(&lambda, "id-2", &steps), ["ok: 200 5 hello"]);
    assert_eq!(service.received().len(), 1);
}

#[test]
fn trailers_are_not_sent() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("s3", &service)).start();
    let trailers = json!({"body": "x", "trailers": [["authorization", "y"], ["x-amz-date", "z"]]});
    let digest = signature::sha256(b"x");
    let declared = ("trailer", "authorization, x-amz-date");

    let steps = json!([
        put(&service, &[declared], &trailers),
        put(&service, &[(HASH, &digest), declared], &trailers),
    ]);
    assert_eq!(outcomes(&lambda, "id-1", &steps), ["ok: 200 5 hello"; 2]);
}

/// A ConverseStream, say: its frames reach the caller as they come.
#[test]
fn an_answer_is_passed_on_as_it_arrives() {
    use super::service::Part;
    let lambda = Recorder::start();
    let service = Service::start(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        let mut parts = vec![Part::Bytes(head)];
        for frame in ["one", "two", "six"] {
            parts.push(Part::Bytes(format!("3\r\n{frame}\r\n").into_bytes()));
            parts.push(Part::Pause(Duration::from_millis(300)));
        }
        parts.push(Part::Bytes(b"0\r\n\r\n".to_vec()));
        parts
    });
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let call = json!({"pass_on": get_item(&service.url("/"))["fetch"]});

    assert_eq!(outcomes(&lambda, "id-1", &json!([call])), ["onetwosix"]);

    let delay = |frame: &'static [u8]| lambda.delay_of_chunk("id-1", move |chunk| chunk == frame);
    for (earlier, later) in [(&b"one"[..], &b"two"[..]), (b"two", b"six")] {
        let pause = delay(later) - delay(earlier);
        assert!(pause > Duration::from_millis(200), "{pause:?}");
    }
}
