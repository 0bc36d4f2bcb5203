//! The headers with which a trace goes on in the requests of a handler. Decided without I/O.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::header::XrayHeader;
use super::id::SpanId;
use super::trace::Traces;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const XRAY: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Which headers requests get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Onward {
    /// `traceparent`, and `tracestate` if there is one.
    pub(crate) w3c: bool,
    /// `x-amzn-trace-id`.
    pub(crate) xray: bool,
}

/// What a request of an invocation says about its trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The header of X-Ray of the invocation.
    pub(crate) xray: Option<&'a str>,
    /// The traces that record the request, and the span of the request.
    pub(crate) recorded: Option<(&'a Traces, SpanId)>,
}

impl Onward {
    pub(crate) fn is_off(self) -> bool {
        self == Self::default()
    }

    /// Adds the headers to a request that has none of their kind.
    pub(crate) fn add_to(self, headers: &mut HeaderMap, origin: Origin<'_>) {
        if self.xray
            && !headers.contains_key(XRAY)
            && let Some(value) = xray(origin).and_then(|it| HeaderValue::try_from(it).ok())
        {
            headers.insert(XRAY, value);
        }
        if self.w3c
            && !headers.contains_key(TRACEPARENT)
            && let Some((parent, state)) = w3c(origin)
            && let Ok(parent) = HeaderValue::try_from(parent)
        {
            headers.insert(TRACEPARENT, parent);
            headers.remove(TRACESTATE);
            if let Some(Ok(state)) = state.map(HeaderValue::from_str) {
                headers.insert(TRACESTATE, state);
            }
        }
    }
}

fn xray(origin: Origin<'_>) -> Option<String> {
    let header = origin
        .xray
        .filter(|header| XrayHeader::parse(header).is_some())?;
    let span = origin.recorded.filter(|(traces, _)| traces.xray.is_some());
    Some(continued_xray(header, span.map(|(_, span)| span)))
}

/// Returns X-Ray's header for a request, with `parent` in place of its own if the request is recorded. All other parts
/// stay, in their order: Lambda finds loops of functions by one of them.
#[must_use]
pub fn continued_xray(header: &str, parent: Option<SpanId>) -> String {
    let name = |part: &str| part.split_once('=').map(|(name, _)| name.trim().to_owned());
    let is = |part: &str, wanted: &str| name(part).as_deref() == Some(wanted);
    let mut parts: Vec<String> = Vec::new();
    for part in header.split(';').map(str::trim) {
        // Names the load balancer or the API before Lambda.
        let is_dropped =
            part.is_empty() || is(part, "Self") || (parent.is_some() && is(part, "Parent"));
        if !is_dropped {
            parts.push(part.to_owned());
        }
        if let Some(parent) = parent.filter(|_| is(part, "Root")) {
            parts.push(format!("Parent={parent}"));
        }
    }
    parts.join(";")
}

/// Returns `traceparent`, and `tracestate` if there is one.
fn w3c<'a>(origin: Origin<'a>) -> Option<(String, Option<&'a str>)> {
    if let Some((traces, span)) = origin.recorded
        && let Some(context) = &traces.otlp
    {
        return Some((
            format!("00-{}-{span}-01", context.trace),
            context.state.as_deref(),
        ));
    }
    let header = XrayHeader::parse(origin.xray?)?;
    let recorded = origin.recorded.filter(|(traces, _)| traces.xray.is_some());
    let parent = recorded.map(|(_, span)| span).or(header.parent)?;
    let flags = if header.sampled == Some(true) {
        "01"
    } else {
        "00"
    };
    Some((format!("00-{}-{parent}-{flags}", header.root), None))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::observe::{Context, Place};

    const HEADER: &str = "Self=1-2-3;Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a8:0;X=y";
    const TRACE: &str = "5759e988bd862e3fe1be46a994272793";

    fn added(
        onward: (bool, bool),
        header: Option<&str>,
        recorded: Option<&Traces>,
        own: &[(&'static str, &'static str)],
    ) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in own {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let origin = Origin {
            xray: header,
            recorded: recorded.map(|it| (it, SpanId::parse("00000000000000aa").unwrap())),
        };
        let onward = Onward {
            w3c: onward.0,
            xray: onward.1,
        };
        onward.add_to(&mut headers, origin);
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    fn traces(otlp: bool) -> Traces {
        let header = XrayHeader::parse(HEADER).unwrap();
        Traces {
            xray: Some(Place {
                trace: header.root,
                parent: header.parent.unwrap(),
            }),
            otlp: otlp.then(|| Context {
                trace: header.root,
                parent: None,
                state: Some("a=b".to_owned()),
                event: None,
            }),
        }
    }

    #[test]
    fn a_request_of_a_recorded_invocation_names_its_own_span() {
        assert_eq!(
            added((false, true), Some(HEADER), Some(&traces(false)), &[]),
            [
                "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00000000000000aa;Sampled=1;Lineage=1:a8:0;X=y"
            ]
        );
        assert_eq!(
            added((true, false), Some(HEADER), Some(&traces(false)), &[]),
            [format!("traceparent: 00-{TRACE}-00000000000000aa-01")]
        );
        assert_eq!(
            added((true, false), None, Some(&traces(true)), &[]),
            [
                format!("traceparent: 00-{TRACE}-00000000000000aa-01"),
                "tracestate: a=b".to_owned()
            ]
        );
    }

    #[test]
    fn another_one_passes_on_the_trace_of_its_invocation() {
        assert_eq!(
            added((true, true), Some(HEADER), None, &[]),
            [
                format!("traceparent: 00-{TRACE}-53995c3f42cd8ad8-01"),
                "x-amzn-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a8:0;X=y".to_owned(),
            ]
        );
        for header in [None, Some("nonsense"), Some("")] {
            assert!(added((true, true), header, None, &[]).is_empty());
        }
    }

    #[test]
    fn the_headers_of_a_handler_stay() {
        let own = [("traceparent", "own"), ("x-amzn-trace-id", "own")];
        let expected = ["traceparent: own", "x-amzn-trace-id: own"];
        assert_eq!(
            added((true, true), Some(HEADER), Some(&traces(true)), &own),
            expected
        );
        assert!(added((false, false), Some(HEADER), Some(&traces(true)), &[]).is_empty());
    }

    proptest! {
        #[test]
        fn every_part_but_the_parent_stays_in_its_place(before in "[^;=]*", after in "(;[A-Z]=[a-z]*|;[a-z]+)*") {
            let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
            let parent = SpanId::parse("00000000000000aa");
            let header = format!("{before};{root};Parent=53995c3f42cd8ad8;Sampled=1{after}");
            let before = before.trim();
            let start = if before.is_empty() { String::new() } else { format!("{before};") };
            let expected = format!("{start}{root};Parent=00000000000000aa;Sampled=1{after}");
            prop_assert_eq!(continued_xray(&header, parent), expected);
        }
    }
}
