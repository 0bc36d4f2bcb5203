//! The event of an Application Load Balancer. It does not decode the query.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use serde_json::{Value, json};

use super::{ACCOUNT_ID, TextTypes, lossy, query_pairs, text};

/// How the event represents repeated names: the setting `lambda.multi_value_headers.enabled` of the target
/// group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Values {
    /// Only the last value. This is the default.
    Last,
    All,
}

/// Builds the event.
pub(crate) fn from_request(request: &Parts, body: &Bytes, values: Values) -> Value {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), lossy(value)));
    let parameters = query_pairs(request.uri.query().unwrap_or_default())
        .map(|(name, value)| (name, value.to_owned()));
    // A compressed body is not text, whatever its type. An empty body is not encoded.
    let text = if body.is_empty() {
        Some("")
    } else {
        text(&request.headers, body, TextTypes::Named)
            .filter(|_| !request.headers.contains_key(CONTENT_ENCODING))
    };
    let mut event = json!({
        "requestContext": {
            "elb": {
                "targetGroupArn": format!(
                    "arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT_ID}:targetgroup/local/0"
                ),
            },
        },
        "httpMethod": request.method.as_str(),
        "path": request.uri.path(),
        "body": text.map_or_else(|| STANDARD.encode(body), str::to_owned),
        "isBase64Encoded": text.is_none(),
    });
    let (headers, parameters) = match values {
        Values::Last => (
            ("headers", last(headers)),
            ("queryStringParameters", last(parameters)),
        ),
        Values::All => (
            ("multiValueHeaders", all(headers)),
            ("multiValueQueryStringParameters", all(parameters)),
        ),
    };
    for (key, value) in [headers, parameters] {
        if let Some(event) = event.as_object_mut() {
            event.insert(key.to_owned(), value);
        }
    }
    event
}

fn last<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Value {
    json!(pairs.collect::<BTreeMap<_, _>>())
}

fn all<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Value {
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        lists.entry(name).or_default().push(value);
    }
    json!(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(request: http::request::Builder, values: Values) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        from_request(&parts, &Bytes::from_static(b"x"), values)
    }

    fn request() -> http::request::Builder {
        http::Request::get("/p%20q?a=1&a=%26")
            .header("x-twice", "one")
            .header("x-twice", "two")
    }

    #[test]
    fn the_query_stays_encoded_and_the_last_value_counts() {
        let event = event(request(), Values::Last);

        assert_eq!(event["path"], "/p%20q");
        assert_eq!(event["queryStringParameters"], json!({"a": "%26"}));
        assert_eq!(event["headers"]["x-twice"], "two");
        assert_eq!(event["body"], "x");
        assert_eq!(event["isBase64Encoded"], false);
        assert_eq!(event.get("multiValueHeaders"), None);
    }

    #[test]
    fn with_multi_value_headers_every_value_is_listed() {
        let event = event(request(), Values::All);

        assert_eq!(
            event["multiValueQueryStringParameters"],
            json!({"a": ["1", "%26"]})
        );
        assert_eq!(
            event["multiValueHeaders"],
            json!({"x-twice": ["one", "two"]})
        );
        assert_eq!(event.get("headers"), None);
    }

    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
    #[test]
    fn only_the_types_that_aws_names_are_text() {
        for (content_type, encoded) in [
            ("text/csv", false),
            ("application/json; charset=utf-8", false),
            ("application/javascript", false),
            ("application/xml", false),
            ("application/vnd.api+json", true),
            ("application/problem+json", true),
            ("application/soap+xml", true),
            ("image/svg+xml", true),
            ("application/x-www-form-urlencoded", true),
            ("image/png", true),
        ] {
            let request = request().header("content-type", content_type);
            let event = event(request, Values::Last);
            assert_eq!(event["isBase64Encoded"], encoded, "{content_type}");
        }
        let (empty, ()) = request()
            .header("content-type", "image/png")
            .body(())
            .unwrap()
            .into_parts();
        let event = from_request(&empty, &Bytes::new(), Values::Last);
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!(""), &json!(false))
        );
    }

    #[test]
    fn a_compressed_body_is_no_text() {
        let event = event(request().header("content-encoding", "gzip"), Values::Last);

        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("eA=="), &json!(true))
        );
    }
}
