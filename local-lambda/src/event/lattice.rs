//! The event of VPC Lattice, in version 2.0:
//! <https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html>.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use lambda_protocol::headers::HOP_BY_HOP;
use serde_json::{Value, json};

use super::{
    ACCOUNT_ID, Origin, TextTypes, content, listed_headers, listed_parameters, remove_all, text,
    without_nulls,
};

const REGION: &str = "us-east-1";

/// Builds the event.
pub(crate) fn from_request(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    let mut headers = request.headers.clone();
    remove_all(&mut headers, &HOP_BY_HOP);
    let parameters = listed_parameters(request.uri.query().unwrap_or_default());
    let text = text(&request.headers, body, TextTypes::Named);
    let (content, is_base64) = content(body, text);
    without_nulls(json!({
        "version": "2.0",
        "path": request.uri.path(),
        "method": request.method.as_str(),
        "headers": listed_headers(&headers),
        "isBase64Encoded": is_base64,
        "queryStringParameters": (!parameters.is_empty()).then_some(&parameters),
        "body": (!body.is_empty()).then_some(&content),
        "requestContext": request_context(origin),
    }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::tests::origin;
    use crate::testing::parts;

    fn event(request: http::request::Builder, body: &'static [u8]) -> Value {
        let origin = origin("$default");
        from_request(&parts(request), &Bytes::from_static(body), &origin)
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
