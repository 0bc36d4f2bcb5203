//! Requests of OTLP, as far as they are shown.

use bytes::Bytes;
use prost::Message;

use crate::observer::TraceSpan;

/// The scope of `bootstrap`'s own spans, which come from X-Ray's side too.
const OWN_SCOPE: &str = "bootstream";

const CLIENT: i32 = 3;
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
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
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
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
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

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

/// Returns the spans in a request, without `bootstrap`'s own. `None` if it is not one of OTLP.
pub(super) fn spans(body: Bytes) -> Option<Vec<TraceSpan>> {
    let request = Request::decode(body).ok()?;
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|it| it.scope_spans);
    let others = scopes.filter(|scope| !is_own(scope));
    Some(others.flat_map(|scope| scope.spans).map(read).collect())
}

fn is_own(spans: &ScopeSpans) -> bool {
    spans
        .scope
        .as_ref()
        .is_some_and(|scope| scope.name == OWN_SCOPE)
}

fn read(span: Span) -> TraceSpan {
    // Of the conventions for HTTP, the present names and those before them.
    let method = text(&span, "http.request.method").or_else(|| text(&span, "http.method"));
    let url = text(&span, "url.full").or_else(|| text(&span, "http.url"));
    let status =
        number(&span, "http.response.status_code").or_else(|| number(&span, "http.status_code"));
    TraceSpan {
        id: span.id.iter().map(|byte| format!("{byte:02x}")).collect(),
        request: method.zip(url),
        status: status.and_then(|status| u16::try_from(status).ok()),
        is_remote: span.kind == CLIENT,
        is_failure: span.status.is_some_and(|status| status.code == ERROR),
        milliseconds: milliseconds(span.ended.saturating_sub(span.began)),
        name: span.name,
        phases: Vec::new(),
    }
}

fn value<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    let found = span.attributes.iter().find(|it| it.name == name)?;
    found.value.as_ref()
}

fn text(span: &Span, name: &str) -> Option<String> {
    value(span, name)?.text.clone()
}

fn number(span: &Span, name: &str) -> Option<i64> {
    value(span, name)?.number
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time to be shown need not be exact"
)]
fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(scope: &str) -> Bytes {
        let attribute = |name: &str, text: Option<&str>, number| Attribute {
            name: name.to_owned(),
            value: Some(Value {
                text: text.map(ToOwned::to_owned),
                number,
            }),
        };
        let span = Span {
            id: vec![0xab; 8],
            name: "GET".to_owned(),
            kind: CLIENT,
            began: 1_000_000,
            ended: 3_500_000,
            attributes: vec![
                attribute("http.request.method", Some("GET"), None),
                attribute("url.full", Some("https://a.example/"), None),
                attribute("http.response.status_code", None, Some(503)),
            ],
            status: Some(Status { code: ERROR }),
        };
        let scope = Scope {
            name: scope.to_owned(),
        };
        let scope_spans = ScopeSpans {
            scope: Some(scope),
            spans: vec![span],
        };
        let request = Request {
            resource_spans: vec![ResourceSpans {
                scope_spans: vec![scope_spans],
            }],
        };
        request.encode_to_vec().into()
    }

    #[test]
    fn a_span_is_read_with_its_request() {
        let spans = spans(request("other")).unwrap();
        let [span] = spans.as_slice() else {
            panic!("{spans:?}");
        };
        assert_eq!(span.id, "abababababababab");
        assert_eq!(
            span.request,
            Some(("GET".to_owned(), "https://a.example/".to_owned()))
        );
        assert_eq!(
            (span.status, span.is_failure, span.milliseconds),
            (Some(503), true, 2.5)
        );
    }

    #[test]
    fn own_spans_and_other_bytes_are_not_shown() {
        assert_eq!(spans(request(OWN_SCOPE)), Some(Vec::new()));
        assert_eq!(spans(Bytes::from_static(b"{\"resourceSpans\":[]}")), None);
    }
}
