//! Bodies that are sent and read at once, early responses, and connections that break.

use std::io;
use std::sync::mpsc;
use std::time::Duration;

use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{PATIENCE, assert_contains, pause};
use serde_json::{Value, json};

use super::peer::Peer;
use super::{host, outcome, outcomes};

/// More than all buffers between the handler and the server hold.
const LARGE: u64 = 16_000_000;

/// Starts a host, and sends the response of this URL to the caller.
fn copy(lambda: &Recorder, peer: &Peer, path: &str) -> bootstream_test_support::process::Running {
    let host = host(lambda, &peer.allowed()).start();
    lambda.script("id-1", &json!([{"url": peer.url(path), "then": "copy"}]));
    host
}

#[test]
fn a_server_that_answers_while_it_reads_gets_the_whole_body() {
    let peer = Peer::start(|call| {
        call.begin()?;
        loop {
            let chunk = call.wire.chunk()?;
            if chunk.is_empty() {
                call.wire.line()?;
                return call.send("0\r\n\r\n");
            }
            call.chunk(chunk)?;
        }
    });

    let step = json!({"url": peer.url("/"), "letters": LARGE, "then": "count"});

    assert_eq!(outcome(&peer.allowed(), &step), format!("ok: 200 {LARGE}"));
}

/// <https://github.com/bytecodealliance/wasmtime/issues/9653>
#[test]
fn a_server_that_answers_early_ends_the_upload() {
    let (gone, is_gone) = mpsc::channel();
    let peer = Peer::start(move |call| {
        call.respond("413 Content Too Large", "too large")?;
        // Not a byte of the body is read until the client has given up.
        pause(Duration::from_millis(200));
        let _ = gone.send(call.body_bytes().is_err());
        Ok(())
    });
    let step = |then: &str| json!({"url": peer.url("/"), "letters": LARGE, "then": then});
    let steps = json!([step("text"), step("success")]);

    let outcomes = outcomes(&peer.allowed(), &steps);

    assert_eq!(outcomes[0], "ok: 413 too large");
    assert_contains(&outcomes[1], "status 413 Payload Too Large: too large");
    for _ in 0..2 {
        let was_cut = is_gone.recv_timeout(PATIENCE).expect("an upload");
        assert!(was_cut, "the upload looks complete");
    }
}

#[test]
fn a_body_that_cannot_be_read_ends_the_request_as_incomplete() {
    let (ended, ends) = mpsc::channel();
    let peer = Peer::start(move |call| {
        let _ = ended.send(call.body_bytes().map_err(|error| error.kind()));
        Ok(())
    });
    let step = json!({"url": peer.url("/"), "letters": LARGE, "failing_after": 300_000});

    let outcome = outcome(&peer.allowed(), &step);

    let end = "failed to read the request's body: the disk is on fire";
    assert_contains(&outcome, end);
    let end = ends.recv_timeout(PATIENCE).expect("an upload");
    assert_eq!(end, Err(io::ErrorKind::UnexpectedEof));
}

#[test]
fn a_body_that_does_not_fit_its_length_is_an_error() {
    let peer = Peer::start(|call| {
        call.body_bytes()?;
        call.respond("200 OK", "")
    });
    let with_length = |length: &str| {
        json!({
            "url": peer.url("/"),
            "letters": 100_000,
            "headers": [["content-length", length]]
        })
    };

    let outcomes = outcomes(
        &peer.allowed(),
        &json!([with_length("99999"), with_length("100001")]),
    );

    for outcome in outcomes {
        assert_contains(&outcome, "HTTP-request-body-size");
    }
}

#[test]
fn each_piece_leaves_before_the_next_arrives() {
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let peer = Peer::start(move |call| {
        call.begin()?;
        call.chunk("one")?;
        let waits = released.lock().map_err(|_| io::ErrorKind::Other)?;
        waits.recv_timeout(PATIENCE).map_err(io::Error::other)?;
        call.chunk("two")?;
        call.send("0\r\n\r\n")
    });
    let lambda = Recorder::start();
    let _host = copy(&lambda, &peer, "/");

    lambda.delay_of_chunk("id-1", |chunk| chunk.ends_with(b"one"));
    release.send(()).expect("the server waits");

    assert_eq!(lambda.complete_response("id-1").body(), "onetwo");
}

/// A response that breaks off must not look complete to the caller.
#[test]
fn a_response_that_breaks_off_fails_the_stream() {
    let peer = Peer::start(|call| {
        let head = match call.head.split(' ').nth(1) {
            Some("/length") => "content-length: 100",
            _ => "transfer-encoding: chunked",
        };
        call.send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n"))?;
        match head {
            "content-length: 100" => call.send("part"),
            _ => call.chunk("part"),
        }
    });
    for path in ["/length", "/chunked"] {
        let lambda = Recorder::start();
        let _host = copy(&lambda, &peer, path);

        let response = lambda.failed_response("id-1", "Function.Error");

        assert_eq!(response.body(), "part", "{path}");
        let error = response.trailer_document();
        let message = error["errorMessage"].as_str().unwrap_or_default();
        assert_contains(message, "the response broke off");
        let steps = json!([{"url": peer.url(path)}, {"url": peer.url(path), "then": "sse"}]);
        for outcome in outcomes(&peer.allowed(), &steps) {
            assert_contains(&outcome, "the response broke off");
        }
    }
}

#[test]
fn a_response_that_is_dropped_ends_its_request() {
    let (gone, is_gone) = mpsc::channel();
    let peer = Peer::start(move |call| {
        call.begin()?;
        let written = loop {
            if let Err(error) = call.chunk([b'x'; 10_000]) {
                break error;
            }
        };
        let _ = gone.send(written.kind());
        Ok(())
    });
    let step = json!({"url": peer.url("/"), "then": "drop"});

    let outcome = outcome(&peer.allowed(), &step);

    assert_contains(&outcome, "ok: 200 dropped after");
    is_gone.recv_timeout(PATIENCE).expect("the connection ends");
}

/// The caller reads slowly, so that what is not bounded would grow.
#[test]
fn a_large_response_is_passed_on_in_little_memory() {
    const BYTES: usize = 100_000_000;
    let peer = Peer::start(|call| {
        let part = vec![b'x'; 1_000_000];
        call.send(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n"
        ))?;
        (0..BYTES / part.len()).try_for_each(|_| call.send(&part))
    });
    let lambda = Recorder::start();
    let host = host(&lambda, &peer.allowed()).start();
    let small: Value = json!([{"url": peer.url("/"), "then": "drop"}]);
    lambda.script("warm", &small);
    lambda.complete_response("warm");
    let before = host.peak_resident_kib();

    lambda.script("id-1", &json!([{"url": peer.url("/"), "then": "copy"}]));
    let response = lambda.complete_response("id-1");

    assert_eq!(response.prelude_and_body().1.len(), BYTES);
    let grown = host.peak_resident_kib() - before;
    assert!(grown < 4 * 1024, "{grown} KiB more");
}
