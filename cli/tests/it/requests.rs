//! Requests that the SDK parses or rejects, behind every front end.

use bootstream_test_support::assert_contains;
use serde_json::{Value, json};

use crate::support::{Dev, End, JSON, bootstream, component, failure, run, text};

const FRONT_ENDS: [&str; 5] = ["/@url", "/@rest", "/@http", "/@alb", "/@alb-multi"];

fn start() -> Dev {
    Dev::start(&component("requests_guest"), &[])
}

#[test]
fn a_request_is_the_same_behind_every_front_end() {
    let dev = start();
    let cookie = ("cookie", "a=1; b=2");
    for front_end in FRONT_ENDS {
        let path = format!("{front_end}/caf%c3%a9/a%20b?x=a%2Bb&y=c+d");

        let response = dev.send("POST", &path, &[JSON, cookie], "{}");

        let mut seen: Value = serde_json::from_str(&response.rest().0).unwrap();
        seen.as_object_mut().unwrap().remove("stage");
        assert_eq!(
            seen,
            json!({
                "method": "POST",
                "path": "/caf%C3%A9/a%20b",
                "segments": ["caf\u{e9}", "a b"],
                "query": [["x", "a+b"], ["y", "c d"]],
                "cookie": "a=1; b=2",
                "body": "{}",
            }),
            "{front_end}"
        );
    }
}

#[test]
fn bad_json_is_answered_with_400_and_a_warning_and_fails_nothing() {
    let mut dev = start();
    for front_end in FRONT_ENDS {
        let response = dev.send("POST", &format!("{front_end}/json"), &[JSON], "{bad");

        assert_eq!(response.status, 400, "{front_end}");
        response.assert_header("content-type", &["application/json"]);
        let (body, end) = response.rest();
        assert_eq!(end, End::Complete, "{front_end}");
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({
                "message":
                    "failed to decode the request body: key must be a string at line 1 column 2"
            }),
            "{front_end}"
        );
        let line = dev.wait_for("rejected with status 400");
        assert_contains(&line, "WARN");
    }
}

#[test]
fn good_json_is_read() {
    let dev = start();

    let response = dev.send("POST", "/json", &[JSON], r#"{"a":1}"#);

    assert_eq!(response.status, 200);
    assert_eq!(response.rest().0, r#"{"a":1}"#);
}

#[test]
fn a_rejection_after_the_start_ends_the_stream_as_every_failure_does() {
    let mut dev = start();

    let response = dev.send("POST", "/late", &[JSON], "{bad");

    assert_eq!(response.status, 200);
    response.assert_cut("{");
    dev.wait_for("failed to decode the request body");
}

#[test]
fn an_event_that_is_not_a_request_is_still_a_failure() {
    let guest = component("requests_guest");

    let stderr = failure(bootstream(&["invoke", "-d", r#"{"Records":[]}"#]).arg(guest));

    assert_contains(&stderr, "not an HTTP request of a known shape");
}

#[test]
fn what_the_command_prints_for_a_front_end_is_a_request() {
    let guest = component("requests_guest");
    for kind in ["url", "rest", "http", "alb", "alb-multi", "lattice"] {
        let event = run(&mut bootstream(&[
            "event",
            kind,
            "--path",
            "/a%20b?c=%26&c=2",
        ]));
        let event = text(&event.stdout);

        let output = run(bootstream(&["invoke", "-d", &event]).arg(&guest));

        let seen: Value = serde_json::from_str(&text(&output.stdout)).expect(kind);
        assert_eq!(seen["path"], "/a%20b", "{kind}");
        // A load balancer keeps the last value unless configured to keep all.
        let query = json!([["c", "&"], ["c", "2"]]);
        let expected = if kind == "alb" {
            json!([["c", "2"]])
        } else {
            query
        };
        assert_eq!(seen["query"], expected, "{kind}");
        assert_eq!(seen["body"], r#"{"name":"world"}"#, "{kind}");
    }
}
