//! What is recorded is read as it was, and nothing that is read panics.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use proptest::prelude::*;

use super::parse::{Capsule, Ending, InvalidCapsule, Part};
use super::part::AnswerPart;
use super::{
    Beginning, CapsuleSettings, Destination, Kind, Output, Recorder, Seed, Seen, Taken, Tape,
    Written,
};
use crate::invocation::Invocation;

fn settings(destination: Destination, limit_bytes: usize) -> Arc<CapsuleSettings> {
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    Arc::new(CapsuleSettings {
        destination,
        limit_bytes,
        settings: pair("limits.memory-mib", "64"),
        function: pair("AWS_LAMBDA_FUNCTION_NAME", "f"),
        variables: pair("LANG", "en"),
        hidden: Vec::new(),
        component: OnceLock::from("00ff".to_owned()),
    })
}

fn tape(event: &[u8], destination: Destination, limit_bytes: usize) -> Tape {
    let invocation = Invocation {
        tenant_id: Some("t".to_owned()),
        ..Invocation::new("r-1", Bytes::copy_from_slice(event))
    };
    Tape::Record(Recorder::new(&Beginning {
        invocation: &invocation,
        settings: &settings(destination, limit_bytes),
        seed: Seed([9; 32]),
        left_ms: 3000,
    }))
}

fn folder() -> Destination {
    Destination::Folder("capsules".into())
}

fn text(tape: &Tape) -> Vec<u8> {
    tape.recorder().expect("it records").text(&[])
}

fn failure() -> ErrorReport {
    ErrorReport::new(ErrorType::Panic, "no luck")
}

/// A tape with something of each kind.
fn filled(event: &[u8], chunk: &[u8]) -> Tape {
    let tape = tape(event, folder(), usize::MAX);
    assert_eq!(tape.now(Kind::Wall, || u64::MAX), u64::MAX);
    for (kind, seen) in seen() {
        tape.note(kind, &seen);
    }
    let call = tape.request(&Method::GET, &Uri::from_static("https://a/b?c"));
    let mut headers = HeaderMap::new();
    headers.insert("x", "y".parse().expect("a value"));
    for part in [
        AnswerPart::Head(StatusCode::CREATED, &headers),
        AnswerPart::Data(chunk),
        AnswerPart::Trailers(&headers),
        AnswerPart::End,
        AnswerPart::Failed("[\"DnsTimeout\"]"),
    ] {
        tape.answered(call, part);
    }
    for (output, taken) in [
        (Output::Head(b"{}"), Taken::Whole),
        (Output::Document, Taken::Refused),
        (Output::Raw("text/plain"), Taken::Refused),
        (Output::Write(chunk), Taken::Closed),
        (Output::Finish, Taken::Whole),
    ] {
        assert_eq!(tape.wrote(output, taken), taken);
    }
    tape.ended(&Err(failure()), true);
    tape
}

fn seen() -> Vec<(Kind, Seen)> {
    vec![
        (Kind::Monotonic, Seen::Number(7)),
        (Kind::Poll, Seen::List(vec![0, 3])),
        (Kind::Ready, Seen::Flag(true)),
        (Kind::Block, Seen::Nothing),
        (Kind::Read, Seen::Number(0)),
        (Kind::Read, Seen::Ended),
        (Kind::Room, Seen::Number(65536)),
        (Kind::Splice, Seen::Ended),
    ]
}

fn check_filled(event: &[u8], chunk: &[u8]) {
    let capsule = Capsule::parse(&text(&filled(event, chunk))).expect("it is whole");
    assert_eq!(capsule.event.as_deref(), Some(event));
    assert_eq!(capsule.request_id, "r-1");
    assert_eq!(capsule.text("tenant-id").as_deref(), Some("t"));
    assert_eq!(capsule.component.as_deref(), Some("00ff"));
    assert_eq!((capsule.seed, capsule.deadline.1), ([9; 32], 3000));
    let mut calls = seen();
    calls.insert(0, (Kind::Wall, Seen::Number(u64::MAX)));
    assert_eq!(capsule.seen, calls);
    let headers = vec![("x".to_owned(), b"y".to_vec())];
    let [request] = &capsule.requests[..] else {
        panic!("one request")
    };
    assert_eq!(
        (request.method.as_str(), request.uri.as_str()),
        ("GET", "https://a/b?c")
    );
    let parts: Vec<_> = request.parts.iter().map(|(_, part)| part.clone()).collect();
    let expected = [
        Part::Head(201, headers.clone()),
        Part::Data(chunk.to_vec()),
        Part::Trailers(headers),
        Part::End,
        Part::Failed(serde_json::json!(["DnsTimeout"])),
    ];
    assert_eq!(parts, expected);
    let expected = [
        (Written::Head(b"{}".to_vec()), Taken::Whole),
        (Written::Document, Taken::Refused),
        (Written::Raw("text/plain".to_owned()), Taken::Refused),
        (Written::Write(chunk.to_vec()), Taken::Closed),
        (Written::Finish, Taken::Whole),
    ];
    assert_eq!(capsule.written, expected);
    assert!(matches!(
        capsule.ending,
        Some(Ending::Failed { stopped: true, .. })
    ));
    assert!(capsule.ends_early());
}

#[test]
fn what_is_recorded_is_read_as_it_was() {
    check_filled(b"{}", b"text \" \n");
    check_filled(b"\xff\x00", &[0xfe; 5000]);
}

#[test]
fn a_capsule_ends_at_its_limit_and_still_tells_how_the_handler_ended() {
    let tape = tape(b"{}", folder(), 2000);
    for _ in 0..100 {
        tape.wrote(Output::Write(&[b'x'; 100]), Taken::Whole);
    }
    tape.ended(&Ok(()), false);
    let text = text(&tape);
    assert!(text.len() < 2100);
    let capsule = Capsule::parse(&text).unwrap();
    assert_eq!(capsule.truncated_at, Some(2000));
    assert_eq!(capsule.ending, Some(Ending::Returned));
    assert!(capsule.ends_early());
}

#[test]
fn an_event_over_the_limit_is_told() {
    let tape = tape(&[b'x'; 3000], folder(), 2000);
    tape.ended(&Ok(()), false);
    let error = Capsule::parse(&text(&tape)).unwrap_err();
    assert_eq!(error, InvalidCapsule::NoEvent(2000));
}

#[test]
fn the_log_gets_failures_only_and_large_responses_by_digest() {
    let tape = |failed: bool| {
        let tape = tape(b"{}", Destination::Log, 16 << 10);
        tape.wrote(Output::Write(&[b'x'; 5000]), Taken::Whole);
        let outcome = if failed { Err(failure()) } else { Ok(()) };
        tape.ended(&outcome, false);
        tape.recorder().expect("it records").packed_failure(&[])
    };
    assert_eq!(tape(false), None);
    let line = format!("before {} after", tape(true).unwrap());
    let capsule = Capsule::parse(line.as_bytes()).unwrap();
    let (written, _) = &capsule.written[0];
    assert!(written.is_same(&Written::Write(vec![b'x'; 5000])));
    assert!(!written.is_same(&Written::Write(vec![b'y'; 5000])));
    assert!(!written.is_same(&Written::Write(vec![b'x'; 4999])));
}

proptest! {
    #[test]
    fn nothing_that_is_read_panics(
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        other in prop::collection::vec(any::<u8>(), 0..40),
        cut in any::<bool>(),
    ) {
        let mut bytes = text(&filled(b"{}", b"chunk"));
        let at = at.index(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, other);
        if cut {
            bytes.truncate(at);
        }
        let _ = Capsule::parse(&bytes);
        let packed = super::pack::pack(&bytes);
        let _ = Capsule::parse(packed.as_bytes());
        let _ = Capsule::parse(packed.get(..packed.len() / 2).unwrap_or_default().as_bytes());
    }
}
