//! An HTTP request as the event that function URLs and HTTP APIs make of it: payload format 2.0.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::{
    ACCOUNT_ID, API_ID, Origin, decode, log_time, lossy, millis, query_pairs, text, text_header,
};

/// Builds the event.
pub(crate) fn from_request(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    let path = request.uri.path();
    let query = request.uri.query().unwrap_or_default();
    let mut event = Map::new();
    event.insert("version".to_owned(), json!("2.0"));
    event.insert("routeKey".to_owned(), json!("$default"));
    event.insert("rawPath".to_owned(), json!(path));
    event.insert("rawQueryString".to_owned(), json!(query));
    let cookies = cookies(&request.headers);
    if !cookies.is_empty() {
        event.insert("cookies".to_owned(), json!(cookies));
    }
    event.insert(
        "headers".to_owned(),
        json!(joined_headers(&request.headers)),
    );
    let parameters = query_parameters(query);
    if !parameters.is_empty() {
        event.insert("queryStringParameters".to_owned(), json!(parameters));
    }
    event.insert(
        "requestContext".to_owned(),
        request_context(request, origin),
    );
    let text = text(&request.headers, body);
    if !body.is_empty() {
        let content = text.map_or_else(|| STANDARD.encode(body), str::to_owned);
        event.insert("body".to_owned(), json!(content));
    }
    let encoded = !body.is_empty() && text.is_none();
    event.insert("isBase64Encoded".to_owned(), json!(encoded));
    Value::Object(event)
}

fn request_context(request: &Parts, origin: &Origin) -> Value {
    json!({
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        // Frameworks build absolute addresses from it, so it is where the server can be reached.
        "domainName": text_header(&request.headers, &HOST),
        "domainPrefix": API_ID,
        "http": {
            "method": request.method.as_str(),
            "path": request.uri.path(),
            "protocol": format!("{:?}", request.version),
            "sourceIp": origin.peer.to_string(),
            "userAgent": text_header(&request.headers, &USER_AGENT),
        },
        "requestId": origin.request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": log_time(origin.now),
        "timeEpoch": millis(origin.now),
    })
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| {
            lossy(value)
                .split(';')
                .map(|it| it.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Joins repeated headers with a comma, cookies with a semicolon.
fn joined_headers(headers: &HeaderMap) -> BTreeMap<&str, String> {
    headers
        .keys()
        .map(|name| {
            let values: Vec<_> = headers.get_all(name).iter().map(lossy).collect();
            let separator = if name == COOKIE { "; " } else { "," };
            (name.as_str(), values.join(separator))
        })
        .collect()
}

/// Decodes the query; repeated names are joined with a comma.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in query_pairs(query) {
        let value = decode(value);
        parameters
            .entry(decode(name))
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::event::tests::origin;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        from_request(&parts, &Bytes::from_static(body), &origin())
    }

    #[test]
    fn path_and_query_stay_as_sent_and_repeated_names_are_joined() {
        let request = http::Request::get("/p%20q/x?a=1&a=2&b=%26")
            .header("host", "127.0.0.1:7000")
            .header("user-agent", "curl/8")
            .header("cookie", "c=1; d=2")
            .header("X-Twice", "one")
            .header("x-twice", "two");

        let event = event(request, b"");

        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": "/p%20q/x",
                "rawQueryString": "a=1&a=2&b=%26",
                "cookies": ["c=1", "d=2"],
                "headers": {
                    "host": "127.0.0.1:7000",
                    "user-agent": "curl/8",
                    "cookie": "c=1; d=2",
                    "x-twice": "one,two",
                },
                "queryStringParameters": {"a": "1,2", "b": "&"},
                "requestContext": {
                    "accountId": "123456789012",
                    "apiId": "local",
                    "domainName": "127.0.0.1:7000",
                    "domainPrefix": "local",
                    "http": {
                        "method": "GET",
                        "path": "/p%20q/x",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "127.0.0.1",
                        "userAgent": "curl/8",
                    },
                    "requestId": "id-1",
                    "routeKey": "$default",
                    "stage": "$default",
                    "time": "12/Mar/2020:19:03:58 +0000",
                    "timeEpoch": 1_584_039_838_390_u64,
                },
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn what_is_absent_is_left_out() {
        let event = event(http::Request::get("/"), b"");

        for key in ["cookies", "queryStringParameters", "body"] {
            assert_eq!(event.get(key), None, "{key}");
        }
    }

    #[test]
    fn a_body_is_text_or_base64() {
        let cases: [(&str, &'static [u8], &str, bool); 6] = [
            ("application/json; charset=utf-8", b"{}", "{}", false),
            ("application/problem+json", b"{}", "{}", false),
            ("text/plain", "\u{e9}".as_bytes(), "\u{e9}", false),
            ("text/plain", b"\xff", "/w==", true),
            ("application/x-www-form-urlencoded", b"a=1", "YT0x", true),
            ("image/png", b"a", "YQ==", true),
        ];
        for (content_type, body, expected, encoded) in cases {
            let event = event(
                http::Request::post("/").header("content-type", content_type),
                body,
            );
            assert_eq!(event["body"], expected, "{content_type}");
            assert_eq!(event["isBase64Encoded"], encoded, "{content_type}");
        }
    }
}
