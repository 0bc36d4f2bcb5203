//! A record as an HTTP archive (HAR 1.2), which browsers and other tools import.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::json::{headers, millis, summary, unix_millis};
use super::mask::Secrets;
use super::record::Record;

/// Returns the archive of one invocation. `address` is that of the front ends.
///
/// A body that is not kept whole is cut at its first missing byte.
pub(crate) fn har(record: &Record, address: &str, secrets: Secrets) -> Value {
    let first = record.chunks.kept().first();
    let wait = millis(first.map_or_else(|| record.span(), |chunk| chunk.at_sent));
    let total = millis(record.span());
    let entry = json!({
        "startedDateTime": date_time(unix_millis(record.started_at)),
        "time": total,
        "request": request(record, address, secrets),
        "response": response(record, secrets),
        "cache": {},
        "timings": { "send": 0, "wait": wait, "receive": total - wait },
        "_chunks": record.chunks.json(0),
        "_invocation": summary(record),
    });
    json!({ "log": {
        "version": "1.2",
        "creator": { "name": "bootstream", "version": env!("CARGO_PKG_VERSION") },
        "entries": [entry],
    }})
}

fn request(record: &Record, address: &str, secrets: Secrets) -> Value {
    let target = record.line.uri.path_and_query();
    let target = target.map_or("/", http::uri::PathAndQuery::as_str);
    let mime_type = content_type(&record.headers);
    let text = String::from_utf8_lossy(&record.request_body);
    let body =
        (!record.request_body.is_empty()).then(|| json!({ "mimeType": mime_type, "text": text }));
    let mut request = json!({
        "method": record.line.method.as_str(),
        "url": format!("http://{address}{target}"),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(&record.headers, secrets),
        "queryString": query(record.line.uri.query().unwrap_or_default()),
        "headersSize": -1,
        "bodySize": record.request_body_bytes,
    });
    if let (Some(body), Some(request)) = (body, request.as_object_mut()) {
        request.insert("postData".to_owned(), body);
    }
    request
}

fn response(record: &Record, secrets: Secrets) -> Value {
    let none = HeaderMap::new();
    let head = record.head.as_ref();
    let fields = head.map_or(&none, |head| &head.headers);
    let [first, _] = record.body.kept();
    let body = record.body.slice(first).unwrap_or_default();
    let status = record.status.unwrap_or_default();
    json!({
        "status": status.as_u16(),
        "statusText": status.canonical_reason().unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": pairs(fields, secrets),
        "content": {
            "size": record.body.total(),
            "mimeType": content_type(fields),
            "text": STANDARD.encode(&body),
            "encoding": "base64",
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": record.body.total(),
    })
}

fn content_type(fields: &HeaderMap) -> String {
    let value = fields.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

fn pairs(fields: &HeaderMap, secrets: Secrets) -> Vec<Value> {
    let pairs = headers(fields, secrets).into_iter();
    pairs
        .map(|[name, value]| json!({ "name": name, "value": value }))
        .collect()
}

fn query(query: &str) -> Vec<Value> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let objects = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        json!({ "name": decoded(name), "value": decoded(value) })
    });
    objects.collect()
}

/// Formats a time as ISO 8601 in UTC, with milliseconds.
fn date_time(unix_millis: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let (seconds, millis) = (unix_millis / 1000, unix_millis % 1000);
    let (days, second) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Converts days since 1970 to year, month and day of the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut days) = (1970, days);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(date_time(millis), expected);
        }
    }

    #[test]
    fn a_query_is_a_list() {
        let pairs = query("a=1&b&c=%20x&a=2");
        assert_eq!(pairs.len(), 4);
        assert_eq!(pairs[1], json!({ "name": "b", "value": "" }));
        assert_eq!(pairs[2]["value"], " x");
    }
}
