//! An HTTP request as the event that an Application Load Balancer makes of it.
//!
//! The target group has multi-value headers switched off, which is its default: of a repeated name
//! the last value counts. The query is not decoded.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use serde_json::{Value, json};

use super::{ACCOUNT_ID, Origin, lossy, query_pairs, text};

/// Builds the event.
pub(crate) fn from_request(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    let mut headers: BTreeMap<&str, String> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), lossy(value)))
        .collect();
    headers.insert("x-forwarded-for", origin.peer.to_string());
    headers.insert("x-forwarded-proto", "http".to_owned());
    let parameters: BTreeMap<_, _> = query_pairs(request.uri.query().unwrap_or_default()).collect();
    let text = text(&request.headers, body);
    json!({
        "requestContext": {
            "elb": {
                "targetGroupArn": format!(
                    "arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT_ID}:targetgroup/local/0"
                ),
            },
        },
        "httpMethod": request.method.as_str(),
        "path": request.uri.path(),
        "queryStringParameters": parameters,
        "headers": headers,
        "body": text.map_or_else(|| STANDARD.encode(body), str::to_owned),
        "isBase64Encoded": text.is_none(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::event::tests::origin;

    #[test]
    fn the_query_stays_encoded_and_the_last_value_counts() {
        let request = http::Request::get("/p%20q?a=1&a=%26")
            .header("x-twice", "one")
            .header("x-twice", "two");
        let (parts, ()) = request.body(()).unwrap().into_parts();

        let event = from_request(&parts, &Bytes::new(), &origin());

        assert_eq!(event["path"], "/p%20q");
        assert_eq!(event["queryStringParameters"], json!({"a": "%26"}));
        assert_eq!(event["headers"]["x-twice"], "two");
        assert_eq!(event["body"], "");
        assert_eq!(event["isBase64Encoded"], false);
    }
}
