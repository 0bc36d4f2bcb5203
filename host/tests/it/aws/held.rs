//! Held bodies of all requests share a room.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::json;

use super::{function, sign_for};
use crate::reaching::outcomes;

/// More than sockets take.
const BODY_BYTES: usize = 8 * 1024 * 1024;

/// A service that begins to answer each request, and neither reads its body nor ends its answer.
fn early() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let answer = |mut stream: TcpStream| {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel";
            // The first byte of the request.
            let begun = stream.read_exact(&mut [0]);
            begun.and_then(|()| stream.write_all(head)).map(|()| stream)
        };
        let answered = listener.incoming().flatten().map(answer);
        // Open until the test ends.
        answered.collect::<Vec<_>>()
    });
    url
}

/// Otherwise a peer that answers early could have the host hold any number of bodies.
#[test]
fn a_body_keeps_its_room_until_it_is_sent() {
    let (lambda, url) = (Recorder::start(), early());
    let kib = BODY_BYTES / 1024;
    let settings =
        format!("[aws]\nallow = ['s3']\nbody-kib = {kib}\n[aws.endpoints]\ns3 = '{url}'\n");
    let running = function(&lambda, &settings).start();
    let put = json!({
        "url": format!("{url}/bucket/key"),
        "method": "PUT",
        "headers": [sign_for("s3")],
        "body_bytes": BODY_BYTES,
        "timeout_ms": 1000,
    });

    let outcome = outcomes(&lambda, "id-1", &json!([{"fetch_at_once": [3, put]}])).remove(0);

    // Two, as there is room for twice the largest.
    assert_contains(&outcome, "ok: 200, 200, ErrorCode::ConnectionLimitReached");
    running.logged("its body has no room beside those of other requests");
    // They end with the invocation.
    let after = outcomes(&lambda, "id-2", &json!([{"fetch": put}])).remove(0);
    assert_contains(&after, "error: connection read timeout");
}
