//! Everything around a handler holds for components of this world too.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::{event, expect, host, respond, serving, write};
use crate::web::Web;

/// Long enough for a component to start, short enough for a test to wait.
const TIME: Duration = Duration::from_millis(1000);

#[test]
fn a_component_that_never_ends_is_stopped_before_the_deadline() {
    let web = Web::start();
    let port = web.port();
    let (lambda, mut host) = serving(&crate::reaching::allow(&web));
    let never = json!({"fetch": {"authority": format!("127.0.0.1:{port}"), "path": "/never"}});
    for (id, step) in [
        ("computes", json!("loop_forever")),
        ("polls", json!({"sleep_ms": 100_000})),
        ("writes", json!("loop_writing")),
        ("waits", never),
    ] {
        lambda.enqueue(event(id, &json!([respond(), write("part"), step])).deadline_in(TIME));
        let response = lambda.failed_response(id, "Function.DeadlineExceeded");
        assert!(response.body().starts_with("part"), "{id}");
        lambda.enqueue(event(
            &format!("after-{id}"),
            &json!([respond(), write("fine"), "finish"]),
        ));
        assert_eq!(
            lambda.complete_response(&format!("after-{id}")).body(),
            "fine"
        );
        host.assert_running();
    }
    lambda.enqueue(event("silent", &json!(["loop_forever"])).deadline_in(TIME));
    lambda.reported_error("silent", "Function.DeadlineExceeded");
}

#[test]
fn limits_of_memory_and_response_end_a_component() {
    let (lambda, _host) =
        serving("[limits]\nmemory-mib = 20\nresponse-mib = 1\nresponse-writes = 100\n");
    lambda.enqueue(event(
        "memory",
        &json!([respond(), {"grow_memory": 30_000_000}]),
    ));
    lambda.failed_response("memory", "Function.OutOfMemory");
    let pattern =
        |total: u64, chunk: usize| json!({"write_pattern": {"total": total, "chunk": chunk}});
    lambda.enqueue(event(
        "fits",
        &json!([respond(), pattern(1_000_000, 50_000), "finish"]),
    ));
    lambda.complete_response("fits");
    for (id, steps, setting) in [
        (
            "bytes",
            json!([respond(), pattern(1_100_000, 50_000), "finish"]),
            "response-mib",
        ),
        (
            "writes",
            json!([respond(), pattern(200, 1), "finish"]),
            "response-writes",
        ),
    ] {
        lambda.enqueue(event(id, &steps));
        let response = lambda.failed_response(id, "Function.LimitExceeded");
        assert_contains(&response.trailer_document().to_string(), setting);
    }
    // What was written before the response is set counts as well.
    let early = json!([{"response": {}}, "body", "stream", pattern(150, 1), "set", "finish"]);
    lambda.enqueue(event("early", &early));
    let error = lambda.reported_error("early", "Function.LimitExceeded");
    assert_contains(&error.error_message(), "response-writes");
}

#[test]
fn requests_go_to_allowed_hosts_only() {
    let web = Web::start();
    let port = web.port();
    let fetch =
        |path: &str| json!({"fetch": {"authority": format!("127.0.0.1:{port}"), "path": path}});
    let (lambda, _host) = serving(&crate::reaching::allow(&web));
    lambda.enqueue(event("allowed", &json!([respond(), fetch("/"), "finish"])));
    assert_eq!(lambda.complete_response("allowed").body(), "hello");

    let (lambda, host) = serving("");
    lambda.enqueue(event(
        "denied",
        &json!([
            respond(),
            expect(&fetch("/"), "HttpRequestDenied"),
            "finish"
        ]),
    ));
    lambda.complete_response("denied");
    let line = host.logged("`outbound.allow`");
    assert_contains(&line, "requestId=denied");
}

/// The component has a placeholder instead.
#[test]
fn secrets_are_filled_in_outside() {
    let web = Web::start();
    let url = web.url("");
    let settings = format!(
        "{}[secrets]\nAPI_KEY = {{ hosts = ['{url}'], in = ['header'] }}\n",
        crate::reaching::allow(&web)
    );
    let lambda = Recorder::start();
    let host = host(&lambda, &settings).env("API_KEY", "s3cret").start();
    let fetch = json!({"fetch": {"authority": format!("127.0.0.1:{}", web.port()), "path": "/",
        "headers": [["x-key", "${API_KEY}"]]}});
    lambda.enqueue(event(
        "id-1",
        &json!([respond(), fetch, "environment", "finish"]),
    ));
    let body = lambda.complete_response("id-1").body();
    assert_contains(&web.heads()[0], "x-key: s3cret\r\n");
    assert!(!body.contains("s3cret"), "{body}");
    assert!(host.stdout().iter().all(|line| !line.contains("s3cret")));
}

#[test]
fn output_and_usage_are_logged_with_the_request() {
    let lambda = Recorder::start();
    let host = host(&lambda, "log.usage = 'info'").start();
    let steps =
        json!([respond(), {"print": "to out\n"}, {"eprint": "to err\n"}, write("12345"), "finish"]);
    lambda.enqueue(event("id-1", &steps));
    lambda.complete_response("id-1");
    for text in ["to out", "to err", "bytes=5"] {
        assert_contains(&host.logged(text), "requestId=id-1");
    }
}

#[test]
fn variables_and_files_are_those_of_the_settings() {
    let lambda = Recorder::start();
    let host = host(&lambda, "pass-env = ['TABLE']\n[files]\ntmp = 'private'\n").env("TABLE", "t1");
    let _host = host.start();
    lambda.enqueue(event("env", &json!([respond(), "environment", "finish"])));
    let body: Value = serde_json::from_str(&lambda.complete_response("env").body()).expect("JSON");
    assert_eq!(body["TABLE"], "t1");
    let steps = json!([respond(), {"write_file": ["/tmp/a", "text"]},
        expect(&json!({"write_file": ["/etc/a", "text"]}), "failed to find a pre-opened"), "finish"]);
    lambda.enqueue(event("files", &steps));
    lambda.complete_response("files");
}
