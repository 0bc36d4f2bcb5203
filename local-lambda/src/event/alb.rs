//! The event of an Application Load Balancer. It does not decode the query.

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use serde_json::{Value, json};

use super::{
    ACCOUNT_ID, TextTypes, content, last_values, listed, listed_headers, query_pairs, text,
    without_nulls,
};

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
    let headers = listed_headers(&request.headers);
    let query = query_pairs(request.uri.query().unwrap_or_default());
    let parameters = listed(query.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // A compressed body is not text, whatever its type.
    let text = text(&request.headers, body, TextTypes::Named)
        .filter(|_| !request.headers.contains_key(CONTENT_ENCODING));
    let (content, is_base64) = content(body, text);
    let last = values == Values::Last;
    without_nulls(json!({
        "requestContext": {
            "elb": {
                "targetGroupArn": format!(
                    "arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT_ID}:targetgroup/local/0"
                ),
            },
        },
        "httpMethod": request.method.as_str(),
        "path": request.uri.path(),
        "body": content,
        "isBase64Encoded": is_base64,
        "headers": last.then(|| last_values(&headers)),
        "queryStringParameters": last.then(|| last_values(&parameters)),
        "multiValueHeaders": (!last).then_some(&headers),
        "multiValueQueryStringParameters": (!last).then_some(&parameters),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parts;

    fn event(request: http::request::Builder, values: Values) -> Value {
        from_request(&parts(request), &Bytes::from_static(b"x"), values)
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
        let empty = parts(request().header("content-type", "image/png"));
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
