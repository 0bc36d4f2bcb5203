//! What the event of an HTTP front end tells about its trace.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

/// Longest `tracestate` that is passed on, in bytes ("Trace Context", section 3.3.1.5).
const STATE_LIMIT_BYTES: usize = 512;

/// An event of an HTTP front end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpEvent {
    /// The method of the request.
    pub method: Option<String>,
    /// The resource of a REST API, such as `/orders/{id}`.
    pub route: Option<String>,
    /// The header `traceparent`.
    pub traceparent: Option<String>,
    /// The header `tracestate`, if it is not too long to be passed on.
    pub tracestate: Option<String>,
    /// The header of X-Ray.
    pub xray: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow, default)]
    headers: Option<HashMap<Cow<'a, str>, Value>>,
    #[serde(borrow, default)]
    multi_value_headers: Option<HashMap<Cow<'a, str>, Value>>,
    #[serde(borrow, default)]
    resource: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    http_method: Option<Cow<'a, str>>,
    request_context: Context<'a>,
}

#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow, default)]
    http: Option<Http<'a>>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
}

impl HttpEvent {
    /// Returns `None` for an event that is not of an HTTP front end.
    #[must_use]
    pub fn parse(event: &[u8]) -> Option<Self> {
        let event: Event<'_> = serde_json::from_slice(event).ok()?;
        let headers = event.headers.or(event.multi_value_headers)?;
        let header = |name: &str| {
            let mut fits = headers
                .iter()
                .filter(|(found, _)| found.eq_ignore_ascii_case(name));
            let value = match fits.next()?.1 {
                Value::Array(values) => values.first()?,
                value => value,
            };
            value.as_str().map(ToOwned::to_owned)
        };
        let of_context = event.request_context.http.and_then(|http| http.method);
        Some(Self {
            method: event.http_method.or(of_context).map(Cow::into_owned),
            route: event.resource.map(Cow::into_owned),
            traceparent: header("traceparent"),
            tracestate: header("tracestate").filter(|it| it.len() <= STATE_LIMIT_BYTES),
            xray: header("x-amzn-trace-id"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_in_the_events_of_all_front_ends() {
        for event in [
            r#"{"resource":"/{id}","httpMethod":"GET","headers":{"Traceparent":"t","X-Amzn-Trace-Id":"x"},"requestContext":{}}"#,
            r#"{"resource":"/{id}","httpMethod":"GET","headers":null,"multiValueHeaders":{"traceparent":["t","u"],"x-amzn-trace-id":["x"]},"requestContext":{"elb":{}}}"#,
            r#"{"resource":"/{id}","headers":{"TRACEPARENT":"t","x-amzn-trace-id":"x"},"requestContext":{"http":{"method":"GET"}}}"#,
        ] {
            let event = HttpEvent::parse(event.as_bytes()).unwrap();
            assert_eq!(event.traceparent.as_deref(), Some("t"));
            assert_eq!(event.xray.as_deref(), Some("x"));
            assert_eq!(event.method.as_deref(), Some("GET"));
            assert_eq!(event.route.as_deref(), Some("/{id}"));
        }
    }

    #[test]
    fn other_events_have_no_headers() {
        for event in [
            "",
            "null",
            r#"{"Records":[]}"#,
            r#"{"headers":{"traceparent":"t"}}"#,
            r#"{"headers":["traceparent"],"requestContext":{}}"#,
            r#"{"headers":{"a":1},"requestContext":[1]}"#,
        ] {
            assert_eq!(HttpEvent::parse(event.as_bytes()), None, "{event}");
        }
        let odd =
            r#"{"headers":{"traceparent":{"a":1},"tracestate":[]},"requestContext":{"http":null}}"#;
        assert_eq!(HttpEvent::parse(odd.as_bytes()), Some(HttpEvent::default()));
    }
}
