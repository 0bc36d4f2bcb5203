//! The event of function URLs and HTTP APIs: payload format 2.0.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use lambda_protocol::headers::HOP_BY_HOP;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    ACCOUNT_ID, API_ID, HttpApiPath, Origin, Stage, TextTypes, content, listed_parameters,
    log_time, lossy, millis, port, remove_all, text, text_header, without_nulls,
};

/// The differences between the services that send this format.
struct Form {
    raw_path: String,
    /// The path in `requestContext.http`.
    path: String,
    stage: String,
    domain_name: String,
    headers: HeaderMap,
}

/// Builds the event of a function URL, which keeps `rawPath` as it was sent.
pub(crate) fn of_function_url(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    let path = request.uri.path();
    let form = Form {
        raw_path: path.to_owned(),
        path: percent_decode_str(path).decode_utf8_lossy().into_owned(),
        stage: Stage::default().of_http_api().to_owned(),
        domain_name: function_url_domain(&request.headers),
        headers: request.headers.clone(),
    };
    event(request, body, origin, form)
}

/// Builds the event of an HTTP API, which decodes the path and puts a named stage in front of it.
pub(crate) fn of_http_api(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    // A path that cannot be decoded has been rejected.
    let path = HttpApiPath::read(request.uri.path()).unwrap_or_default();
    let path = origin.stage.in_front_of(&path.0);
    let mut headers = request.headers.clone();
    // The event has them in `cookies` only.
    headers.remove(COOKIE);
    let form = Form {
        raw_path: path.clone(),
        path,
        stage: origin.stage.of_http_api().to_owned(),
        domain_name: text_header(&request.headers, &HOST),
        headers,
    };
    event(request, body, origin, form)
}

fn event(request: &Parts, body: &Bytes, origin: &Origin, mut form: Form) -> Value {
    remove_all(&mut form.headers, &HOP_BY_HOP);
    let query = request.uri.query().unwrap_or_default();
    let text = text(&request.headers, body, TextTypes::Suffixed);
    let (content, is_base64) = content(body, text);
    let cookies = cookies(&request.headers);
    let parameters = joined_parameters(query);
    without_nulls(json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": form.raw_path,
        "rawQueryString": query,
        "cookies": (!cookies.is_empty()).then_some(&cookies),
        "headers": joined_headers(&form.headers),
        "queryStringParameters": (!parameters.is_empty()).then_some(&parameters),
        "requestContext": request_context(request, origin, &form),
        "body": (!body.is_empty()).then_some(&content),
        "isBase64Encoded": is_base64,
    }))
}

fn request_context(request: &Parts, origin: &Origin, form: &Form) -> Value {
    json!({
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        // Frameworks build absolute URLs from it, so it must be this server's address.
        "domainName": form.domain_name,
        "domainPrefix": API_ID,
        "http": {
            "method": request.method.as_str(),
            "path": form.path,
            "protocol": format!("{:?}", request.version),
            "sourceIp": origin.peer.to_string(),
            "userAgent": text_header(&request.headers, &USER_AGENT),
        },
        "requestId": origin.request_id,
        "routeKey": "$default",
        "stage": form.stage,
        "time": log_time(origin.now),
        "timeEpoch": millis(origin.now),
    })
}

/// Returns the domain of a function URL: only the domain distinguishes its events from those of an HTTP
/// API. On AWS it ends in `on.aws`; a name below `localhost` resolves to this machine.
fn function_url_domain(headers: &HeaderMap) -> String {
    let port = port(headers).map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    format!("{API_ID}.lambda-url.us-east-1.localhost{port}")
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
fn joined_parameters(query: &str) -> BTreeMap<String, String> {
    let parameters = listed_parameters(query).into_iter();
    parameters
        .map(|(name, values)| (name, values.join(",")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests::origin;
    use crate::testing::parts;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let origin = origin("$default");
        of_function_url(&parts(request), &Bytes::from_static(body), &origin)
    }

    fn of_http_api_with_stage(stage: &str) -> Value {
        let request = http::Request::get("/a%20b%252Fc?q=%20")
            .header("host", "h")
            .header("cookie", "c=1; d=2")
            .header("connection", "keep-alive");
        of_http_api(&parts(request), &Bytes::new(), &origin(stage))
    }

    #[test]
    fn an_http_api_decodes_the_path_and_has_cookies_in_one_place() {
        let event = of_http_api_with_stage("$default");

        assert_eq!(event["rawPath"], "/a b/c");
        assert_eq!(event["requestContext"]["http"]["path"], "/a b/c");
        assert_eq!(event["requestContext"]["stage"], "$default");
        assert_eq!(event["rawQueryString"], "q=%20");
        assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
        assert_eq!(event["headers"], json!({"host": "h"}));
    }

    #[test]
    fn a_named_stage_of_an_http_api_is_in_front_of_the_path() {
        let event = of_http_api_with_stage("dev");

        assert_eq!(event["rawPath"], "/dev/a b/c");
        assert_eq!(event["requestContext"]["http"]["path"], "/dev/a b/c");
        assert_eq!(event["requestContext"]["stage"], "dev");
    }

    #[test]
    fn a_function_url_has_no_stage_and_keeps_what_cannot_be_decoded() {
        let request = parts(http::Request::get("/a%2Fb%zz%"));

        let event = of_function_url(&request, &Bytes::new(), &origin("dev"));

        assert_eq!(event["rawPath"], "/a%2Fb%zz%");
        assert_eq!(event["requestContext"]["http"]["path"], "/a/b%zz%");
        assert_eq!(event["requestContext"]["stage"], "$default");
    }

    #[test]
    fn path_and_query_stay_as_sent_and_repeated_names_are_joined() {
        let request = http::Request::get("/p%20q/x?a=1&a=2&b=%26")
            .header("host", "127.0.0.1:7000")
            .header("user-agent", "curl/8")
            .header("cookie", "c=1; d=2")
            .header("transfer-encoding", "chunked")
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
                    "domainName": "local.lambda-url.us-east-1.localhost:7000",
                    "domainPrefix": "local",
                    "http": {
                        "method": "GET",
                        "path": "/p q/x",
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
