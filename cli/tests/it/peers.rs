//! AWS's own runtimes in place of `bootstrap`, unchanged: `lambda_runtime` for Rust and `aws-lambda-ric` for
//! Node.js.

use bootstream_test_support::built;

use crate::support::{Dev, End};

fn rust() -> Dev {
    let native = built("debug/native");
    Dev::run(&["--bootstrap", native.to_str().expect("a path in UTF-8")])
}

fn node() -> Dev {
    let folder = built("clients/node-runtime");
    let folder = folder.to_str().expect("a path in UTF-8");
    Dev::run(&["--bootstrap", folder, "--handler-name", "index.handler"])
}

#[test]
fn lambda_runtime_streams_under_it_a_hundred_times_over() {
    let dev = rust();
    for number in 0..100 {
        let path = ["/", "/@rest/"][number % 2];
        let response = dev.send("GET", &format!("{path}?chunks=3&chunk_bytes=5"), &[], "");

        assert_eq!(response.status, 200, "{number}");
        assert_eq!(response.rest(), ("x".repeat(15), End::Complete), "{number}");
    }
}

#[test]
fn chunks_of_lambda_runtime_arrive_while_it_is_at_work() {
    let dev = rust();

    let mut response = dev.send("GET", "/?chunks=2&chunk_bytes=1&pause_ms=60000", &[], "");

    // The second chunk is a minute away.
    assert_eq!(response.chunk(), Ok("x".to_owned()));
}

#[test]
fn lambda_runtime_fails_before_the_first_byte() {
    let mut dev = rust();

    let early = dev.send("GET", "/?fail=early", &[], "");

    assert_eq!(early.status, 502);
    dev.wait_for("the event asked for a failure");
    assert_eq!(dev.send("GET", "/", &[], "").status, 200);
}

#[test]
fn node_s_runtime_streams_under_it_a_hundred_times_over() {
    let dev = node();
    for number in 0..100 {
        let path = ["/", "/@rest/"][number % 2];
        let response = dev.send("GET", path, &[], "");

        assert_eq!(response.status, 201, "{path}");
        response.assert_header("content-type", &["text/plain"]);
        response.assert_header("set-cookie", &["a=1", "b=2"]);
        let body = ("first second".to_owned(), End::Complete);
        assert_eq!(response.rest(), body, "{path}");
    }
    // Buffering services treat its stream as the payload, as on AWS.
    let (payload, _) = dev.send("GET", "/@http/", &[], "").rest();
    assert!(payload.starts_with("{\"statusCode\":201,"), "{payload}");
    assert_eq!(dev.send("GET", "/@alb/", &[], "").status, 502);
    // The next request may arrive before the runtime polls again.
    let started = dev.environments().len();
    assert!(started <= 3, "{started}");
}

#[test]
fn chunks_of_node_s_runtime_arrive_while_it_is_at_work() {
    let mut dev = node();

    let mut response = dev.send("GET", "/?pause=3000", &[], "");

    assert_eq!(response.chunk(), Ok("first ".to_owned()));
    assert!(!dev.has_seen("awake again"));
    response.assert_body("second");
    dev.wait_until_seen("awake again");
}

#[test]
fn failures_of_node_s_runtime_are_reported_at_every_stage() {
    let mut dev = node();
    for (path, status, reason) in [
        // It starts its response before the failure, which it reports in trailers.
        ("/?fail=early", 502, "failed early"),
        ("/@rest/?fail=early", 502, "failed early"),
        ("/?fail=late", 201, "failed late"),
        (
            "/?fail=exit",
            201,
            "Runtime exited with error: exit status 3",
        ),
    ] {
        let response = dev.send("GET", path, &[], "");

        assert_eq!(response.status, status, "{path}");
        if status == 201 {
            response.assert_cut("first ");
        }
        dev.wait_for(reason);
        assert_eq!(dev.send("GET", "/", &[], "").status, 201, "after {path}");
    }
}
