//! The events that services build from HTTP requests: one file for each format, and shared code.

pub(crate) mod alb;
pub(crate) mod lattice;
mod path;
mod stage;
pub(crate) mod v1;
pub(crate) mod v2;

pub(crate) use path::HttpApiPath;
pub use stage::Stage;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, MAX_FORWARDS, PROXY_AUTHENTICATE, SERVER,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::headers::essence;

const ACCOUNT_ID: &str = "123456789012";
const API_ID: &str = "local";

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Headers that a REST API does not pass on, besides those of the connection:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>.
const NOT_FOR_REST: [HeaderName; 7] = [
    CONTENT_LENGTH,
    HeaderName::from_static("content-md5"),
    EXPECT,
    MAX_FORWARDS,
    PROXY_AUTHENTICATE,
    SERVER,
    WWW_AUTHENTICATE,
];

/// What a front end knows about a request besides the request itself.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The id of the invocation.
    pub request_id: String,
    /// The caller's address.
    pub peer: IpAddr,
    /// The trace header, which is also in the handler's context.
    pub trace: Option<HeaderValue>,
    /// The time of the request.
    pub now: SystemTime,
    /// The stage, if the front end is an API.
    pub stage: Stage,
}

impl Origin {
    /// Adds the headers that most services add to a request.
    pub(crate) fn forward(&self, headers: &mut HeaderMap) {
        self.forward_peer(headers);
        let port = port(headers).unwrap_or(80).to_string();
        for (name, value) in [
            ("x-forwarded-port", HeaderValue::from_str(&port).ok()),
            ("x-forwarded-proto", Some(HeaderValue::from_static("http"))),
            ("x-amzn-trace-id", self.trace.clone()),
        ] {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
    }

    /// Adds the caller's address, as every service does.
    pub(crate) fn forward_peer(&self, headers: &mut HeaderMap) {
        let before = headers.get(FORWARDED_FOR).map(lossy);
        let peers = before.map_or_else(
            || self.peer.to_string(),
            |before| format!("{before}, {}", self.peer),
        );
        if let Ok(peers) = HeaderValue::try_from(peers) {
            headers.insert(FORWARDED_FOR, peers);
        }
    }
}

/// Returns the port in `Host`.
fn port(headers: &HeaderMap) -> Option<u16> {
    let host = headers.get(HOST).map(lossy)?;
    let (_, port) = host.rsplit_once(':')?;
    port.parse().ok()
}

/// Header values are bytes, JSON is text.
fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Decodes a name or a value in a query.
fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

/// Removes headers that a service does not pass on.
fn remove_all(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

/// The content types of bodies that a service passes on as text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TextTypes {
    /// `text/*`, JSON, XML and JavaScript.
    Named,
    /// Those, and every type that ends in `+json` or `+xml`.
    Suffixed,
}

/// Returns the body as text, if its type is a text type and it is UTF-8. Forms are not text: AWS encodes
/// them in base64.
fn text<'a>(headers: &HeaderMap, body: &'a Bytes, types: TextTypes) -> Option<&'a str> {
    let essence = essence(&text_header(headers, &CONTENT_TYPE));
    let has_suffix = essence.ends_with("+json") || essence.ends_with("+xml");
    let is_text = essence.is_empty()
        || essence.starts_with("text/")
        || (has_suffix && types == TextTypes::Suffixed)
        || matches!(
            essence.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        );
    if is_text {
        std::str::from_utf8(body).ok()
    } else {
        None
    }
}

/// Returns a body as an event holds it, and whether that is base64. `text` is the body as text, if the service
/// takes it for text.
fn content(body: &Bytes, text: Option<&str>) -> (String, bool) {
    match text.or(body.is_empty().then_some("")) {
        Some(text) => (text.to_owned(), false),
        None => (STANDARD.encode(body), true),
    }
}

/// Drops the members that are `null` from an event of a service that leaves them out.
fn without_nulls(mut event: Value) -> Value {
    if let Some(members) = event.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    event
}

/// All values of each name, in the order they came.
type MultiMap = BTreeMap<String, Vec<String>>;

fn listed(pairs: impl Iterator<Item = (String, String)>) -> MultiMap {
    let mut lists = MultiMap::new();
    for (name, value) in pairs {
        lists.entry(name).or_default().push(value);
    }
    lists
}

fn listed_headers(headers: &HeaderMap) -> MultiMap {
    let headers = headers.iter();
    listed(headers.map(|(name, value)| (name.as_str().to_owned(), lossy(value))))
}

/// Decodes the query.
fn listed_parameters(query: &str) -> MultiMap {
    listed(query_pairs(query).map(|(name, value)| (decode(name), decode(value))))
}

/// Keeps only the last value of each name.
fn last_values(map: &MultiMap) -> Value {
    let last: BTreeMap<_, _> = map
        .iter()
        .filter_map(|(name, values)| Some((name, values.last()?)))
        .collect();
    json!(last)
}

/// Formats a time as `12/Mar/2020:19:03:58 +0000`.
fn log_time(time: SystemTime) -> String {
    // `Thu, 12 Mar 2020 19:03:58 GMT` has the same fields.
    let date = httpdate::fmt_http_date(time);
    match date.split(' ').collect::<Vec<_>>().as_slice() {
        [_, day, month, year, clock, _] => format!("{day}/{month}/{year}:{clock} +0000"),
        _ => date,
    }
}

/// Returns a header as text, empty if it is missing.
fn text_header(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(lossy).unwrap_or_default()
}

/// Yields the names and values of a query, still encoded.
fn query_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Milliseconds since 1970.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since_epoch = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn origin(stage: &str) -> Origin {
        Origin {
            request_id: "id-1".to_owned(),
            peer: "127.0.0.1".parse().unwrap(),
            trace: Some(HeaderValue::from_static("Root=1")),
            now: SystemTime::UNIX_EPOCH + Duration::from_millis(1_584_039_838_390),
            stage: stage.parse().unwrap(),
        }
    }

    #[test]
    fn services_say_where_a_request_came_from() {
        let mut headers = HeaderMap::from_iter([
            (HOST, HeaderValue::from_static("127.0.0.1:7000")),
            (
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static("10.0.0.1"),
            ),
        ]);

        origin("$default").forward(&mut headers);

        assert_eq!(headers["x-forwarded-for"], "10.0.0.1, 127.0.0.1");
        assert_eq!(headers["x-forwarded-port"], "7000");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-amzn-trace-id"], "Root=1");
    }
}
