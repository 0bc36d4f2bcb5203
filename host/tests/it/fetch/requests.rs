//! What arrives at the server, and what comes back.

use std::sync::mpsc;

use bootstream_test_support::assert_contains;
use serde_json::json;

use bootstream_test_support::guests;

use super::peer::Peer;
use super::{outcome, outcomes};

#[test]
fn a_response_is_read_whatever_its_status() {
    let peer = Peer::start(|call| match call.head.split(' ').nth(1) {
        Some("/missing") => call.respond("404 Not Found", "no such\npage"),
        Some("/empty") => call.send("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
        _ => call.respond("200 OK", "hello"),
    });
    let steps = json!([
        {"url": peer.url("/")},
        {"url": peer.url("/missing")},
        {"url": peer.url("/missing"), "then": "success"},
        {"url": peer.url("/empty")},
        {"url": peer.url("/"), "method": "HEAD"},
    ]);

    let outcomes = outcomes(&peer.allowed(), &steps);

    assert_eq!(outcomes[0], "ok: 200 hello");
    assert_eq!(outcomes[1], "ok: 404 no such page");
    let refused = format!(
        "error: GET {}: status 404 Not Found: no such page",
        peer.url("/missing")
    );
    assert_eq!(outcomes[2], refused);
    assert_eq!(outcomes[3], "ok: 204 ");
    assert_eq!(outcomes[4], "ok: 200 ");
}

#[test]
fn a_body_at_hand_has_a_length_and_one_that_is_read_has_chunks() {
    let (seen, heads) = mpsc::channel();
    let peer = Peer::start(move |call| {
        let bytes = call.body_bytes()?;
        let _ = seen.send(call.head.clone());
        call.respond("200 OK", &bytes.to_string())
    });
    let steps = json!([
        {"url": peer.url("/?q=1"), "json": {"a": 1}, "headers": [["X-Own", "1"], ["x-own", "2"]]},
        {"url": peer.url("/"), "body": "", "method": "POST"},
        {"url": peer.url("/"), "letters": 3_000_000},
        {"url": peer.url("/"), "letters": 3_000_000, "headers": [["content-length", "3000000"]]},
    ]);

    let outcomes = outcomes(&peer.allowed(), &steps);

    assert_eq!(
        outcomes,
        [
            "ok: 200 7",
            "ok: 200 0",
            "ok: 200 3000000",
            "ok: 200 3000000"
        ]
    );
    let heads: Vec<String> = heads.iter().take(4).collect();
    for line in [
        "POST /?q=1 HTTP/1.1\r\n",
        "content-type: application/json\r\n",
        "content-length: 7\r\n",
        "x-own: 1\r\n",
        "x-own: 2\r\n",
    ] {
        assert_contains(&heads[0], line);
    }
    assert_contains(&heads[1], "content-length: 0\r\n");
    assert_contains(&heads[2], "transfer-encoding: chunked\r\n");
    assert_contains(&heads[3], "content-length: 3000000\r\n");
    assert!(!heads[3].contains("transfer-encoding"), "{}", heads[3]);
}

#[test]
fn a_response_becomes_the_body_of_another_request() {
    let peer = Peer::start(|call| {
        if call.head.starts_with("GET") {
            call.begin()?;
            for _ in 0..50 {
                call.chunk(vec![b'x'; 100_000])?;
            }
            return call.send("0\r\n\r\n");
        }
        let bytes = call.body_bytes()?;
        call.respond("200 OK", &bytes.to_string())
    });

    let step = json!({"url": peer.url("/"), "body_of": peer.url("/")});

    assert_eq!(outcome(&peer.allowed(), &step), "ok: 200 5000000");
}

#[test]
fn events_and_trailers_are_read() {
    let peer = Peer::start(|call| {
        if call.head.contains("/trailers") {
            call.begin()?;
            call.chunk("body")?;
            return call.send("0\r\nx-sum: 7\r\n\r\n");
        }
        call.begin()?;
        for piece in [
            "event: a\r",
            "\ndata: 1\r\n",
            "\r",
            "\ndata: ",
            "2\n\ndata: lost",
        ] {
            call.chunk(piece)?;
        }
        call.send("0\r\n\r\n")
    });
    let steps = json!([
        {"url": peer.url("/"), "then": "sse"},
        {"url": peer.url("/trailers"), "then": "trailers"},
        {"url": peer.url("/"), "then": "event_stream"},
    ]);

    let outcomes = outcomes(&peer.allowed(), &steps);

    assert_eq!(outcomes[0], "ok: 200 a=1 message=2");
    assert_eq!(outcomes[1], r#"ok: 200 Some({"x-sum": "7"})"#);
    assert_contains(&outcomes[2], "event stream: the checksum");
}

#[test]
fn a_secret_is_put_into_the_header() {
    let peer = Peer::start(|call| {
        let authorization = call.header("authorization").unwrap_or("none").to_owned();
        // Not the value itself: it would be in the handler then.
        let is_value = authorization == "Bearer s3cret";
        call.respond("200 OK", &is_value.to_string())
    });
    let lambda = bootstream_test_support::recorder::Recorder::start();
    let address = peer.url("");
    let settings = format!("{}[secrets]\nAPI_KEY = ['{address}']\n", peer.allowed());
    let _host = super::host(&lambda, &settings)
        .env("API_KEY", "s3cret")
        .start();
    lambda.script(
        "id-1",
        &json!([{"url": peer.url("/"), "bearer": "API_KEY"}]),
    );

    assert_eq!(lambda.complete_response("id-1").body(), "ok: 200 true\n");
}

/// A handler that sends no requests runs on a host without outbound HTTP.
#[test]
fn a_component_imports_http_only_if_it_sends_requests() {
    for (name, is_imported) in [
        ("streaming_numbers", false),
        ("server_sent_events", false),
        ("requests_guest", false),
        ("fetching_guest", true),
    ] {
        let component = std::fs::read(guests::source(name)).expect("a component");
        let import = b"wasi:http/";
        let found = component.windows(import.len()).any(|part| part == import);
        assert_eq!(found, is_imported, "{name}");
    }
}
