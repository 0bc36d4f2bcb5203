//! The headers of traces, and the event they may be in.

use bootstream_host::observe::{HttpEvent, SpanId, Traceparent, XrayHeader, continued_xray};

/// Headers of traces are read or ignored, and X-Ray's goes on with all its parts. The input is a header, and after a
/// separator an event.
///
/// # Panics
///
/// When a header is changed on its way.
pub fn check(bytes: &[u8]) {
    let Some(mut texts) = crate::texts(bytes) else {
        // An event need not be text.
        let _ = HttpEvent::parse(bytes);
        return;
    };
    let header = texts.next().unwrap_or_default();
    check_continued(header);
    if let Some(parsed) = Traceparent::parse(header) {
        assert!(header.contains(&parsed.trace.to_string()));
        assert!(header.contains(&parsed.parent.to_string()));
    }
    if let Some(event) = texts
        .next()
        .and_then(|event| HttpEvent::parse(event.as_bytes()))
    {
        let xray = event.xray.as_deref().and_then(XrayHeader::parse);
        assert!(xray.is_none_or(|it| it.root.to_string().len() == 32));
    }
}

/// X-Ray's header of a request has another parent than that of its invocation, and everything else of it.
fn check_continued(header: &str) {
    let Some(before) = XrayHeader::parse(header) else {
        return;
    };
    let parent = SpanId::parse("00000000000000ff");
    let continued = continued_xray(header, parent);
    let after = XrayHeader::parse(&continued).expect("it has its root");
    assert_eq!((after.root, after.sampled), (before.root, before.sampled));
    assert_eq!(after.parent, parent);
    assert_eq!(others(&continued), others(header));
}

/// The parts that are not of the sender.
fn others(header: &str) -> Vec<&str> {
    let parts = header.split(';').map(str::trim);
    let is_other = |part: &&str| {
        let name = part.split_once('=').map(|(name, _)| name.trim());
        !part.is_empty() && !matches!(name, Some("Parent" | "Self"))
    };
    parts.filter(is_other).collect()
}
