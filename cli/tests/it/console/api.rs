//! The API behind the page, as programs use it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bootstream_test_support::{assert_contains, pause};
use serde_json::{Value, json};

use super::{get, send_to};
use crate::support::{Dev, PATIENCE, ready_guest, script};

#[track_caller]
fn invocations(console: &str) -> Vec<Value> {
    let list = get(console, "/api/invocations").json();
    list["invocations"].as_array().expect("a list").clone()
}

/// Sends a request with a body, as the page does.
#[track_caller]
fn write(console: &str, method: &str, path: &str, body: &str) -> crate::support::Response {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {console}\r\ncontent-type: application/json\r\n\
         x-bootstream-console: 1\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    send_to(console, request.as_bytes())
}

#[test]
fn an_invocation_is_listed_and_told_in_full() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();
    let steps = script(&json!([
        {"log": {"level": "warn", "message": "a warning"}},
        {"write_headers": {"status": 201, "headers": [["x-a", "1"]]}},
        {"write": "one"}, {"sleep_ms": 50}, {"write": "two"},
    ]));
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "s3cret"),
    ];
    dev.send("POST", "/@rest/p?q=1", &headers, &steps)
        .assert_body("onetwo");
    dev.wait_for("the handler used");

    let row = invocations(&console).remove(0);
    for (key, value) in [
        ("type", json!("invocation")),
        ("request", json!("POST /@rest/p")),
        ("door", json!("rest")),
        ("status", json!(201)),
        ("bytes", json!(6)),
        ("chunks", json!(2)),
        ("outcome", json!("complete")),
        ("error", Value::Null),
        ("cold", json!(true)),
        ("running", json!(false)),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    let id = row["requestId"].as_str().expect("an id").to_owned();
    let path = format!("/api/invocations/{id}");
    let text = get(&console, &path).rest().0;
    assert!(!text.contains("s3cret"), "{text}");
    let whole: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(whole["requestHead"]["target"], "/@rest/p?q=1");
    assert_eq!(whole["body"]["kept"], json!([[0, 6]]));
    assert_eq!(whole["usage"]["bytesWritten"], 6);
    assert_eq!(whole["process"]["memoryMib"], 512);
    let digest = whole["process"]["handlerSha256"]
        .as_str()
        .expect("a digest");
    assert_eq!(digest.len(), 64, "{digest}");
    assert_contains(&whole["logs"].to_string(), "a warning");
    let times: Vec<_> = whole["timeline"].as_array().expect("chunks").clone();
    assert!(times[1]["atSent"].as_u64() > times[0]["atSent"].as_u64());
    let gap = times[1]["atRuntime"].as_u64().unwrap() - times[0]["atRuntime"].as_u64().unwrap();
    assert!((30_000..2_000_000).contains(&gap), "{gap}");
    let shown = get(&console, &format!("{path}?secrets=show")).rest().0;
    assert_contains(&shown, "s3cret");
    let event = whole["event"].as_str().expect("text");
    assert!(serde_json::from_str::<Value>(event).is_ok(), "{event}");

    get(&console, &format!("{path}/body?from=2&to=4")).assert_body("et");
    assert_eq!(
        get(&console, &format!("{path}/body?from=2&to=9")).status,
        416
    );
    assert_eq!(get(&console, &format!("{path}/body?from=x")).status, 400);
    assert_eq!(get(&console, "/api/invocations/unknown").status, 404);
    let functions = get(&console, "/api/functions").json();
    assert_eq!(functions["functions"][0]["memoryMib"], 512);
    assert_eq!(functions["endpoint"], dev.endpoint());
}

#[test]
fn every_door_is_recorded_and_resent() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();
    let steps = script(&json!([{"write_headers": {"status": 200}}, "write_event_digest"]));
    let sdk = "/2015-03-31/functions/f/invocations";
    let stream = "/2021-11-15/functions/f/response-streaming-invocations";
    for (path, door) in [
        ("/", "url"),
        ("/@rest/", "rest"),
        ("/@http/", "http"),
        ("/@alb/", "alb"),
        ("/@alb-multi/", "alb-multi"),
        ("/@lattice/", "lattice"),
        ("/invoke", "invoke"),
        (sdk, "sdk"),
        (stream, "sdk-stream"),
    ] {
        dev.post(path, &steps).raw_rest();
        let first = invocations(&console).pop().expect("a row");
        assert_eq!(first["door"], door);
        let id = first["requestId"].as_str().expect("an id");
        let answer = write(
            &console,
            "POST",
            &format!("/api/invocations/{id}/resend"),
            "{}",
        );
        assert_eq!(answer.status, 202, "{door}");
        let new = answer.json()["requestId"]
            .as_str()
            .expect("an id")
            .to_owned();
        let again = loop {
            let row = get(&console, &format!("/api/invocations/{new}")).json();
            if row["running"] == false {
                break row;
            }
        };
        assert_eq!(again["resentFrom"], *id, "{door}");
        let before = get(&console, &format!("/api/invocations/{id}")).json();
        for key in ["door", "event", "status", "outcome", "body"] {
            assert_eq!(again[key], before[key], "{door} {key}");
        }
        assert_eq!(again["outcome"], "complete", "{door}");
    }
}

#[test]
fn a_resend_takes_an_event_and_nothing_else() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();
    dev.invoke("{}").rest();
    let row = invocations(&console).remove(0);
    let path = format!(
        "/api/invocations/{}/resend",
        row["requestId"].as_str().unwrap()
    );
    for (body, says) in [
        ("{\"event\":", "EOF"),
        ("{\"evnt\":1}", "unknown field"),
        ("[]", "event"),
    ] {
        let response = write(&console, "POST", &path, body);
        assert_eq!(response.status, 400, "{body}");
        let error = response.json();
        assert_contains(error["error"].as_str().unwrap(), says);
    }
    // Not one byte of an event is changed.
    let event = "{ \"b\":1.50,\"a\" : [1e3] }";
    let response = write(&console, "POST", &path, &format!("{{\"event\":{event}}}"));
    let id = response.json()["requestId"].as_str().unwrap().to_owned();
    let again = get(&console, &format!("/api/invocations/{id}")).json();
    assert_eq!(again["event"], event);
    assert_eq!(invocations(&console).len(), 2);
    // Those that run stay.
    let until = Instant::now() + PATIENCE;
    while invocations(&console)
        .iter()
        .any(|row| row["running"] == true)
    {
        assert!(Instant::now() < until, "{:#?}", invocations(&console));
        pause(Duration::from_millis(10));
    }
    assert_eq!(
        write(&console, "DELETE", "/api/invocations", "").status,
        200
    );
    assert_eq!(invocations(&console).len(), 0);
}

/// Reads events until one has this text.
fn read_until(stream: &mut TcpStream, seen: &mut String, text: &str) {
    let mut buffer = [0; 4096];
    while !seen.contains(text) {
        let read = stream.read(&mut buffer).expect("events come");
        assert!(read > 0, "the feed ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

fn feed(console: &str, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(console).expect("the console listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET /api/events HTTP/1.1\r\nhost: {console}\r\n{more}\r\n");
    stream
        .write_all(request.as_bytes())
        .expect("the console reads");
    stream
}

#[test]
fn the_feed_tells_of_chunks_and_resumes() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();
    let (mut stream, mut seen) = (feed(&console, ""), String::new());
    let steps = json!([{"eprint": "a line\n"}, {"write": "a"}, {"sleep_ms": 200}, {"write": "b"}]);

    dev.invoke(&script(&steps)).assert_body("ab");

    for event in [
        "event: invocation",
        "event: chunk",
        "event: log",
        "event: end",
    ] {
        read_until(&mut stream, &mut seen, event);
    }
    dev.wait_for("the handler used");
    let quiet = get(&console, "/api/invocations").json();
    let id = format!("{}-{}", quiet["run"].as_str().unwrap(), quiet["version"]);
    let mut resumed = feed(&console, &format!("last-event-id: {id}\r\n"));
    dev.invoke(&script(&json!([{"write": "next"}]))).rest();
    let mut seen = String::new();
    read_until(&mut resumed, &mut seen, "event: end");
    assert!(!seen.contains("\"number\":1,"), "{seen}");
    assert!(!seen.contains("lagged"), "{seen}");
    let mut other = feed(&console, "last-event-id: 0000beef-7\r\n");
    read_until(&mut other, &mut String::new(), "event: lagged");
}
