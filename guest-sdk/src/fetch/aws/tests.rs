use serde_json::{Value, json};

use super::{get, json as call, post};
use crate::fetch::{FetchError, Method};
use crate::testing::{Reply, Upstream, Variables, variables};

const OWN: [(&str, &str); 2] = [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "KEY")];

fn own() -> Variables {
    variables(OWN)
}

#[test]
fn a_request_asks_the_host_for_a_signature() {
    let _variables = own();
    let upstream = Upstream::with(|_| Reply::new(200));

    post("bedrock-runtime", "/model/a%3A0/converse?x=1")
        .send()
        .unwrap();
    get("s3", "/bucket/key").region("us-west-2").send().unwrap();

    let requests = upstream.requests();
    assert_eq!(
        requests[0].url(),
        "https://bedrock-runtime.eu-central-1.amazonaws.com/model/a%3A0/converse?x=1"
    );
    assert_eq!(
        requests[0].header("authorization"),
        Some(
            "AWS4-HMAC-SHA256 Credential=KEY/00000000/eu-central-1/bedrock/aws4_request, \
             SignedHeaders=host, Signature=0"
        )
    );
    assert_eq!(
        requests[1].url(),
        "https://s3.us-west-2.amazonaws.com/bucket/key"
    );
    let scope = "KEY/00000000/us-west-2/s3/aws4_request";
    assert!(requests[1].header("authorization").unwrap().contains(scope));
}

#[test]
fn each_service_has_its_endpoint_and_its_name_in_the_scope() {
    for (service, region, host, scope) in [
        (
            "streams.dynamodb",
            "eu-central-1",
            "streams.dynamodb.eu-central-1.amazonaws.com",
            "eu-central-1/dynamodb",
        ),
        (
            "email",
            "eu-central-1",
            "email.eu-central-1.amazonaws.com",
            "eu-central-1/ses",
        ),
        ("iam", "eu-central-1", "iam.amazonaws.com", "us-east-1/iam"),
        (
            "sqs",
            "cn-north-1",
            "sqs.cn-north-1.amazonaws.com.cn",
            "cn-north-1/sqs",
        ),
        (
            "ecr",
            "us-east-1",
            "api.ecr.us-east-1.amazonaws.com",
            "us-east-1/ecr",
        ),
    ] {
        let _variables = own();
        let upstream = Upstream::new([Reply::new(200)]);
        get(service, "/").region(region).send().unwrap();
        let request = upstream.requests().remove(0);
        assert_eq!(request.url(), format!("https://{host}/"));
        let expected = format!("Credential=KEY/00000000/{scope}/aws4_request,");
        let authorization = request.header("authorization").unwrap();
        assert!(authorization.contains(&expected), "{authorization}");
    }
}

#[test]
fn the_endpoint_is_what_a_variable_names() {
    let endpoint = |variable: (&str, &str), service: &str| {
        let _variables = variables(OWN.into_iter().chain([variable]));
        let upstream = Upstream::new([Reply::new(200)]);
        get(service, "/a").send().unwrap();
        upstream.requests()[0].url().to_owned()
    };
    let local = "http://127.0.0.1:8000";
    for (name, service) in [
        ("AWS_ENDPOINT_URL_DYNAMODB", "dynamodb"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "bedrock-runtime"),
        ("AWS_ENDPOINT_URL", "sqs"),
    ] {
        let url = endpoint((name, local), service);
        assert_eq!(url, "http://127.0.0.1:8000/a", "{name}");
    }
    let other = endpoint(("AWS_ENDPOINT_URL_SQS", local), "dynamodb");
    assert_eq!(other, "https://dynamodb.eu-central-1.amazonaws.com/a");
    let with_slash = endpoint(("AWS_ENDPOINT_URL", "http://127.0.0.1/x/"), "sqs");
    assert_eq!(with_slash, "http://127.0.0.1/x/a");
}

#[test]
fn a_token_takes_the_place_of_a_signature() {
    let _variables = variables([("AWS_REGION", "eu-central-1")]);
    let upstream = Upstream::new([Reply::new(200)]);
    post("bedrock-runtime", "/").bearer("key").send().unwrap();
    let authorization = upstream.requests()[0]
        .header("authorization")
        .map(ToOwned::to_owned);
    assert_eq!(authorization.as_deref(), Some("Bearer key"));
}

#[test]
fn what_is_missing_is_named_with_the_setting() {
    let error = |set: &[(&str, &str)], region: Option<&str>| {
        let _variables = variables(set.iter().copied());
        let request = get("dynamodb", "/");
        let request = match region {
            Some(region) => request.region(region),
            None => request,
        };
        request.send().unwrap_err().to_string()
    };
    let key = error(&OWN[..1], None);
    assert!(
        key.ends_with("add `dynamodb` to `aws.allow` of bootstream.toml"),
        "{key}"
    );
    let foreign = error(&OWN[..1], Some("us-west-2"));
    assert!(
        foreign.contains("add `dynamodb@us-west-2` to `aws.allow`"),
        "{foreign}"
    );
    let region = error(&OWN[1..], None);
    assert!(region.contains("`AWS_REGION`"), "{region}");
    let odd = error(&OWN, Some("us-east-1.evil.example/"));
    assert!(odd.contains("is not a region"), "{odd}");
}

#[test]
fn a_denied_request_names_its_rule() {
    let _variables = own();
    let _upstream = Upstream::new([Reply::error(crate::fetch::ErrorCode::HttpRequestDenied)]);
    let error = get("dynamodb", "/").send().unwrap_err().to_string();
    assert!(error.contains("add `dynamodb` to `aws.allow`"), "{error}");
}

#[test]
fn what_is_no_service_or_path_is_refused() {
    let _variables = own();
    for (service, path, reason) in [
        ("DynamoDB", "/", "`DynamoDB` is not a service"),
        ("", "/", "is not a service"),
        ("evil.example/", "/", "is not a service"),
        ("a..b", "/", "is not a service"),
        ("dynamodb", "", "does not begin with `/`"),
        ("dynamodb", "@evil.example/", "does not begin with `/`"),
    ] {
        let error = super::request(Method::GET, service, path)
            .send()
            .unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

fn failing(reply: Reply) -> FetchError {
    let _variables = own();
    let _upstream = Upstream::new([reply]);
    call::<Value>("dynamodb", "DynamoDB_20120810.GetItem", &json!({})).unwrap_err()
}

#[test]
fn an_operation_has_its_input_and_its_result() {
    let _variables = own();
    let upstream = Upstream::new([Reply::json(&json!({"Item": {"id": {"S": "7"}}}))]);

    let result: Value = call(
        "dynamodb",
        "DynamoDB_20120810.GetItem",
        &json!({"TableName": "t"}),
    )
    .unwrap();

    assert_eq!(result["Item"]["id"]["S"], "7");
    let request = upstream.requests().remove(0);
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.header("x-amz-target"),
        Some("DynamoDB_20120810.GetItem")
    );
    assert_eq!(
        request.header("content-type"),
        Some("application/x-amz-json-1.0")
    );
    assert_eq!(request.text(), r#"{"TableName":"t"}"#);
}

#[test]
fn an_exception_is_an_error_with_its_name_and_text() {
    let document = |body: &str| Reply::new(400).chunk(body);
    for (reply, name, message) in [
        (
            document(
                r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"No table"}"#,
            ),
            "ResourceNotFoundException",
            ": No table",
        ),
        (
            document(r#"{"__type":"ValidationException","Message":"Bad"}"#),
            "ValidationException",
            ": Bad",
        ),
        (document(r#"{"code":"Throttled"}"#), "Throttled", ""),
        (
            document(r#"{"message":"Denied"}"#).header(
                "x-amzn-errortype",
                "AccessDeniedException:http://internal.amazon.com/",
            ),
            "AccessDeniedException",
            ": Denied",
        ),
    ] {
        let error = failing(reply);
        assert_eq!(error.aws_exception(), Some(name));
        assert_eq!(error.status().unwrap(), 400);
        let expected = format!(
            "POST https://dynamodb.eu-central-1.amazonaws.com/: {name}{message} (status 400)"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn an_error_without_an_exception_shows_its_body() {
    let error = failing(Reply::new(503).chunk("<html>busy"));
    assert_eq!(error.aws_exception(), None);
    assert!(
        error
            .to_string()
            .ends_with("status 503 Service Unavailable: <html>busy"),
        "{error}"
    );
    let long = failing(Reply::new(500).chunk("x".repeat(5000))).to_string();
    assert!(long.ends_with("xx ..."), "{}", long.len());
    assert!(
        failing(Reply::new(200).chunk("x"))
            .to_string()
            .contains("JSON")
    );
}
