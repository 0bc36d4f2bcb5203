//! Errors of AWS repeat parts of a request; the handler sees them without the credentials.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::service::{Part, Received, Service, answer};
use super::{KEY_ID, SESSION_TOKEN, allow, function, get_item};
use crate::reaching::outcomes;

/// An error as S3 writes it, with everything of the request that it can repeat.
fn echo(request: &Received) -> String {
    format!(
        "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId>\
         <CanonicalRequest>{}</CanonicalRequest><Token-0>{SESSION_TOKEN}</Token-0></Error>",
        request.header("authorization")
    )
}

/// A call that shows two headers of its answer.
fn call(service: &Service) -> Value {
    let mut call = get_item(&service.url("/"));
    call["fetch"]["show"] = json!(["content-length", "x-echo"]);
    call
}

#[test]
fn an_error_shows_no_credentials_wherever_it_is_split() {
    let lambda = Recorder::start();
    let service = Service::start(|count, request| {
        let body = echo(request);
        let (one, two) = body.split_at(count * 7 % body.len());
        let head = format!(
            "HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nx-echo: {KEY_ID}/{SESSION_TOKEN}\r\n\r\n",
            body.len()
        );
        vec![
            Part::Bytes([head.as_bytes(), one.as_bytes()].concat()),
            Part::Pause(Duration::from_millis(2)),
            Part::Bytes(two.as_bytes().to_vec()),
        ]
    });
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let calls: Vec<Value> = (0..70).map(|_| call(&service)).collect();

    let outcomes = outcomes(&lambda, "id-1", &json!(calls));

    for (outcome, request) in outcomes.iter().zip(service.received()) {
        let authorization = request.header("authorization");
        let (_, signature) = authorization.rsplit_once('=').expect("a signature");
        for hidden in [KEY_ID, SESSION_TOKEN, signature] {
            assert!(!outcome.contains(hidden), "{hidden} in {outcome}");
        }
        assert_contains(outcome, "<Code>SignatureDoesNotMatch</Code>");
        assert_contains(
            outcome,
            &format!("<Token-0>{}<", "*".repeat(SESSION_TOKEN.len())),
        );
        let length = echo(&request).len();
        let stars = |text: &str| "*".repeat(text.len());
        let shown = format!(
            "{length} {}/{} {length} <Error>",
            stars(KEY_ID),
            stars(SESSION_TOKEN)
        );
        assert_contains(outcome, &shown);
    }
    assert_eq!(outcomes.len(), 70);
}

#[test]
fn other_answers_are_left_alone() {
    let lambda = Recorder::start();
    let service = Service::start(|_, request| {
        answer(
            "200 OK",
            &format!("x-echo: {KEY_ID}\r\n"),
            echo(request).as_bytes(),
        )
    });
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let outcome = outcomes(&lambda, "id-1", &json!([call(&service)])).remove(0);
    assert_contains(&outcome, SESSION_TOKEN);
}

/// Compressed, the credentials could not be found.
#[test]
fn an_error_with_a_content_encoding_is_not_passed_on() {
    let lambda = Recorder::start();
    let service = Service::start(|count, _| match count {
        0 => answer("400 Bad Request", "content-encoding: gzip\r\n", b"\x1f\x8b"),
        1 => answer(
            "400 Bad Request",
            "content-encoding: identity\r\n",
            b"plain",
        ),
        _ => answer("200 OK", "content-encoding: gzip\r\n", b"\x1f\x8b"),
    });
    let running = function(&lambda, &allow("dynamodb", &service)).start();
    let call = get_item(&service.url("/"));

    let outcomes = outcomes(&lambda, "id-1", &json!([call, call, call]));

    assert_contains(
        &outcomes[0],
        "error: ErrorCode::HttpResponseContentCoding(Some(\"gzip\"))",
    );
    assert_eq!(outcomes[1], "ok: 400 5 plain");
    assert!(outcomes[2].starts_with("ok: 200 2"), "{outcomes:?}");
    running.logged("`accept-encoding: identity`");
}

#[test]
fn a_clock_that_is_wrong_is_named_in_the_log() {
    let lambda = Recorder::start();
    let service = Service::start(|count, _| match count {
        0 => answer(
            "403 Forbidden",
            "date: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
            b"skewed",
        ),
        _ => answer("200 OK", "date: Thu, 01 Jan 2026 00:00:00 GMT\r\n", b"fine"),
    });
    let running = function(&lambda, &allow("dynamodb", &service)).start();
    let call = get_item(&service.url("/"));

    let outcomes = outcomes(&lambda, "id-1", &json!([call, call]));

    assert_eq!(outcomes, ["ok: 403 6 skewed", "ok: 200 4 fine"]);
    running.logged("the clock of this machine is");
    let lines = running.stdout();
    let warnings = lines.iter().filter(|line| line.contains("the clock"));
    assert_eq!(warnings.count(), 1, "{lines:?}");
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let lambda = Recorder::start();
    let service = Service::start(|_, _| {
        let head = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\nAKI".to_vec();
        vec![Part::Bytes(head), Part::Close]
    });
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let outcome = outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))])).remove(0);
    assert!(outcome.starts_with("error: "), "{outcome}");
}
