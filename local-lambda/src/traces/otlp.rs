//! Requests of OTLP, as far as they are shown.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use prost::Message;

use crate::digest::hex;
use crate::observer::{SpanEvent, SpanKind, TraceSpan};
use crate::recorder::{GuestTimes, GuestWrite};

/// The scope of `bootstrap`'s own spans, which come from X-Ray's side too.
const OWN_SCOPE: &str = "bootstream";

/// The attribute that names an invocation.
const INVOCATION: &str = "faas.invocation_id";

/// Most writes and most waits that are read of a handler, each.
const MOST_TIMES: usize = 10_000;

const ERROR: i32 = 2;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    began: u64,
    #[prost(fixed64, tag = "8")]
    ended: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Attribute>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(fixed64, tag = "1")]
    at: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Value>,
}

/// A value. Lists, maps and bytes are not shown.
#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(bool, optional, tag = "2")]
    truth: Option<bool>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
    #[prost(double, optional, tag = "4")]
    fraction: Option<f64>,
}

/// The spans of one trace in a request.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// The invocation that a span names.
    pub(super) invocation: Option<String>,
    /// Spans of `bootstrap` itself.
    pub(super) own: Vec<TraceSpan>,
    pub(super) others: Vec<TraceSpan>,
    /// When the handler wrote, if `bootstrap` tells it.
    pub(super) guest: Option<GuestTimes>,
}

/// Returns the traces in a request. `None` if it is not one of OTLP.
pub(super) fn traces(body: Bytes) -> Option<Vec<Trace>> {
    let request = Request::decode(body).ok()?;
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|it| it.scope_spans);
    let mut traces = BTreeMap::<_, Trace>::new();
    for ScopeSpans { scope, spans } in scopes {
        let scope = scope.map(|it| it.name).unwrap_or_default();
        for span in spans {
            let trace = traces.entry(span.trace.clone()).or_default();
            trace.add(span, &scope);
        }
    }
    Some(traces.into_values().collect())
}

impl Trace {
    fn add(&mut self, mut span: Span, scope: &str) {
        if self.invocation.is_none() {
            self.invocation = text(&span, INVOCATION);
        }
        if scope == OWN_SCOPE {
            let guest = take_guest_times(&mut span.events);
            self.guest = self.guest.take().or(guest);
            self.own.push(read(span, scope));
        } else {
            self.others.push(read(span, scope));
        }
    }
}

/// Takes those events of a span of `bootstrap` that are about the handler's writes.
fn take_guest_times(events: &mut Vec<Event>) -> Option<GuestTimes> {
    let mut times = GuestTimes::default();
    events.retain(|event| {
        let number = |name| event.number(name).and_then(|it| u64::try_from(it).ok());
        let at = time(event.at);
        match event.name.as_str() {
            "write" if times.writes.len() < MOST_TIMES => times.writes.push(GuestWrite {
                at,
                bytes: number("bootstream.bytes").unwrap_or(0),
                joined: number("bootstream.writes").unwrap_or(1),
            }),
            "wait" if times.waits.len() < MOST_TIMES => {
                let waited = Duration::from_micros(number("bootstream.wait_us").unwrap_or(0));
                times.waits.push((at, at.checked_add(waited).unwrap_or(at)));
            }
            "write" | "wait" => {}
            _ => return true,
        }
        false
    });
    (times != GuestTimes::default()).then_some(times)
}

fn read(span: Span, scope: &str) -> TraceSpan {
    // Of the conventions for HTTP, the present names and those before them.
    let method = text(&span, "http.request.method").or_else(|| text(&span, "http.method"));
    let url = text(&span, "url.full").or_else(|| text(&span, "http.url"));
    let status =
        number(&span, "http.response.status_code").or_else(|| number(&span, "http.status_code"));
    let is_failure = |it: &Status| it.code == ERROR;
    let message = span.status.iter().filter(|it| !it.message.is_empty());
    let message = message.map(|it| ("status".to_owned(), it.message.clone()));
    let attributes = span.attributes.iter().filter_map(Attribute::shown);
    TraceSpan {
        id: hex(&span.id),
        parent: (!span.parent.is_empty()).then(|| hex(&span.parent)),
        kind: kind(span.kind),
        scope: scope.to_owned(),
        began: time(span.began),
        ended: time(span.ended),
        request: method.zip(url),
        status: status.and_then(|status| u16::try_from(status).ok()),
        is_failure: span.status.as_ref().is_some_and(is_failure),
        attributes: attributes.chain(message).collect(),
        events: span.events.iter().map(Event::shown).collect(),
        phases: Vec::new(),
        name: span.name,
    }
}

impl Event {
    fn shown(&self) -> SpanEvent {
        SpanEvent {
            at: time(self.at),
            name: self.name.clone(),
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        value(&self.attributes, name)?.number
    }
}

impl Attribute {
    fn shown(&self) -> Option<(String, String)> {
        let value = self.value.as_ref()?;
        let number = || value.number.map(|it| it.to_string());
        let fraction = || value.fraction.map(|it| it.to_string());
        let truth = || value.truth.map(|it| it.to_string());
        let shown = value.text.clone().or_else(number);
        let shown = shown.or_else(fraction).or_else(truth)?;
        Some((self.name.clone(), shown))
    }
}

fn kind(number: i32) -> SpanKind {
    match number {
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

/// Converts nanoseconds since 1970.
fn time(nanoseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanoseconds)
}

fn value<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|it| it.name == name)?;
    found.value.as_ref()
}

fn text(span: &Span, name: &str) -> Option<String> {
    value(&span.attributes, name)?.text.clone()
}

fn number(span: &Span, name: &str) -> Option<i64> {
    value(&span.attributes, name)?.number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, text: Option<&str>, number: Option<i64>) -> Attribute {
        Attribute {
            name: name.to_owned(),
            value: Some(Value {
                text: text.map(ToOwned::to_owned),
                number,
                ..Value::default()
            }),
        }
    }

    fn event(name: &str, at: u64, attributes: Vec<Attribute>) -> Event {
        Event {
            at,
            name: name.to_owned(),
            attributes,
        }
    }

    fn span() -> Span {
        Span {
            trace: vec![1; 16],
            id: vec![0xab; 8],
            parent: vec![0xcd; 8],
            name: "GET".to_owned(),
            kind: 3,
            began: 1_000_000,
            ended: 3_500_000,
            attributes: vec![
                attribute("http.request.method", Some("GET"), None),
                attribute("url.full", Some("https://a.example/"), None),
                attribute("http.response.status_code", None, Some(503)),
            ],
            events: vec![event("retry", 2_000_000, Vec::new())],
            status: Some(Status {
                code: ERROR,
                message: "no luck".to_owned(),
            }),
        }
    }

    fn request(scopes: Vec<(&str, Span)>) -> Bytes {
        let scopes = scopes.into_iter().map(|(scope, span)| ScopeSpans {
            scope: Some(Scope {
                name: scope.to_owned(),
            }),
            spans: vec![span],
        });
        let request = Request {
            resource_spans: vec![ResourceSpans {
                scope_spans: scopes.collect(),
            }],
        };
        request.encode_to_vec().into()
    }

    #[test]
    fn a_span_is_read_with_its_request() {
        let traces = traces(request(vec![("other", span())])).unwrap();
        let [span] = traces[0].others.as_slice() else {
            panic!("{traces:?}");
        };
        assert_eq!(span.id, "abababababababab");
        assert_eq!(span.parent.as_deref(), Some("cdcdcdcdcdcdcdcd"));
        assert_eq!(
            span.request,
            Some(("GET".to_owned(), "https://a.example/".to_owned()))
        );
        assert_eq!((span.status, span.kind), (Some(503), SpanKind::Client));
        assert!(span.is_failure);
        assert_eq!(span.duration(), Duration::from_micros(2500));
        assert_eq!(span.events[0].name, "retry");
        let last = span.attributes.last().unwrap();
        assert_eq!(last, &("status".to_owned(), "no luck".to_owned()));
        assert_eq!(span.attributes[2].1, "503");
    }

    #[test]
    fn own_spans_say_which_invocation_this_is_and_when_the_handler_wrote() {
        let own = Span {
            attributes: vec![attribute(INVOCATION, Some("r-1"), None)],
            events: vec![
                event("head", 5, Vec::new()),
                event(
                    "write",
                    6,
                    vec![attribute("bootstream.bytes", None, Some(9))],
                ),
                event(
                    "wait",
                    7,
                    vec![attribute("bootstream.wait_us", None, Some(2))],
                ),
                event(
                    "wait",
                    u64::MAX,
                    vec![attribute("bootstream.wait_us", None, Some(i64::MAX))],
                ),
            ],
            ..span()
        };
        let foreign = Span {
            trace: vec![2; 16],
            events: vec![event("write", 6, Vec::new())],
            ..span()
        };
        let traces = traces(request(vec![
            (OWN_SCOPE, own),
            ("llm", span()),
            ("llm", foreign),
        ]));
        let traces = traces.unwrap();
        assert_eq!(traces.len(), 2);
        let first = &traces[0];
        assert_eq!(first.invocation.as_deref(), Some("r-1"));
        assert_eq!((first.own.len(), first.others.len()), (1, 1));
        let events: Vec<_> = first.own[0].events.iter().map(|it| &it.name).collect();
        assert_eq!(events, ["head"]);
        let guest = first.guest.as_ref().unwrap();
        assert_eq!((guest.writes.len(), guest.writes[0].bytes), (1, 9));
        assert_eq!(guest.waits[0], (time(7), time(2007)));
        assert_eq!(traces[1].guest, None, "others cannot say it");
        assert_eq!(traces[1].others[0].events.len(), 1);
    }

    #[test]
    fn other_bytes_are_no_request() {
        assert!(traces(Bytes::from_static(b"{\"resourceSpans\":[]}")).is_none());
        assert!(traces(Bytes::new()).unwrap().is_empty());
    }
}
