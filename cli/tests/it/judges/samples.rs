//! Samples of other projects, unchanged, in `wasmtime serve` and in `bootstream dev`. See `test-guests/samples`.

use std::path::PathBuf;

use bootstream_test_support::built;

use super::dev;
use super::serve::Serve;
use crate::support::{End, Response};

fn sample(name: &str) -> PathBuf {
    built(&format!(
        "guests/wasm32-wasip2/release/examples/{name}.wasm"
    ))
}

/// What a caller sees: status, some headers, body, and how it ended.
#[derive(Debug, Eq, PartialEq)]
struct Seen {
    status: u16,
    headers: Vec<(&'static str, Vec<String>)>,
    body: String,
    end: End,
}

const COMPARED: [&str; 3] = ["location", "content-type", "x-sent"];

impl Seen {
    fn of(response: Response) -> Self {
        let values = |name| {
            response
                .header(name)
                .into_iter()
                .map(str::to_owned)
                .collect()
        };
        let headers = COMPARED.map(|name| (name, values(name))).to_vec();
        let status = response.status;
        let (body, end) = match status {
            // It has none.
            204 => (String::new(), End::Complete),
            _ => response.rest(),
        };
        Self {
            status,
            headers,
            body,
            end,
        }
    }
}

/// wstd's server, each path of it. `wait-body` and `wait-response` write how long they slept.
#[test]
fn the_server_of_wstd_answers_as_in_wasmtime_serve() {
    let component = sample("wstd-http-server");
    let serve = Serve::start(&component, &["-Scli"]);
    let dev = dev(&component);
    for (method, path, headers, body) in [
        ("GET", "/", vec![], ""),
        (
            "POST",
            "/echo",
            vec![("content-type", "text/plain")],
            "hello",
        ),
        (
            "POST",
            "/echo",
            vec![("content-type", "application/octet-stream")],
            "\u{0}\u{1}\u{e9}",
        ),
        ("GET", "/echo-headers", vec![("x-sent", "one two")], ""),
        ("POST", "/echo-trailers", vec![], "hello"),
        (
            "GET",
            "/response-status",
            vec![("x-response-status", "404")],
            "",
        ),
        (
            "GET",
            "/response-status",
            vec![("x-response-status", "302")],
            "",
        ),
        (
            "GET",
            "/response-status",
            vec![("x-response-status", "204")],
            "",
        ),
        ("GET", "/response-status", vec![], ""),
        ("GET", "/nowhere", vec![], ""),
        ("GET", "/?query", vec![], ""),
    ] {
        let there = Seen::of(serve.send(method, path, &headers, body));
        let here = Seen::of(dev.send(method, path, &headers, body));
        assert_eq!(here, there, "{method} {path} {headers:?}");
    }
}

#[test]
fn the_server_of_wstd_streams_while_it_waits() {
    let dev = dev(&sample("wstd-http-server"));

    let mut response = dev.send("GET", "/stream-body", &[], "");

    let mut milliseconds = Vec::new();
    while let Ok(chunk) = response.chunk() {
        let words: Vec<_> = chunk.split(' ').collect();
        let ["stream", "started", time, "millis", "ago\n"] = words[..] else {
            panic!("not one line in a chunk: {chunk:?}");
        };
        milliseconds.push(time.parse::<u32>().expect("a number"));
    }
    assert_eq!(milliseconds.len(), 5);
    assert!(
        milliseconds
            .iter()
            .zip(1..)
            .all(|(time, number)| *time >= number * 100),
        "{milliseconds:?}"
    );
    for path in ["/wait-body", "/wait-response"] {
        let (body, end) = dev.send("GET", path, &[], "").rest();
        assert!(body.starts_with("slept for 1"), "{body}");
        assert_eq!(end, End::Complete);
    }
}

/// The sample panics when its body fails, before the first byte of it. `wasmtime serve` may then lose the head too.
#[test]
fn a_body_of_wstd_that_fails_is_not_a_complete_one() {
    let component = sample("wstd-http-server");
    let serve = Serve::start(&component, &["-Scli"]);
    let mut dev = dev(&component);

    let here = dev.send("GET", "/response-body-fail", &[], "");
    assert_eq!(here.status, 200);
    here.assert_cut("");
    dev.wait_until_seen("error creating body");

    // Before the head, the caller is told by the status.
    assert_eq!(serve.send("GET", "/response-fail", &[], "").status, 500);
    assert_eq!(dev.send("GET", "/response-fail", &[], "").status, 502);
    dev.wait_until_seen("error creating response");
    assert_eq!(dev.send("GET", "/", &[], "").status, 200);
}

/// The samples of the bindings for WASI 0.3.
#[test]
fn the_services_of_wasip3_answer_as_in_wasmtime_serve() {
    for name in ["wasip3-http-proxy", "wasip3-http-proxy-compat"] {
        let component = sample(&name.replace('-', "_"));
        let serve = Serve::start(&component, &["-Scli,p3", "-Wcomponent-model-async"]);
        let dev = dev(&component);
        for (method, body) in [("GET", ""), ("POST", "ignored")] {
            let there = Seen::of(serve.send(method, "/any", &[], body));
            let here = Seen::of(dev.send(method, "/any", &[], body));
            assert_eq!(here, there, "{name} {method}");
            assert_eq!((here.status, here.body.as_str()), (200, "Hello, WASI!"));
        }
    }
}
