//! What a process tells of an invocation: its spans, and when its handler wrote.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bootstream_test_support::{assert_contains, pause};
use serde_json::{Value, json};

use super::{browse, get, one_of_three};
use crate::runtimes;
use crate::support::{Dev, PATIENCE, component, ready, ready_guest, script, serve};

/// How far a moment may be from when it should be, on a busy machine, in microseconds.
const NEAR_US: u64 = 60_000;

/// The guest that makes spans, and does what the scripted guest does.
pub(super) fn otel_guest() -> std::path::PathBuf {
    static MADE: OnceLock<std::path::PathBuf> = OnceLock::new();
    ready(&MADE, "otel_guest")
}

/// Waits until the only invocation has what `of` looks for.
#[track_caller]
fn wait_for(console: &str, of: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let list = get(console, "/api/invocations").json();
        let id = list["invocations"][0]["requestId"].as_str();
        let id = id.expect("an invocation").to_owned();
        let found = get(console, &format!("/api/invocations/{id}")).json();
        if of(&found) {
            return found;
        }
        assert!(Instant::now() < until, "{found:#}");
        pause(Duration::from_millis(20));
    }
}

/// Returns whether the invocation has ended and its process has told its spans and writes: either may come first.
fn is_whole(found: &Value) -> bool {
    found["totalMs"].is_number() && found["guest"].is_object()
}

#[track_caller]
fn micros(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a time: {value}"))
}

/// Runs steps, and returns the invocation once it is whole.
fn observed(handler: &std::path::Path, args: &[&str], steps: &Value) -> Value {
    observed_until(handler, args, steps, is_whole)
}

/// Runs steps, and returns the invocation once it has what `of` looks for.
fn observed_until(
    handler: &std::path::Path,
    args: &[&str],
    steps: &Value,
    of: impl Fn(&Value) -> bool,
) -> Value {
    let mut dev = Dev::start(handler, args);
    let console = dev.console();
    dev.invoke(&script(steps)).rest();
    wait_for(&console, of)
}

/// Returns an error unless `from..from + NEAR_US` has `moment`.
fn near(moment: u64, from: u64, what: &Value) -> Result<(), String> {
    let is_near = (from..from + NEAR_US).contains(&moment);
    is_near
        .then_some(())
        .ok_or_else(|| format!("{moment} instead of {from}: {what}"))
}

#[test]
fn the_lane_has_the_moments_at_which_the_handler_wrote() {
    let steps = json!([
        {"sleep_ms": 200}, {"write": "one"}, {"sleep_ms": 400}, {"write": "two!"}, {"sleep_ms": 100}, {"write": "three"},
    ]);
    one_of_three(|| {
        let found = observed(&ready_guest(), &[], &steps);
        let writes = found["guest"]["writes"].as_array().expect("writes");
        let bytes: Vec<_> = writes.iter().map(|it| micros(&it["bytes"])).collect();
        assert_eq!(bytes, [3, 4, 5], "{found:#}");
        assert_eq!(found["guest"]["waits"], json!([]), "nothing waited");
        let at: Vec<_> = writes.iter().map(|it| micros(&it["at"])).collect();
        for (pair, slept) in at.windows(2).zip([400_000, 100_000]) {
            near(pair[1] - pair[0], slept, &found["guest"])?;
        }
        // A write comes before its chunk, on the same axis.
        let chunks = found["timeline"].as_array().expect("chunks");
        assert_eq!(chunks.len(), 3);
        for (write, chunk) in at.iter().zip(chunks) {
            near(micros(&chunk["atRuntime"]), *write, chunk)?;
        }
        Ok(())
    });
}

/// The handler writes all at once, and its last writes wait until the reader has taken enough of the first.
#[test]
fn the_lane_has_the_waits_of_the_handler_and_not_those_of_the_network() {
    let steps = json!([{"write_pattern": {"total": 4_000_000, "chunk": 100_000}}]);
    let found = observed(&ready_guest(), &["--slow", "1500KiB/s"], &steps);

    let guest = &found["guest"];
    assert_eq!(
        guest["writes"].as_array().map(Vec::len),
        Some(40),
        "{guest:#}"
    );
    let waits = guest["waits"].as_array().expect("waits");
    assert!(!waits.is_empty(), "{guest:#}");
    let waited: u64 = waits
        .iter()
        .map(|it| micros(&it["to"]) - micros(&it["from"]))
        .sum();
    // The span of the invocation counts the same time.
    let spans = found["spans"].as_array().expect("spans");
    let own = spans
        .iter()
        .find(|it| it["kind"] == "server")
        .expect("our span");
    let attributes = own["attributes"].as_array().expect("attributes").iter();
    let mut attributes = attributes.filter(|it| it[0] == "bootstream.backpressure_ms");
    let counted = attributes
        .next()
        .and_then(|it| it[1].as_str()?.parse::<f64>().ok());
    let counted = counted.expect("the span has it");
    let told = Duration::from_micros(waited).as_secs_f64() * 1e3;
    assert!((told - counted).abs() < 1.0, "{told} and {counted}");
    // A wait begins no earlier than the write that waits, and the next write is after it.
    let writes = guest["writes"].as_array().expect("writes");
    for wait in waits {
        let (from, to) = (micros(&wait["from"]), micros(&wait["to"]));
        assert!(writes.iter().any(|it| micros(&it["at"]) <= from), "{wait}");
        let between = |it: &&Value| (from + 1..to).contains(&micros(&it["at"]));
        assert_eq!(
            writes.iter().filter(between).count(),
            0,
            "a write during {wait}"
        );
    }
    // Bytes were on their way for longer than the handler waited.
    assert!(
        found["waitedMs"].as_f64().expect("a time") > counted,
        "{found:#}"
    );
}

#[test]
fn of_many_writes_the_lane_has_the_number() {
    let steps = json!([{"write_many": {"count": 5000, "chunk": "xy"}}]);
    let found = observed(&ready_guest(), &[], &steps);
    let writes = found["guest"]["writes"].as_array().expect("writes");
    assert!((1024..=2048).contains(&writes.len()), "{}", writes.len());
    let sum = |name: &str| writes.iter().map(|it| micros(&it[name])).sum::<u64>();
    assert_eq!((sum("joined"), sum("bytes")), (5000, 10_000));
}

/// A standard component, whose first bytes are written before the response is set.
#[test]
fn a_component_of_wasi_http_has_the_lane_too() {
    let steps = json!({"steps": [
        {"respond": {"status": 200}}, {"write": "one"}, {"sleep_ms": 300}, {"write": "two"}, "finish",
    ]});
    one_of_three(|| {
        let mut dev = Dev::start(&component("wasi_http_guest"), &[]);
        let console = dev.console();
        dev.post("/", &steps.to_string()).assert_body("onetwo");
        let found = wait_for(&console, is_whole);
        let writes = found["guest"]["writes"].as_array().expect("writes");
        let gap = micros(&writes[1]["at"]) - micros(&writes[0]["at"]);
        near(gap, 300_000, &found["guest"])
    });
}

#[test]
fn spans_of_the_handler_and_its_requests_are_below_that_of_the_invocation() {
    let steps = json!([
        {"start_span": "00000000000000a1"},
        {"sleep_ms": 20},
        {"end_span": {"id": "00000000000000a2", "parent": "00000000000000a1", "name": "inner", "ms": 2, "scope": "llm",
            "attributes": [["model", "\"m-1\""], ["tokens", "7"]], "event": "first token", "error": "no luck"}},
        {"end_span": {"id": "00000000000000a1", "name": "outer", "ms": 4, "scope": "llm"}},
        {"write": "done"},
    ]);
    let found = observed(&otel_guest(), &[], &steps);
    let spans = found["spans"].as_array().expect("spans");
    let span = |name: &str| {
        let found = spans.iter().find(|it| it["name"] == name);
        found.unwrap_or_else(|| panic!("{name} in {spans:#?}"))
    };
    let root = spans
        .iter()
        .find(|it| it["kind"] == "server")
        .expect("our span");
    assert_eq!(span("outer")["parent"], root["id"]);
    assert_eq!(span("inner")["parent"], span("outer")["id"]);
    assert_eq!(span("init")["parent"], root["id"]);
    assert_eq!(span("inner")["failed"], true);
    assert_eq!(span("inner")["scope"], "llm");
    let attributes = span("inner")["attributes"].to_string();
    for pair in [
        r#"["model","m-1"]"#,
        r#"["tokens","7"]"#,
        r#"["status","no luck"]"#,
    ] {
        assert_contains(&attributes, pair);
    }
    assert_eq!(span("inner")["events"][0]["name"], "first token");
    // A span is one, although it came to X-Ray's daemon and to the collector.
    assert_eq!(spans.iter().filter(|it| it["name"] == "outer").count(), 1);
    assert_eq!(found["spansDropped"], 0);
    let total = found["totalMs"].as_f64().expect("it has ended") * 1e3;
    let ended = micros(&root["endedAt"]);
    assert!(
        Duration::from_micros(ended).as_secs_f64() * 1e6 < total + 1e6,
        "{ended} {total}"
    );
}

#[test]
fn a_request_of_the_handler_is_a_span() {
    let url = serve(|_| b"hello".to_vec());
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let handler = folder.path().join("handler.wasm");
    std::fs::copy(component("reaching_guest"), &handler).expect("it is copied");
    let settings = format!("outbound.allow = ['{url}']\n");
    std::fs::write(folder.path().join("bootstream.toml"), settings).expect("it is written");
    let steps = json!([{"fetch": {"url": url}}]);
    // The line about the request comes with the log, which may be later than the spans.
    let told_all = |it: &Value| is_whole(it) && it["outbound"][0].is_object();
    let found = observed_until(&handler, &[], &steps, told_all);
    let spans = found["spans"].as_array().expect("spans");
    let call = spans
        .iter()
        .find(|it| it["kind"] == "client")
        .expect("a request");
    assert_eq!(call["name"], "GET");
    assert_contains(&call["attributes"].to_string(), &url);
    let (from, to) = (micros(&call["at"]), micros(&call["endedAt"]));
    let ended = micros(&found["outbound"][0]["at"]);
    assert!(from < to && to < ended + NEAR_US, "{call}");
}

#[test]
fn another_runtime_has_its_spans_and_no_lane() {
    let mut dev = runtimes::start(&[]);
    let console = dev.console();
    let text = [("content-type", "text/plain")];
    dev.send("POST", "/", &text, "xray=work;hex=61;")
        .assert_body("a");
    let found = wait_for(&console, |it| {
        it["spans"].as_array().is_some_and(|it| !it.is_empty())
    });
    assert_eq!(found["guest"], Value::Null);
    let names: Vec<_> = found["spans"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(names, ["work", "inner"]);
    assert_eq!(found["spans"][1]["parent"], found["spans"][0]["id"]);
    assert_eq!(found["spans"][0]["attributes"][0], json!(["tier", "gold"]));
}

#[test]
fn lanes_and_spans_are_on_the_page() {
    let mut dev = Dev::start(&otel_guest(), &[]);
    browse(&mut dev, &["guestLane", "waterfall"], json!({}), |_, _| {});
}
