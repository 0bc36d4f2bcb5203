use super::*;

fn id(number: u64) -> SpanId {
    SpanId::parse(&format!("{number:016x}")).unwrap()
}

fn span(number: u64, length: u64) -> GuestSpan {
    GuestSpan {
        id: id(number),
        parent: None,
        name: "step".to_owned(),
        kind: Kind::Internal,
        began: 0,
        ended: length,
        status: Status::Unset,
        scope: Default::default(),
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: [0; 3],
    }
}

#[test]
fn the_longest_of_many_spans_stay() {
    let mut spans = GuestSpans::default();
    for number in 1..=10_000 {
        spans.start(id(number));
        spans.end(span(number, (number * 7919) % 10_007));
    }
    assert_eq!(spans.described().len(), SPANS_KEPT);
    assert_eq!(spans.omitted, 9900);
    let shortest = spans.described().iter().map(|it| it.ended).min();
    assert!(shortest > Some(9800), "{shortest:?}");
    assert_eq!(spans.current(), None);
}

#[test]
fn a_span_that_ends_twice_is_there_once() {
    let mut spans = GuestSpans::default();
    spans.end(span(1, 5));
    spans.end(span(1, 9));
    assert_eq!(spans.described().len(), 1);
    assert_eq!((spans.described()[0].ended, spans.omitted), (5, 0));
}

#[test]
fn the_current_span_is_the_last_that_is_open() {
    let mut spans = GuestSpans::default();
    for number in 1..=3 {
        spans.start(id(number));
    }
    spans.end(span(2, 1));
    assert_eq!(spans.current(), Some(id(3)));
    spans.end(span(3, 1));
    assert_eq!(spans.current(), Some(id(1)));
    for number in 10..10_000 {
        spans.start(id(number));
    }
    assert_eq!(spans.open.len(), OPEN_LIMIT);
}

#[test]
fn large_spans_lose_what_does_not_fit_and_then_go() {
    let mut spans = GuestSpans::default();
    let text = "x".repeat(10_000);
    let attribute = |name: &str| (name.to_owned(), text.clone());
    for number in 1..=100 {
        let mut large = span(number, number);
        large.name = "\u{e9}".repeat(1000);
        large.attributes = vec![
            attribute("a"),
            attribute("b"),
            ("c".to_owned(), "1".to_owned()),
        ];
        large.events = vec![GuestEvent {
            name: text.clone(),
            ..Default::default()
        }];
        spans.end(large);
    }
    let last = spans.described().last().unwrap();
    let names: Vec<_> = last
        .attributes
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        (names, last.dropped, last.name.len()),
        (vec!["a", "c"], [1, 1, 0], NAME_BYTES)
    );
    assert!(spans.kept_bytes <= KEPT_BYTES);
    let kept = spans.described().len();
    assert!((20..=26).contains(&kept), "{kept}");
    assert_eq!(spans.omitted, 100 - kept as u64);
}
