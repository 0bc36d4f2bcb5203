//! Tests the Runtime API at the level of bytes.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::{Delivery, PendingResponse, Phase, RuntimeApi};
use crate::failure::Failure;
use crate::http_server;
use crate::invocation::Invocation;
use crate::observer::Observer;
use crate::response::{Outcome, Part, ResponseMode, outcome_of};

const ID: &str = "id-1";
const TOKEN: &str = "token-1";
const STREAMING: &str = "lambda-runtime-function-response-mode: streaming\r\n\
    transfer-encoding: chunked\r\n\
    trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n";

/// An emulator with one pending invocation.
struct Emulator {
    address: std::net::SocketAddr,
    phase: watch::Receiver<Phase>,
    parts: mpsc::Receiver<Part>,
    outcome: oneshot::Receiver<Outcome>,
    _server: JoinSet<()>,
}

impl Emulator {
    async fn start() -> Self {
        let listener = http_server::bind_loopback().await.unwrap();
        let address = listener.local_addr().unwrap();
        let (deliveries, deliveries_rx) = mpsc::channel(1);
        let (api, phase) = RuntimeApi::new(deliveries_rx, Observer::default(), None);
        let mut server = JoinSet::new();
        server.spawn(http_server::serve(listener, Arc::clone(&api)));
        let (parts_tx, parts) = mpsc::channel(8);
        let (outcome_tx, outcome) = oneshot::channel();
        let response = PendingResponse {
            request_id: ID.to_owned(),
            token: TOKEN.to_owned(),
            parts: parts_tx,
            outcome: outcome_tx,
        };
        let invocation = Invocation {
            request_id: ID.to_owned(),
            event: Bytes::from_static(b"{}"),
            headers: HeaderMap::new(),
        };
        let delivery = Delivery {
            invocation,
            response,
        };
        deliveries.send(delivery).await.unwrap();
        Self {
            address,
            phase,
            parts,
            outcome,
            _server: server,
        }
    }

    /// Returns an emulator whose runtime has received the invocation.
    async fn invoking() -> Self {
        let emulator = Self::start().await;
        let next = emulator.next("").await;
        assert!(next.ends_with("{}"), "{next}");
        emulator
    }

    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Begins a streamed response with one chunk, and leaves it open.
    async fn begin_response(&self) -> TcpStream {
        self.send(&format!(
            "POST /2018-06-01/runtime/invocation/{ID}/response HTTP/1.1\r\nhost: x\r\n\
             {STREAMING}\r\n4\r\npart\r\n"
        ))
        .await
    }

    /// Sends a request and returns everything received until the connection closes. The head has the length of a
    /// body that is not in chunks.
    async fn exchange(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let framing = if headers.contains("transfer-encoding") {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        let head = format!(
            "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{framing}"
        );
        let mut stream = self.send(&format!("{head}{headers}\r\n{body}")).await;
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    async fn respond(&self, headers: &str, body: &str) -> String {
        let path = format!("invocation/{ID}/response");
        self.exchange("POST", &path, headers, body).await
    }

    async fn report(&self, headers: &str, document: &str) -> String {
        let path = format!("invocation/{ID}/error");
        self.exchange("POST", &path, headers, document).await
    }

    async fn next(&self, headers: &str) -> String {
        self.exchange("GET", "invocation/next", headers, "").await
    }

    /// Returns what the caller gets.
    async fn response(mut self) -> (String, Outcome) {
        let mut body = String::new();
        while let Some(part) = self.parts.recv().await {
            if let Part::Chunk(chunk, _) = part {
                body.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        }
        (body, outcome_of(self.outcome.await))
    }
}

#[track_caller]
fn expect_forbidden(response: &str, message: &str) {
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    assert!(response.contains("InvalidStateTransition"), "{response}");
    assert!(response.contains(message), "{response}");
}

#[track_caller]
fn expect_response(response: &str, status: &str, body: &str) {
    assert!(
        response.starts_with(&format!("HTTP/1.1 {status}")),
        "{response}"
    );
    assert!(response.ends_with(&format!("\r\n\r\n{body}")), "{response}");
}

#[tokio::test]
async fn a_streamed_response_is_forwarded_and_accepted() {
    let emulator = Emulator::invoking().await;

    let accepted = emulator
        .respond(STREAMING, "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
        .await;

    expect_response(&accepted, "202", "{\"status\":\"OK\"}\n");
    assert!(matches!(*emulator.phase.borrow(), Phase::Responded { .. }));
    assert_eq!(emulator.response().await, ("abcde".to_owned(), Ok(())));
}

#[tokio::test]
async fn a_response_without_the_mode_header_is_buffered() {
    let mut emulator = Emulator::invoking().await;

    let accepted = emulator.respond("", "ab").await;

    expect_response(&accepted, "202", "{\"status\":\"OK\"}\n");
    let head = emulator.parts.recv().await.unwrap();
    assert!(matches!(
        head,
        Part::Head {
            mode: ResponseMode::Buffered,
            content_type: None
        }
    ));
    assert_eq!(emulator.response().await, ("ab".to_owned(), Ok(())));
}

#[tokio::test]
async fn error_trailers_are_the_outcome() {
    let emulator = Emulator::invoking().await;
    let body = "4\r\npart\r\n0\r\nlambda-runtime-function-error-type: Function.Trap\r\n\
        lambda-runtime-function-error-body: eyJlcnJvck1lc3NhZ2UiOiJtIn0=\r\n\r\n";

    let accepted = emulator.respond(STREAMING, body).await;

    expect_response(&accepted, "202", "{\"status\":\"OK\"}\n");
    let (body, outcome) = emulator.response().await;
    let failure = outcome.unwrap_err();
    assert_eq!(body, "part");
    assert_eq!(failure.to_string(), "Function.Trap: m");
    assert_eq!(failure.document, "{\"errorMessage\":\"m\"}");
}

#[tokio::test]
async fn trailers_that_were_not_announced_are_dropped() {
    let emulator = Emulator::invoking().await;
    let headers = "lambda-runtime-function-response-mode: streaming\r\n\
        transfer-encoding: chunked\r\n";
    let body = "4\r\npart\r\n0\r\nlambda-runtime-function-error-type: Function.Trap\r\n\r\n";

    emulator.respond(headers, body).await;

    assert_eq!(emulator.response().await, ("part".to_owned(), Ok(())));
}

#[tokio::test]
async fn trailers_beyond_4096_bytes_count_as_truncated() {
    let emulator = Emulator::invoking().await;
    let body = format!(
        "0\r\nlambda-runtime-function-error-type: Function.Trap\r\n\
         lambda-runtime-function-error-body: {}\r\n\r\n",
        "A".repeat(4096)
    );

    let refused = emulator.respond(STREAMING, &body).await;

    let document = "{\"errorMessage\":\"HTTP request detected as truncated\",\
        \"errorType\":\"TruncatedHTTPRequest\"}\n";
    expect_response(&refused, "400", document);
    let failure = emulator.response().await.1.unwrap_err();
    assert!(failure.is_truncated());
    assert!(failure.message.contains("at most 4096"), "{failure}");
}

#[tokio::test]
async fn a_body_without_its_last_chunk_is_truncated() {
    let emulator = Emulator::invoking().await;

    drop(emulator.begin_response().await);

    let (body, outcome) = emulator.response().await;
    assert_eq!(body, "part");
    assert!(outcome.unwrap_err().is_truncated());
}

#[tokio::test]
async fn an_error_report_is_the_outcome() {
    let emulator = Emulator::invoking().await;
    let document = r#"{"errorMessage":"m","errorType":"Function.Error","stackTrace":[]}"#;

    let accepted = emulator.report("", document).await;

    expect_response(&accepted, "202", "{\"status\":\"OK\"}\n");
    let failure = emulator.response().await.1.unwrap_err();
    assert_eq!(failure.to_string(), "Function.Error: m");
    assert_eq!(failure.document, document);
}

#[tokio::test]
async fn an_unknown_id_is_refused() {
    let emulator = Emulator::invoking().await;
    let document = "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n";

    for path in ["invocation/other/response", "invocation/other/error"] {
        let refused = emulator.exchange("POST", path, "", "").await;
        expect_response(&refused, "400", document);
    }
    assert!(matches!(*emulator.phase.borrow(), Phase::Invoking(_)));
}

#[tokio::test]
async fn a_second_response_is_refused() {
    let emulator = Emulator::invoking().await;
    emulator.respond(STREAMING, "0\r\n\r\n").await;

    for (refused, state) in [
        (emulator.respond("", "").await, "InvocationResponse"),
        (emulator.report("", "").await, "InvocationErrorResponse"),
    ] {
        let message = format!("from RuntimeResponseSentState to {state} failed");
        expect_forbidden(&refused, &message);
    }
    assert_eq!(emulator.response().await, (String::new(), Ok(())));
}

#[tokio::test]
async fn an_error_report_while_the_response_is_open_is_refused_and_the_response_goes_on() {
    let emulator = Emulator::invoking().await;
    let mut response = emulator.begin_response().await;
    let mut phase = emulator.phase.clone();
    phase
        .wait_for(|phase| matches!(phase, Phase::Responding { .. }))
        .await
        .unwrap();

    let report = emulator.report("", "{}").await;
    let next = emulator.next("").await;

    expect_forbidden(
        &report,
        "from InvocationResponse to InvocationErrorResponse",
    );
    expect_forbidden(&next, "from InvocationResponse to Ready");
    response.write_all(b"0\r\n\r\n").await.unwrap();
    assert_eq!(emulator.response().await, ("part".to_owned(), Ok(())));
}

#[tokio::test]
async fn a_response_for_another_invocation_is_refused() {
    let emulator = Emulator::invoking().await;
    let named = |token: &str| format!("lambda-runtime-invocation-id: {token}\r\n{STREAMING}");

    let late = emulator.respond(&named("token-0"), "0\r\n\r\n").await;
    let right = emulator.respond(&named(TOKEN), "0\r\n\r\n").await;

    assert!(late.starts_with("HTTP/1.1 400"), "{late}");
    assert!(late.contains("InvalidRequestID"), "{late}");
    expect_response(&right, "202", "{\"status\":\"OK\"}\n");
    assert_eq!(emulator.response().await, (String::new(), Ok(())));
}

#[tokio::test]
async fn a_buffered_response_has_a_limit() {
    for (size, status) in [(6_291_556, "202"), (6_291_557, "413")] {
        let mut emulator = Emulator::invoking().await;

        let response = emulator.respond("", &"x".repeat(size)).await;

        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{response}"
        );
        emulator.parts.close();
        let outcome = outcome_of(emulator.outcome.await);
        if status == "413" {
            let document = "{\"errorMessage\":\"Exceeded maximum allowed payload size \
                (6291556 bytes).\",\"errorType\":\"RequestEntityTooLarge\"}\n";
            expect_response(&response, status, document);
            assert_eq!(
                outcome.unwrap_err().to_string(),
                "Function.ResponseSizeTooLarge: Response payload size (6291557 bytes) exceeded \
                 maximum allowed payload size (6291556 bytes)."
            );
        }
    }
}

#[tokio::test]
async fn an_error_document_has_a_limit() {
    let emulator = Emulator::invoking().await;
    let headers = "lambda-runtime-function-error-type: Function.Error\r\n";
    let document = "x".repeat(1024 * 1024 + 1);

    let refused = emulator.report(headers, &document).await;

    assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
    let failure = emulator.response().await.1.unwrap_err();
    assert_eq!(failure.error_type, "Function.Error");
    assert!(failure.message.contains("1048577 bytes"), "{failure}");
}

#[tokio::test]
async fn a_wrong_response_mode_is_refused_and_told() {
    for mode in ["STREAMING", "buffered"] {
        let emulator = Emulator::invoking().await;
        let headers = format!("lambda-runtime-function-response-mode: {mode}\r\n");

        let refused = emulator.respond(&headers, "").await;

        let document = "{\"errorMessage\":\"Invalid function response mode\",\
            \"errorType\":\"InvalidFunctionResponseMode\"}\n";
        expect_response(&refused, "400", document);
        let failure = emulator.response().await.1.unwrap_err();
        assert_eq!(failure.error_type, "Runtime.InvalidResponseModeHeader");
    }
}

#[tokio::test]
async fn asking_again_without_a_response_is_refused() {
    let emulator = Emulator::invoking().await;

    let refused = emulator.next("").await;

    expect_forbidden(&refused, "from Running to Ready");
}

#[tokio::test]
async fn an_init_error_is_taken_once() {
    let emulator = Emulator::start().await;
    let document = r#"{"errorMessage":"m","errorType":"Runtime.InvalidComponent"}"#;
    let report = async || emulator.exchange("POST", "init/error", "", document).await;

    let first = report().await;
    let second = report().await;

    assert!(first.starts_with("HTTP/1.1 202"), "{first}");
    expect_forbidden(&second, "from InitError to InitError");
    let expected = Failure::from_document(Bytes::from_static(document.as_bytes()), None);
    let phase = emulator.phase.borrow();
    assert!(
        matches!(&*phase, Phase::InitFailed(failure) if *failure == expected),
        "{phase:?}"
    );
}

#[tokio::test]
async fn a_web_page_takes_no_invocation() {
    let emulator = Emulator::start().await;

    for mark in [
        "origin: http://evil.example\r\n",
        "sec-fetch-site: cross-site\r\n",
    ] {
        let refused = emulator.next(mark).await;
        assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
        assert!(refused.contains("AccessDenied"), "{refused}");
    }
    let next = emulator.next("").await;
    assert!(next.ends_with("{}"), "{next}");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let emulator = Emulator::start().await;

    let wrong_method = emulator.exchange("POST", "invocation/next", "", "").await;
    let wrong_path = emulator.exchange("GET", "restore/next", "", "").await;

    assert!(wrong_method.starts_with("HTTP/1.1 405"), "{wrong_method}");
    assert!(wrong_method.contains("allow: GET"), "{wrong_method}");
    expect_response(&wrong_path, "404", "404 page not found");
}
