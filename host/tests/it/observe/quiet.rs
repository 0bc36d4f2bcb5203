//! A process that nobody watches.

use std::fs;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::write;
use serde_json::json;

/// The number of the process's sockets.
fn sockets(host: &Running) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", host.pid())).expect("a running process");
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}

/// Serves two invocations, and returns the numbers of threads and of sockets after them.
fn used(host: impl FnOnce(Bootstrap) -> Bootstrap) -> (usize, usize) {
    let lambda = Recorder::start();
    let steps = json!([write("x"), "finish"]);
    lambda.enqueue_all(vec![
        Event::script("id-1", &steps),
        Event::script("id-2", &steps),
    ]);
    let host = host(Bootstrap::scripted(&lambda)).start();
    lambda.polls(3);
    (host.threads(), sockets(&host))
}

/// One thread, and the connection to the Runtime API. A daemon that is named gets a socket with the first trace that is
/// recorded, and a collector gets one with the first spans.
#[test]
fn without_a_receiver_there_is_no_thread_and_no_socket() {
    let quiet = used(|host| host);
    assert_eq!(quiet.0, 1);
    let named = used(|host| {
        host.env("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:9")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
            .env("OTEL_TRACES_SAMPLER", "always_off")
    });
    assert_eq!(quiet, named);
}
