//! What handlers in TypeScript can do beside the steps of the scripted guest, and npm packages in them. The guest is
//! `test-guests/typescript/cases.ts`.

use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Exchange, Recorder};
use bootstream_test_support::{assert_contains, assert_contains_all, guests};
use serde_json::{Value, json};

use super::upstream;
use crate::support::bootstrap;

/// A function, and its log.
struct Function {
    lambda: Recorder,
    host: Running,
}

impl Function {
    /// Sends an event to a function of 256 MiB that may send requests to `url`.
    fn sends(event: &Value, url: &str) -> Self {
        let lambda = Recorder::start();
        lambda.enqueue(Event::new("id", event.to_string()));
        let guest = guests::language("typescript_cases");
        let host = Bootstrap::with_executable(&lambda, &bootstrap(), &guest)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("BOOTSTREAM_OUTBOUND_ALLOW", url)
            .env("BOOTSTREAM_OUTBOUND_PRIVATE_ADDRESSES", "127.0.0.1")
            .start();
        Self { lambda, host }
    }

    fn handles(event: &Value) -> Self {
        Self::sends(event, "http://127.0.0.1:9")
    }

    fn case(name: &str) -> Self {
        Self::handles(&json!({ "case": name }))
    }

    #[track_caller]
    fn response(&self) -> Exchange {
        self.lambda.complete_response("id")
    }

    /// The document of a case that returns one.
    #[track_caller]
    fn document(&self) -> Value {
        serde_json::from_slice(&self.lambda.response("id").data()).expect("JSON")
    }

    #[track_caller]
    fn error(&self) -> String {
        let error = self.lambda.reported_error("id", "Function.Error");
        error.document()["errorMessage"]
            .as_str()
            .expect("a text")
            .to_owned()
    }
}

/// What a case returns that sends requests.
#[track_caller]
fn fetched(name: &str) -> Value {
    let url = upstream::start();
    Function::sends(&json!({"case": name, "url": url}), &url).document()
}

/// The event of a request through a Function URL.
fn request(method: &str, path: &str, query: &str, body: &str) -> Value {
    json!({
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "a.example", "content-type": "application/json"},
        "requestContext": {"http": {"method": method}},
        "body": body,
    })
}

#[track_caller]
fn assert_pause(response: &Exchange, first: &str, second: &str) {
    let at = |text: &str| {
        let chunk = response.chunks.iter().find(|chunk| {
            let data = String::from_utf8_lossy(&chunk.data);
            data.contains(text)
        });
        chunk
            .unwrap_or_else(|| panic!("`{text}` in {response:?}"))
            .at
    };
    let between = at(second) - at(first);
    assert!(between >= Duration::from_millis(150), "{between:?}");
}

#[test]
fn the_web_platform_is_there() {
    let document = Function::case("platform").document();

    assert_eq!(document["failures"], json!([]));
}

#[test]
fn random_numbers_differ_in_each_instance() {
    let documents = [(); 2].map(|()| Function::case("random").document());

    let [one, other] = &documents;
    assert_ne!(one["numbers"], other["numbers"]);
    assert_ne!(one["id"], other["id"]);
    // The top level of the module ran once, in the build.
    assert_eq!(one["built"], other["built"]);
}

#[test]
fn an_error_is_told_with_its_class_lines_and_cause() {
    let function = Function::case("throws");

    assert_eq!(function.error(), "OutOfStock: no apples");
    let record = function.host.logged("OutOfStock");
    let parts = [
        "(cases.ts:35)",
        "[cause]: SyntaxError: ",
        "at parse (native)",
        "(cases.ts:33)",
    ];
    assert_contains_all(&record, parts);
}

#[test]
fn anything_can_be_thrown() {
    assert_eq!(Function::case("throws_text").error(), "just text");
    let error = Function::case("throws_what_is_not_unicode").error();
    assert_eq!(error, "Error: half \u{fffd}");
    assert_contains(&Function::case("cannot_be_json").error(), "not a symbol");
}

#[test]
fn what_the_engine_lacks_is_named() {
    assert_eq!(
        Function::case("formats_with_intl").error(),
        "ReferenceError: Intl is not defined: QuickJS has no data of languages and regions: use a package that \
         brings its own"
    );
    assert_eq!(
        Function::case("decrypts").error(),
        "NotSupportedError: `crypto.subtle.decrypt` is missing: it has digests and HMAC"
    );
}

#[test]
fn an_error_that_nobody_waits_for_fails_the_invocation() {
    let function = Function::case("forgets_a_promise");

    let response = function.lambda.failed_response("id", "Function.Error");

    assert_eq!(response.body(), "half");
    let error = Function::case("throws_in_a_timer").error();
    assert_eq!(error, "RangeError: in a timer");
}

#[test]
fn a_promise_that_nothing_settles_is_an_error() {
    assert_contains(
        &Function::case("waits_forever").error(),
        "a promise that nothing settles",
    );
}

#[test]
fn timers_are_waited_for() {
    let response = Function::case("leaves_a_timer").response();
    assert_eq!(response.prelude()["statusCode"], 202);
    assert_eq!(response.body(), "from a timer");

    let function = Function::case("goes_on_after_the_end");
    assert_eq!(function.response().body(), "whole");
    function.host.logged("went on");
}

#[test]
fn a_generator_is_a_response() {
    let response = Function::case("generator").response();

    let prelude = response.prelude();
    assert_eq!(prelude["statusCode"], 206);
    assert_eq!(prelude["headers"]["x-lines"], "2");
    assert_eq!(prelude["cookies"], json!(["c=1"]));
    assert_eq!(response.body(), "one\ntwo\n");
    assert_pause(&response, "one", "two");
}

#[test]
fn a_response_of_the_web_is_a_response() {
    let response = Function::case("response").response();

    let prelude = response.prelude();
    assert_eq!(prelude["statusCode"], 203);
    assert_eq!(prelude["headers"]["x-a"], "1");
    assert_eq!(prelude["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(response.body(), "made");
    let events = Function::case("events").response().body();
    assert_eq!(events, "data: one\n\nevent: tick\ndata: {\"n\":1}\n\n");
    assert_eq!(
        Function::case("ndjson").response().body(),
        "{\"a\":1}\n[2]\n"
    );
    let rejected = Function::case("rejects").response();
    assert_eq!(rejected.prelude()["statusCode"], 422);
    assert_eq!(rejected.body(), "{\"message\":\"no such size\"}");
}

#[test]
fn the_console_has_levels_and_shows_values() {
    let function = Function::case("console");
    function.response();

    let error = function.host.logged("TypeError: shown");
    assert_contains_all(
        &error,
        ["ERROR", "(cases.ts:", "{ deep: { list: [ 1, \"two\" ] } }"],
    );
    assert_contains(&function.host.logged("Ada has 7 of {\"a\":1}"), "INFO");
    let warning = function
        .host
        .logged("Map(1) { \"k\" => Set(1) { 1n } } null undefined /x/g");
    assert_contains(&warning, "WARN");
}

#[test]
fn responses_are_passed_on_as_they_arrive() {
    let url = upstream::start();
    let function = Function::sends(&json!({"case": "fetch", "url": url}), &url);

    let response = function.response();

    assert_eq!(response.prelude()["headers"]["x-passed"], "on");
    assert_eq!(response.body(), "half whole");
    assert_pause(&response, "half", "whole");
    let events =
        json!([{"data": "one", "id": "1"}, {"data": "two\nlines", "event": "tick", "id": "1"}]);
    assert_eq!(fetched("fetch_events")["seen"], events);
}

#[test]
fn requests_can_be_aborted() {
    assert_eq!(fetched("fetch_times_out")["name"], "TimeoutError");
    assert_eq!(
        fetched("fetch_is_aborted_in_its_body")["name"],
        "AbortError"
    );
    // More than may be open at once.
    assert_eq!(fetched("fetch_is_cancelled")["count"], 40);
}

#[test]
fn requests_follow_redirects_and_send_streams() {
    let followed = fetched("fetch_follows");
    assert_eq!(followed["text"], "GET /seen HTTP/1.1");
    assert_eq!(followed["redirected"], true);
    let sent = fetched("fetch_sends_a_stream");
    assert_eq!(sent["text"], "PUT /echo HTTP/1.1: one two");
}

#[test]
fn requests_run_at_once() {
    let document = fetched("fetch_at_once");

    assert_eq!(
        document["texts"],
        json!(["half whole", "half whole", "half whole"])
    );
    let time = document["time"].as_f64().expect("a number");
    let one_by_one = upstream::PAUSE.as_secs_f64() * 3000.0;
    assert!(time < one_by_one, "{time}");
}

#[test]
fn hono_zod_and_nanoid_work() {
    let created = Function::handles(&request(
        "POST",
        "/order",
        "",
        r#"{"id": 7, "email": "a@b.example"}"#,
    ));
    let response = created.response();
    assert_eq!(response.prelude()["statusCode"], 201);
    assert_eq!(response.body(), r#"{"id":7,"email":"a@b.example"}"#);

    let refused =
        Function::handles(&request("POST", "/order", "", r#"{"id": 0, "email": "x"}"#)).response();
    assert_eq!(refused.prelude()["statusCode"], 400);
    assert_contains_all(
        &refused.body(),
        ["expected number to be >0", "Invalid email"],
    );

    let id = Function::handles(&request("GET", "/id", "", ""))
        .response()
        .body();
    let id: Value = serde_json::from_str(&id).expect("JSON");
    assert_eq!(id["id"].as_str().map(str::len), Some(21));

    let text = Function::handles(&request("GET", "/text", "name=Ada%20L", "")).response();
    assert_eq!(text.body(), "first\nsecond for Ada L\n");
    assert_pause(&text, "first", "second");
}

#[test]
fn react_renders_a_stream() {
    let page = Function::handles(&request("GET", "/page", "", "")).response();

    assert_eq!(page.prelude()["headers"]["content-type"], "text/html");
    assert_contains_all(
        &page.body(),
        ["<h1>Fast</h1>", "<p>wait</p>", "<p>slow &amp; steady</p>"],
    );
    assert_pause(&page, "<h1>Fast</h1>", "slow &amp; steady");
}
