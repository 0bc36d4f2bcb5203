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

fn guest_span(id: u64, parent: u64) -> GuestSpan {
    let id_of = |number: u64| SpanId::parse(&format!("{number:016x}"));
    GuestSpan {
        id: id_of(id).unwrap(),
        parent: id_of(parent),
        name: format!("step {id}"),
        kind: Kind::Internal,
        began: 0,
        ended: u64::MAX,
        status: Status::Unset,
        scope: Default::default(),
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: [0; 3],
    }
}

fn with_spans(spans: impl IntoIterator<Item = GuestSpan>) -> (Value, usize) {
    let header = XrayHeader::parse(&format!("Root={ROOT};Parent={PARENT};Sampled=1")).unwrap();
    let place = Place {
        trace: header.root,
        parent: header.parent.unwrap(),
    };
    let traces = Traces {
        xray: Some(place),
        otlp: None,
    };
    let watch = Watch::new(Ids::new(1), traces, true);
    spans.into_iter().for_each(|span| watch.span_ends(span));
    parsed(&watch)
}

fn depth(document: &Value) -> usize {
    let below = document["subsegments"].as_array();
    below.map_or(0, |below| {
        1 + below.iter().map(depth).max().unwrap_or_default()
    })
}

fn count(document: &Value) -> usize {
    let below = document["subsegments"].as_array();
    below.map_or(0, |below| {
        below.len() + below.iter().map(count).sum::<usize>()
    })
}

#[test]
fn a_span_of_the_guest_is_in_its_parent_if_there_is_one() {
    let (document, _) = with_spans([guest_span(3, 2), guest_span(2, 0), guest_span(4, 99)]);
    let names = |document: &Value| -> Vec<_> {
        let below = document["subsegments"].as_array().unwrap().iter();
        below
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&document), ["step 2", "step 4"]);
    assert_eq!(names(&document["subsegments"][0]), ["step 3"]);
    // Its times are not outside those of the invocation.
    let inner = &document["subsegments"][0];
    assert_eq!(inner["start_time"], document["start_time"]);
    assert_eq!(inner["end_time"], document["end_time"]);
}

#[test]
fn spans_that_are_their_own_ancestors_are_below_the_invocation() {
    for spans in [
        vec![(1, 1)],
        vec![(1, 2), (2, 1)],
        vec![(1, 2), (2, 3), (3, 1), (4, 3)],
    ] {
        let expected = spans.len();
        let (document, _) =
            with_spans(spans.into_iter().map(|(id, parent)| guest_span(id, parent)));
        assert_eq!(count(&document), expected, "{document:#}");
    }
}

#[test]
fn a_long_chain_of_spans_is_not_as_deep() {
    for ids in [(1..=100).collect::<Vec<_>>(), (1..=100).rev().collect()] {
        let (document, _) = with_spans(ids.into_iter().map(|id| guest_span(id, id - 1)));
        assert_eq!(count(&document), 100);
        assert!((2..=16).contains(&depth(&document)), "{}", depth(&document));
    }
}

#[test]
fn large_spans_of_the_guest_fit_into_one_datagram() {
    let large = |id| GuestSpan {
        attributes: vec![("prompt".to_owned(), format!("\"{}\"", "x".repeat(2000)))],
        ..guest_span(id, id - 1)
    };
    let (document, len) = with_spans((1..=200).map(large));
    assert!(len <= LIMIT_BYTES, "{len}");
    let kept = count(&document);
    assert!((20..=30).contains(&kept), "{kept}");
    assert_eq!(document["metadata"]["bootstream"]["omitted"], 200 - kept);
}

#[test]
fn a_request_is_in_the_span_that_the_guest_was_in() {
    let header = XrayHeader::parse(&format!("Root={ROOT};Parent={PARENT};Sampled=1")).unwrap();
    let place = Place {
        trace: header.root,
        parent: header.parent.unwrap(),
    };
    let traces = Traces {
        xray: Some(place),
        otlp: None,
    };
    let watch = Watch::new(Ids::new(1), traces, true);
    let call = || watch.call_begins("h".to_owned(), Method::GET, "http://h/");
    let outside = call();
    watch.span_begins(guest_span(1, 0).id);
    let inside = call();
    watch.call_ends(inside, Some(StatusCode::OK));
    watch.span_ends(guest_span(1, 0));
    watch.call_ends(outside, Some(StatusCode::OK));
    let (document, _) = parsed(&watch);
    let spans: Vec<_> = document["subsegments"].as_array().unwrap().iter().collect();
    let step = spans.iter().find(|it| it["name"] == "step 1").unwrap();
    assert_eq!((spans.len(), count(step)), (2, 1));
    assert_eq!(
        step["subsegments"][0]["id"],
        watch.span_of(inside).to_string()
    );
}
