//! The event of a REST API of API Gateway: payload format 1.0.
//!
//! Empty maps are `null`. Header names are in lower case, as in the `http` crate; API Gateway keeps
//! the client's case.

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use lambda_protocol::headers::HOP_BY_HOP;
use serde_json::{Value, json};

use super::{
    ACCOUNT_ID, API_ID, NOT_FOR_REST, Origin, content, last_values, listed_headers,
    listed_parameters, log_time, millis, remove_all, text_header,
};

/// Builds the event.
pub(crate) fn from_request(request: &Parts, body: &Bytes, origin: &Origin) -> Value {
    let path = request.uri.path();
    let mut kept = request.headers.clone();
    remove_all(&mut kept, &HOP_BY_HOP);
    remove_all(&mut kept, &NOT_FOR_REST);
    let headers = listed_headers(&kept);
    let parameters = listed_parameters(request.uri.query().unwrap_or_default());
    let proxy = path.trim_start_matches('/');
    let (resource, path_parameters) = if proxy.is_empty() {
        ("/", Value::Null)
    } else {
        ("/{proxy+}", json!({ "proxy": proxy }))
    };
    let (content, is_base64) = content(body, std::str::from_utf8(body).ok());
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": request.method.as_str(),
        "headers": or_null(last_values(&headers)),
        "multiValueHeaders": or_null(json!(headers)),
        "queryStringParameters": or_null(last_values(&parameters)),
        "multiValueQueryStringParameters": or_null(json!(parameters)),
        "pathParameters": path_parameters,
        "stageVariables": null,
        "requestContext": request_context(request, resource, origin),
        "body": if body.is_empty() { Value::Null } else { json!(content) },
        "isBase64Encoded": is_base64,
    })
}

fn request_context(request: &Parts, resource: &str, origin: &Origin) -> Value {
    let path = request.uri.path();
    let stage = origin.stage.of_rest_api();
    json!({
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": text_header(&request.headers, &HOST),
        "domainPrefix": API_ID,
        "extendedRequestId": origin.request_id,
        "httpMethod": request.method.as_str(),
        "identity": {
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": origin.peer.to_string(),
            "user": null,
            "userAgent": text_header(&request.headers, &USER_AGENT),
            "userArn": null,
        },
        "path": format!("/{stage}{path}"),
        "protocol": format!("{:?}", request.version),
        "requestId": origin.request_id,
        "requestTime": log_time(origin.now),
        "requestTimeEpoch": millis(origin.now),
        "resourceId": API_ID,
        "resourcePath": resource,
        "stage": stage,
    })
}

fn or_null(map: Value) -> Value {
    if map.as_object().is_some_and(serde_json::Map::is_empty) {
        Value::Null
    } else {
        map
    }
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
    fn every_value_is_kept_and_the_last_one_wins() {
        let request = http::Request::get("/p%20q/x?a=1&a=2&b=%26")
            .header("host", "h")
            .header("cookie", "c=1; d=2")
            .header("x-twice", "one")
            .header("x-twice", "two");

        let event = event(request, b"");

        assert_eq!(event["resource"], "/{proxy+}");
        assert_eq!(event["path"], "/p%20q/x");
        assert_eq!(event["pathParameters"], json!({"proxy": "p%20q/x"}));
        assert_eq!(event["queryStringParameters"], json!({"a": "2", "b": "&"}));
        assert_eq!(
            event["multiValueQueryStringParameters"],
            json!({"a": ["1", "2"], "b": ["&"]})
        );
        assert_eq!(
            event["headers"],
            json!({"host": "h", "cookie": "c=1; d=2", "x-twice": "two"})
        );
        assert_eq!(event["multiValueHeaders"]["x-twice"], json!(["one", "two"]));
        assert_eq!(event["requestContext"]["path"], "/local/p%20q/x");
        assert_eq!(
            event["requestContext"]["requestTime"],
            "12/Mar/2020:19:03:58 +0000"
        );
    }

    #[test]
    fn empty_maps_are_null() {
        let event = event(http::Request::get("/"), b"");

        for key in [
            "headers",
            "multiValueHeaders",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "pathParameters",
            "stageVariables",
            "body",
        ] {
            assert_eq!(event.get(key), Some(&Value::Null), "{key}");
        }
        assert_eq!(event["isBase64Encoded"], false);
    }

    #[test]
    fn what_a_rest_api_keeps_to_itself_is_in_neither_map() {
        let mut request = http::Request::post("/").header("x-kept", "1");
        for name in [
            "connection",
            "content-length",
            "content-md5",
            "expect",
            "keep-alive",
            "max-forwards",
            "proxy-authenticate",
            "proxy-connection",
            "server",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "www-authenticate",
        ] {
            request = request.header(name, "1");
        }

        let event = event(request, b"x");

        assert_eq!(event["headers"], json!({"x-kept": "1"}));
        assert_eq!(event["multiValueHeaders"], json!({"x-kept": ["1"]}));
    }

    #[test]
    fn the_stage_is_told_and_not_part_of_the_path() {
        let request = parts(http::Request::get("/a%2Fb"));

        let event = from_request(&request, &Bytes::new(), &origin("dev"));

        assert_eq!(event["path"], "/a%2Fb");
        assert_eq!(event["requestContext"]["path"], "/dev/a%2Fb");
        assert_eq!(event["requestContext"]["stage"], "dev");
    }

    #[test]
    fn a_body_that_is_no_text_is_base64() {
        let text = event(http::Request::post("/"), b"a=1");
        let binary = event(http::Request::post("/"), b"\xff");

        assert_eq!(
            (&text["body"], &text["isBase64Encoded"]),
            (&json!("a=1"), &json!(false))
        );
        assert_eq!(
            (&binary["body"], &binary["isBase64Encoded"]),
            (&json!("/w=="), &json!(true))
        );
    }
}
