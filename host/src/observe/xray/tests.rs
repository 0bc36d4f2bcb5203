use http::Method;
use lambda_protocol::error_report::ErrorType;

use super::*;
use crate::observe::{GuestEnd, Traces, Watch, XrayHeader};

const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";

fn place() -> Place {
    let header = format!("Root={ROOT};Parent={PARENT};Sampled=1");
    let header = XrayHeader::parse(&header).unwrap();
    Place {
        trace: header.root,
        parent: header.parent.unwrap(),
    }
}

fn parsed(watch: &Watch) -> (Value, usize) {
    let record = watch.record("r-1", None, None);
    let datagram = datagram(&record, watch.ids(), place());
    let json = datagram.strip_prefix(b"{\"format\":\"json\",\"version\":1}\n");
    (
        serde_json::from_slice(json.unwrap()).unwrap(),
        datagram.len(),
    )
}

#[test]
fn a_datagram_has_the_place_of_the_invocation_and_its_numbers() {
    let watch = Watch::new(Ids::new(1), Traces::default(), true);
    watch.guest_ended(GuestEnd {
        at: Instant::now(),
        memory_bytes: 65_536,
        written_bytes: 30,
        writes: 4,
    });
    let (document, _) = parsed(&watch);
    assert_eq!(document["type"], "subsegment");
    assert_eq!(document["trace_id"], ROOT);
    assert_eq!(document["parent_id"], PARENT);
    assert_eq!(document["id"].as_str().unwrap().len(), 16);
    assert_eq!(document["annotations"]["response_bytes"], 30);
    assert_eq!(document["annotations"]["writes"], 4);
    assert_eq!(document["annotations"]["request_id"], "r-1");
    assert_eq!(
        document["metadata"]["bootstream"]["guest_memory_bytes"],
        65_536
    );
    assert!(document["start_time"].as_f64() <= document["end_time"].as_f64());
    for absent in ["fault", "cause", "subsegments"] {
        assert!(document.get(absent).is_none(), "{document}");
    }
    assert!(document["annotations"].get("first_byte_ms").is_none());
}

#[test]
fn a_failure_has_its_cause_with_frames() {
    let watch = Watch::new(Ids::new(1), Traces::default(), true);
    let mut report = ErrorReport::new(ErrorType::Panic, "boom");
    report.stack_trace = vec!["f at src/a.rs:7:3".to_owned()];
    watch.failed(&report, true);
    let (document, _) = parsed(&watch);
    assert_eq!(document["fault"], true);
    let exception = &document["cause"]["exceptions"][0];
    assert_eq!(exception["type"], "Function.Panic");
    assert_eq!(
        exception["stack"][0],
        json!({"path": "src/a.rs", "line": 7, "label": "f"})
    );
}

#[test]
fn thousands_of_requests_fit_into_one_datagram() {
    let watch = Watch::new(Ids::new(1), Traces::default(), true);
    for number in 0..5000 {
        let url = format!("https://h.example/{number}/{}", "x".repeat(2000));
        let call = watch.call_begins("h.example".to_owned(), Method::GET, &url);
        watch.call_ends(call, Some(StatusCode::OK));
    }
    let (document, len) = parsed(&watch);
    assert!(len <= LIMIT_BYTES, "{len}");
    let calls = document["subsegments"].as_array().unwrap();
    assert!((50..=100).contains(&calls.len()), "{}", calls.len());
    let omitted = document["metadata"]["bootstream"]["omitted"]
        .as_u64()
        .unwrap();
    assert_eq!(omitted, 5000 - u64::try_from(calls.len()).unwrap());
}

#[test]
fn a_request_tells_how_it_ended() {
    let watch = Watch::new(Ids::new(1), Traces::default(), true);
    let statuses = [Some(200), Some(404), Some(429), Some(503), None];
    for status in statuses {
        let call = watch.call_begins("a b?".to_owned(), Method::PUT, "http://h/");
        watch.call_ends(call, status.map(|it| StatusCode::from_u16(it).unwrap()));
    }
    let (document, _) = parsed(&watch);
    let flags: Vec<_> = document["subsegments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| ["error", "throttle", "fault"].map(|flag| call.get(flag).is_some()))
        .collect();
    assert_eq!(
        flags,
        [
            [false, false, false],
            [true, false, false],
            [true, true, false],
            [false, false, true],
            [false, false, true],
        ]
    );
    let first = &document["subsegments"][0];
    assert_eq!(first["name"], "a b_");
    assert_eq!(first["namespace"], "remote");
    assert_eq!(
        first["http"]["request"],
        json!({"method": "PUT", "url": "http://h/"})
    );
    assert_eq!(first["http"]["response"]["status"], 200);
    assert!(document["subsegments"][4]["http"].get("response").is_none());
}
