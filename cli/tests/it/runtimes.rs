//! Other runtimes run unchanged, and may respond as ours never would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bootstream_test_support::assert_contains;
use serde_json::Value;

use crate::support::{Dev, End, Response, bootstream, succeed};

/// The native runtime, compiled once.
fn native() -> &'static Path {
    static NATIVE: OnceLock<PathBuf> = OnceLock::new();
    NATIVE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("native-runtime");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/runtime/native.rs");
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let status = Command::new(compiler)
            .args(["--edition", "2024", "-o"])
            .args([&target, &source])
            .status();
        assert!(status.expect("rustc runs").success());
        target
    })
}

pub(crate) fn start(args: &[&str]) -> Dev {
    let native = native().to_str().expect("a path in UTF-8");
    Dev::run(&[&["--bootstrap", native], args].concat())
}

#[track_caller]
fn post(dev: &Dev, path: &str, words: &str) -> Response {
    dev.send("POST", path, &[("content-type", "text/plain")], words)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const INTEGRATION: &str = "type=application/vnd.awslambda.http-integration-response;";

#[test]
fn a_runtime_of_any_kind_runs_unchanged() {
    let mut dev = start(&["--handler-name", "index.main"]);
    dev.wait_until_seen("native runtime at work");

    let response = post(&dev, "/invoke", "\"handler\"");

    response.assert_body("index.main");
}

#[test]
fn the_folder_of_a_runtime_will_do() {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    std::fs::copy(native(), folder.path().join("bootstrap")).unwrap();
    let dev = Dev::run(&["--bootstrap", folder.path().to_str().unwrap()]);

    let response = post(&dev, "/", "type=text/csv;hex=612c,62;");

    response.assert_header("content-type", &["text/csv"]);
    response.assert_body("a,b");
}

#[test]
fn a_new_version_of_a_runtime_is_taken() {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let bootstrap = folder.path().join("bootstrap");
    std::fs::copy(native(), &bootstrap).unwrap();
    let mut dev = Dev::run(&["--bootstrap", bootstrap.to_str().unwrap()]);

    let next = folder.path().join("next");
    std::fs::copy(native(), &next).unwrap();
    std::fs::rename(next, &bootstrap).unwrap();

    dev.wait_for("swapped to the new");
    assert_eq!(post(&dev, "/", "hex=61;").rest().0, "a");
}

#[test]
fn the_prelude_may_be_cut_at_every_byte_where_it_is_read() {
    let dev = start(&[]);
    let stream =
        b"{\"statusCode\":201,\"headers\":{\"x-a\":\"b\"}}\0\0\0\0\0\0\0\0he\0\0\0\0\0\0\0\0llo";
    let byte_by_byte: Vec<_> = stream.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut cases = vec![byte_by_byte.join(",")];
    for cut in 0..=stream.len() {
        let (first, second) = stream.split_at(cut);
        cases.push(format!("{},{}", hex(first), hex(second)));
    }
    for (number, case) in cases.iter().enumerate() {
        for path in ["/@url", "/@rest"] {
            let response = post(&dev, path, &format!("{INTEGRATION}hex={case};"));

            assert_eq!(response.status, 201, "{path} {number}");
            response.assert_header("x-a", &["b"]);
            let body = ("he\0\0\0\0\0\0\0\0llo".to_owned(), End::Complete);
            assert_eq!(response.rest(), body, "{path} {number}");
        }
    }
}

#[test]
fn a_broken_prelude_is_reported_on_the_terminal() {
    let mut dev = start(&["--front-end", "rest"]);
    let delimiter = [0; 8];
    for (prelude, reason) in [
        (&b"{\"statusCode\":"[..], "the prelude is invalid"),
        (br#"{"headers":{"a":["b"]}}"#, "expected a string"),
        (br#"{"statusCode":99}"#, "status 99"),
        (br#"{"headers":{"a b":"c"}}"#, "header `a b`"),
    ] {
        let words = format!("{INTEGRATION}hex={},{}6161;", hex(prelude), hex(&delimiter));
        for (path, status) in [("/", 500), ("/@url", 502)] {
            let response = post(&dev, path, &words);
            assert_eq!(response.status, status, "{path} {reason}");
            dev.wait_for(reason);
        }
    }
}

#[test]
fn a_stream_without_a_prelude_is_for_function_urls_only() {
    let mut dev = start(&[]);

    let url = post(&dev, "/@url", "hex=7261,77;");
    let rest = post(&dev, "/@rest", "hex=7261,77;");
    dev.wait_for("without a prelude");
    let long = post(&dev, "/@rest", &format!("hex={};", "61".repeat(20_000)));
    dev.wait_for("no prelude delimiter in the first 16384 bytes");

    assert_eq!(url.status, 200);
    url.assert_header("content-type", &["application/octet-stream"]);
    url.assert_body("raw");
    assert_eq!((rest.status, long.status), (500, 500));
    assert_eq!(rest.rest().0, "{\"message\":\"Internal server error\"}");
}

#[test]
fn an_empty_prelude_is_200_and_nothing_is_made_up() {
    let dev = start(&[]);
    let words = format!("{INTEGRATION}hex={};", hex(b"{}\0\0\0\0\0\0\0\0"));
    for path in ["/@url", "/@rest"] {
        let response = post(&dev, path, &words);

        assert_eq!(response.status, 200, "{path}");
        response.assert_header("content-type", &[]);
        response.assert_body("");
    }
}

#[test]
fn a_rest_api_prefers_the_multi_value_headers() {
    let dev = start(&[]);
    let prelude = br#"{"headers":{"X-A":"joined"},"multiValueHeaders":{"x-a":["1","2"]}}"#;
    let words = format!("{INTEGRATION}hex={}0000000000000000;", hex(prelude));

    assert_eq!(post(&dev, "/@rest", &words).header("x-a"), ["1", "2"]);
    assert_eq!(post(&dev, "/@url", &words).header("x-a"), ["joined"]);
}

#[test]
fn a_buffered_document_is_unfolded_at_every_front_end() {
    let dev = start(&[]);
    let document =
        br#"{"statusCode":201,"headers":{"x-a":"b"},"body":"aGk=","isBase64Encoded":true}"#;
    for path in ["/@url", "/@rest", "/@http", "/@alb"] {
        let response = post(&dev, path, &format!("\"whole={};\"", hex(document)));

        assert_eq!(response.status, 201, "{path}");
        response.assert_header("x-a", &["b"]);
        response.assert_body("hi");
    }
    // A caller of the Invoke API gets it as the payload.
    let payload = post(&dev, "/invoke", &format!("\"whole={};\"", hex(document)));
    assert_eq!(payload.rest().0.as_bytes(), document);
}

#[test]
fn a_buffered_response_that_is_not_a_document_is_the_body_where_aws_infers() {
    let dev = start(&[]);
    for (path, status) in [
        ("/@url", 200),
        ("/@http", 200),
        ("/@rest", 502),
        ("/@alb", 502),
    ] {
        let response = post(&dev, path, &format!("whole={};", hex(b"{\"a\":1}")));

        assert_eq!(response.status, status, "{path}");
        if status == 200 {
            response.assert_header("content-type", &["application/json"]);
            assert_eq!(response.rest().0, "{\"a\":1}", "{path}");
        }
    }
}

#[test]
fn a_stream_without_its_last_chunk_is_truncated() {
    let mut dev = start(&[]);

    let response = post(&dev, "/", "hex=61;cut");

    response.assert_cut("a");
    dev.wait_for("Runtime.TruncatedResponse");
    assert_eq!(post(&dev, "/", "hex=62;").rest().0, "b");
}

#[test]
fn a_failure_in_unannounced_trailers_is_lost_and_reported() {
    let mut dev = start(&["--json"]);

    let response = post(&dev, "/", "hex=61;trailers");

    response.assert_body("a");
    let line = dev.wait_for("without announcing it");
    let message: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(message["level"], "warn");
    let text = message["text"].as_str().expect("text");
    assert_contains(text, "`lambda-runtime-function-error-type`");
    assert_contains(text, "Trailer: ");
    dev.forget();
    drop(dev);

    let mut dev = start(&[]);
    post(&dev, "/", "hex=61;trailers").rest();
    let line = dev.wait_for("without announcing it");
    assert_contains(&line, "warning: ");
}

#[test]
fn each_front_end_sends_its_own_event() {
    let dev = start(&[]);
    for (kind, key) in [
        ("url", "rawPath"),
        ("http", "rawPath"),
        ("rest", "multiValueHeaders"),
        ("alb", "requestContext"),
        ("alb-multi", "multiValueHeaders"),
        ("lattice", "requestContext"),
        ("sqs", "Records"),
    ] {
        let output = succeed(&mut bootstream(&["event", kind, "-d", "echo"]));
        let event: Value = serde_json::from_slice(&output.stdout).expect(kind);
        assert!(event.get(key).is_some(), "{event}");
        let (answer, end) = post(&dev, "/invoke", &event.to_string()).rest();
        assert!(answer.contains(key), "{kind}: {answer}");
        assert_eq!(end, End::Complete, "{kind}");
    }
}
