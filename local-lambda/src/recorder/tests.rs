use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::observer::{RequestOutcome, RequestReport};

fn begin(recorder: &Recorder, id: &str, event: &'static [u8]) -> Recording {
    let line = RequestLine {
        method: Method::GET,
        uri: Uri::from_static("/p?q=1"),
    };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer s3cret".parse().unwrap());
    let invocation = Invocation {
        request_id: id.to_owned(),
        ..Invocation::new(Bytes::from_static(event))
    };
    recorder.begin(&Beginning {
        started: Instant::now(),
        line: &line,
        headers: &headers,
        body: &Bytes::new(),
        function: "f",
        door: "url",
        invocation: &invocation,
        resent_from: None,
    })
}

fn end(recorder: &Recorder, id: &str, outcome: RequestOutcome<'_>) {
    recorder.observe(&Report::Request(&RequestReport {
        request: "GET /p",
        request_id: Some(id),
        status: StatusCode::OK,
        first_byte: None,
        total: std::time::Duration::ZERO,
        bytes: 0,
        chunks: 0,
        outcome,
    }));
}

fn ids(recorder: &Recorder) -> Vec<String> {
    recorder.changed_since(0, |record| record.id.clone())
}

#[test]
fn the_last_two_hundred_are_kept_and_running_ones_beyond() {
    let recorder = Recorder::default();
    let _running = begin(&recorder, "running", b"{}");
    for number in 0..1000 {
        let id = number.to_string();
        begin(&recorder, &id, b"{}");
        end(&recorder, &id, RequestOutcome::Complete);
    }

    let ids = ids(&recorder);

    assert_eq!(ids.len(), RING_LENGTH);
    assert_eq!(ids.first().unwrap(), "running");
    assert_eq!(ids.last().unwrap(), "999");
}

#[test]
fn records_have_a_size_in_all() {
    let recorder = Recorder::default();
    let mib = vec![b'x'; 1024 * 1024];
    for number in 0..150 {
        let id = number.to_string();
        let recording = begin(&recorder, &id, b"{}");
        recording.update(|record| record.chunk(&mib, Instant::now()));
        end(&recorder, &id, RequestOutcome::Complete);
        assert!(recorder.0.bytes.load(Ordering::Relaxed) <= RING_BYTES + 3 * mib.len());
    }
    let ids = ids(&recorder);
    assert!((40..=64).contains(&ids.len()), "{}", ids.len());
    recorder.clear();
    assert_eq!(recorder.0.bytes.load(Ordering::Relaxed), 0);
}

#[test]
fn readers_get_what_has_changed() {
    let recorder = Recorder::default();
    begin(&recorder, "a", b"{}");
    let second = begin(&recorder, "b", b"{}");
    let seen = *recorder.versions().borrow();

    second.update(|record| record.chunk(b"hi", Instant::now()));

    let changed = recorder.changed_since(seen, |record| record.id.clone());
    assert_eq!(changed, ["b"]);
    recorder.clear();
    assert_eq!(ids(&recorder), ["a", "b"], "running ones stay");
}

#[test]
fn a_record_says_what_happened() {
    let recorder = Recorder::default();
    let recording = begin(
        &recorder,
        "a",
        br#"{"headers":{"authorization":"Bearer s3cret"}}"#,
    );
    recorder.observe(&Report::Output {
        request_id: Some("a"),
        line: b"hello\n",
    });
    recording.update(|record| record.chunk(b"part", Instant::now()));
    let failure = Failure::new("Function.Trap", "unreachable");
    end(&recorder, "a", RequestOutcome::Failed(&failure));

    let object = recorder
        .read("a", |record| details(record, Secrets::Masked))
        .unwrap();

    assert_eq!(object["request"], "GET /p");
    assert_eq!(object["requestHead"]["target"], "/p?q=1");
    assert_eq!(object["outcome"], "failed");
    assert_eq!(object["failedInStream"], true);
    assert_eq!(object["failure"]["type"], "Function.Trap");
    assert_eq!(object["logs"][0]["line"], "hello");
    assert_eq!(object["timeline"][0]["bytes"], 4);
    assert_eq!(object["body"]["kept"], json!([[0, 4]]));
    assert!(!object.to_string().contains("s3cret"), "{object}");
    let archive = recorder.read("a", |record| har(record, "127.0.0.1:7000", Secrets::Masked));
    let archive = archive.unwrap();
    assert!(!archive.to_string().contains("s3cret"), "{archive}");
    assert_eq!(
        archive["log"]["entries"][0]["request"]["url"],
        "http://127.0.0.1:7000/p?q=1"
    );
    let shown = recorder
        .read("a", |record| details(record, Secrets::Shown))
        .unwrap();
    assert!(shown.to_string().contains("s3cret"));
}
