//! The event of VPC Lattice, in version 2.0:
//! <https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html>.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use lambda_protocol::headers::HOP_BY_HOP;
use serde_json::{Map, Value, json};

use super::{ACCOUNT_ID, Origin, TextTypes, decode, lossy, query_pairs, remove_all, text};

const REGION: &str = "us-east-1";

/// All values of each name, in the order they came.
type MultiMap = BTreeMap<String, Vec<String>>;

/// Builds the event.
pub(crate) fn from_request(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    let mut headers = request.headers.clone();
    remove_all(&mut headers, &HOP_BY_HOP);
    let headers = headers.iter();
    let headers = listed(headers.map(|(name, value)| (name.as_str().to_owned(), lossy(value))));
    let query = query_pairs(request.uri.query().unwrap_or_default());
    let parameters = listed(query.map(|(name, value)| (decode(name), decode(value))));
    let text = text(&request.headers, body, TextTypes::Named);
    let encoded = !body.is_empty() && text.is_none();
    let mut event = Map::from_iter([
        ("version".to_owned(), json!("2.0")),
        ("path".to_owned(), json!(request.uri.path())),
        ("method".to_owned(), json!(request.method.as_str())),
        ("headers".to_owned(), json!(headers)),
        ("isBase64Encoded".to_owned(), json!(encoded)),
        ("requestContext".to_owned(), request_context(origin)),
    ]);
    if !parameters.is_empty() {
        event.insert("queryStringParameters".to_owned(), json!(parameters));
    }
    if !body.is_empty() {
        let content = text.map_or_else(|| STANDARD.encode(body), str::to_owned);
        event.insert("body".to_owned(), json!(content));
    }
    Value::Object(event)
}

fn request_context(origin: &Origin) -> Value {
    let arn = |rest: &str| format!("arn:aws:vpc-lattice:{REGION}:{ACCOUNT_ID}:{rest}");
    json!({
        "serviceNetworkArn": arn("servicenetwork/sn-local"),
        "serviceArn": arn("service/svc-local"),
        "targetGroupArn": arn("targetgroup/tg-local"),
        "identity": {
            "sourceVpcArn": format!("arn:aws:ec2:{REGION}:{ACCOUNT_ID}:vpc/vpc-local"),
        },
        "region": REGION,
        "timeEpoch": micros(origin.now).to_string(),
    })
}

/// Microseconds since 1970.
fn micros(time: SystemTime) -> u128 {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.unwrap_or(Duration::ZERO).as_micros()
}

fn listed(pairs: impl Iterator<Item = (String, String)>) -> MultiMap {
    let mut lists = MultiMap::new();
    for (name, value) in pairs {
        lists.entry(name).or_default().push(value);
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests::origin;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        from_request(&parts, &Bytes::from_static(body), &origin())
    }

    #[test]
    fn every_value_is_in_a_list() {
        let request = http::Request::post("/p%20q?a=1&a=%26&b=")
            .header("host", "h")
            .header("connection", "close")
            .header("x-twice", "one")
            .header("x-twice", "two");

        let event = event(request, b"hi");

        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "path": "/p%20q",
                "method": "POST",
                "headers": {"host": ["h"], "x-twice": ["one", "two"]},
                "queryStringParameters": {"a": ["1", "&"], "b": [""]},
                "body": "hi",
                "isBase64Encoded": false,
                "requestContext": {
                    "serviceNetworkArn":
                        "arn:aws:vpc-lattice:us-east-1:123456789012:servicenetwork/sn-local",
                    "serviceArn": "arn:aws:vpc-lattice:us-east-1:123456789012:service/svc-local",
                    "targetGroupArn":
                        "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-local",
                    "identity": {"sourceVpcArn": "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-local"},
                    "region": "us-east-1",
                    "timeEpoch": "1584039838390000",
                },
            })
        );
    }

    #[test]
    fn what_is_absent_is_left_out_and_what_is_no_text_encoded() {
        let bare = event(http::Request::get("/"), b"");
        for key in ["queryStringParameters", "body"] {
            assert_eq!(bare.get(key), None, "{key}");
        }
        for (content_type, body) in [
            ("image/png", "YQ=="),
            ("application/vnd.api+json", "YQ=="),
            ("application/json", "a"),
        ] {
            let event = event(
                http::Request::post("/").header("content-type", content_type),
                b"a",
            );
            assert_eq!(event["body"], body, "{content_type}");
            assert_eq!(event["isBase64Encoded"], body != "a", "{content_type}");
        }
    }
}
