//! The numbers of a record against what a recorder of raw sockets saw.

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Exchange, Post, Recorder};
use bootstream_test_support::steps::{head, write};
use serde_json::{Value, json};

use super::daemon::{Daemon, sampled};

const CHUNK_BYTES: usize = 65_536;
const CHUNKS: usize = 360;
const BYTES: usize = CHUNKS * CHUNK_BYTES;
const BYTES_PER_SECOND: u32 = 20_000_000;

/// What may be on its way when the last write returns: the host's buffer, and the kernel's.
const ON_ITS_WAY_BYTES: usize = 650_000;

fn number(document: &Value, name: &str) -> f64 {
    let found = document["annotations"][name].as_f64();
    found.unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

/// Whether `actual` is `expected` within 5 %.
#[track_caller]
fn assert_near(what: &str, actual: f64, expected: f64) {
    let near = (expected * 0.95..=expected * 1.05).contains(&actual);
    assert!(near, "{what}: {actual} and not {expected}");
}

/// Milliseconds from the first chunk with a byte beyond `after` to the one that completes `bytes` of the body.
fn ms_between(response: &Exchange, after: usize, bytes: usize) -> f64 {
    let mut seen = 0;
    let mut times = response.chunks.iter().map(|chunk| {
        seen += chunk.data.len();
        (seen, chunk.at)
    });
    let began = times.find(|(seen, _)| *seen > after).expect("a chunk").1;
    let ended = times.find(|(seen, _)| *seen >= bytes).expect("a chunk").1;
    (ended - began).as_secs_f64() * 1e3
}

/// A handler that pauses for 700 ms, then writes more than its reader takes.
#[test]
fn numbers_are_those_of_the_wire_within_five_percent() {
    let (lambda, daemon) = (Recorder::with_small_buffers(), Daemon::start());
    lambda.on(
        "id-1/response",
        Post::default().bytes_per_second(BYTES_PER_SECOND),
    );
    let much = json!({"write_many": {"count": CHUNKS, "chunk": "x".repeat(CHUNK_BYTES)}});
    let steps = json!([head(200), write("first"), {"sleep_ms": 700}, much, "finish"]);
    lambda.enqueue(sampled("id-1", &steps));
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    let document = daemon.document();
    let response = lambda.complete_response("id-1");

    let body = response.prelude_and_body().1.len();
    assert_eq!(body, BYTES + 5);
    assert_eq!(number(&document, "response_bytes"), (BYTES + 5) as f64);
    assert_eq!(number(&document, "writes"), (CHUNKS + 1) as f64);
    let times: Vec<_> = response.chunks.iter().map(|chunk| chunk.at).collect();
    let silence = times.windows(2).map(|pair| pair[1] - pair[0]).max();
    let silence = silence.expect("chunks").as_secs_f64() * 1e3;
    assert!(silence > 690.0, "{silence}");
    assert_near("silence", number(&document, "longest_silence_ms"), silence);
    let all = response.data().len();
    let waited = ms_between(&response, all - BYTES, all - ON_ITS_WAY_BYTES);
    assert_near("backpressure", number(&document, "backpressure_ms"), waited);
}
