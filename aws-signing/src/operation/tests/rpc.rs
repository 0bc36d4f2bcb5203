//! Operations in a header, or in the path of CBOR.

use super::{Case, Headers, JSON, ask};

#[test]
fn a_json_operation_is_named_in_one_way() {
    let target = ("x-amz-target", "DynamoDB_20120810.GetItem");
    assert_eq!(
        ask("dynamodb:GetItem", "POST", "/", &[JSON, target]),
        "granted"
    );
    let newer = ("content-type", "application/x-amz-json-1.1");
    assert_eq!(
        ask("dynamodb:Get*", "POST", "/", &[newer, target]),
        "granted"
    );
    let other = ("x-amz-target", "DynamoDB_20120810.PutItem");
    assert_eq!(
        ask("dynamodb:GetItem", "POST", "/", &[JSON, other]),
        "`aws.allow` has no `dynamodb@eu-central-1:PutItem`"
    );
    let unclear = "`aws.allow` limits `dynamodb` to operations, and this request does not name one; expected \
                   `POST /` with `x-amz-target` and `content-type: application/x-amz-json-1.0` or `1.1`";
    let cases: [Case<'_>; 14] = [
        ("POST", "/", &[JSON]),
        ("POST", "/", &[target]),
        ("POST", "/", &[target, ("content-type", "application/json")]),
        (
            "POST",
            "/",
            &[
                target,
                ("content-type", "application/x-www-form-urlencoded"),
            ],
        ),
        (
            "POST",
            "/",
            &[
                target,
                JSON,
                ("content-type", "application/x-www-form-urlencoded"),
            ],
        ),
        ("POST", "/?Action=DeleteTable", &[JSON, target]),
        ("GET", "/", &[JSON, target]),
        ("PUT", "/", &[JSON, target]),
        (
            "POST",
            "/",
            &[JSON, ("x-amz-target", "dynamodb_20120810.getitem")],
        ),
        ("POST", "/", &[JSON, ("x-amz-target", "GetItem")]),
        (
            "POST",
            "/",
            &[JSON, ("x-amz-target", "DynamoDB_20111205.GetItem")],
        ),
        ("POST", "/", &[JSON, ("x-amz-target", "DynamoDB_20120810.")]),
        (
            "POST",
            "/",
            &[JSON, ("x-amz-target", "DynamoDB_20120810.GetItem ,x")],
        ),
        (
            "POST",
            "/",
            &[JSON, target, ("smithy-protocol", "rpc-v2-cbor")],
        ),
    ];
    for (method, path, headers) in cases {
        assert_eq!(
            ask("dynamodb:GetItem", method, path, headers),
            unclear,
            "{method} {path} {headers:?}"
        );
    }
}

#[test]
fn a_json_operation_is_what_the_service_reads() {
    let target = ("x-amz-target", "DynamoDB_20120810.GetItem");
    // In lower case it is another operation, which no rule can name.
    let lower = ("x-amz-target", "DynamoDB_20120810.getitem");
    assert_eq!(
        ask("dynamodb:GetItem", "POST", "/", &[JSON, lower]),
        "`aws.allow` has no `dynamodb@eu-central-1:getitem`"
    );
    let overridden = ask(
        "dynamodb:GetItem",
        "POST",
        "/",
        &[JSON, target, ("x-http-method-override", "PUT")],
    );
    assert!(overridden.ends_with("this request has a header that overrides the method"));
}

#[test]
fn a_cbor_operation_is_named_in_one_way() {
    let protocol = ("smithy-protocol", "rpc-v2-cbor");
    let body = ("content-type", "application/cbor");
    let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
    let allow = "monitoring:PutMetricData";
    for headers in [&[protocol, body][..], &[protocol]] {
        assert_eq!(ask(allow, "POST", path, headers), "granted");
    }
    assert_eq!(
        ask(
            allow,
            "POST",
            "/service/GraniteServiceVersion20100801/operation/DeleteAlarms",
            &[protocol, body]
        ),
        "`aws.allow` has no `monitoring@eu-central-1:DeleteAlarms`"
    );
    let cases: [(&str, Headers<'_>); 9] = [
        (path, &[body]),
        (path, &[("smithy-protocol", "rpc-v2-json"), body]),
        (path, &[protocol, JSON]),
        (
            path,
            &[
                protocol,
                body,
                (
                    "x-amz-target",
                    "GraniteServiceVersion20100801.PutMetricData",
                ),
            ],
        ),
        ("/service/Other/operation/PutMetricData", &[protocol, body]),
        (
            "/service/GraniteServiceVersion20100801/operation/PutMetricData/",
            &[protocol, body],
        ),
        (
            "/x/service/GraniteServiceVersion20100801/operation/PutMetricData",
            &[protocol, body],
        ),
        (
            "/service/GraniteServiceVersion20100801/operation/Put%2FMetricData",
            &[protocol, body],
        ),
        (
            "/service/GraniteServiceVersion20100801/operation/",
            &[protocol, body],
        ),
    ];
    for (path, headers) in cases {
        let text = ask(allow, "POST", path, headers);
        assert!(
            text.ends_with("with `smithy-protocol: rpc-v2-cbor`, and without `x-amz-target`"),
            "{text}"
        );
    }
}

#[test]
fn the_query_protocol_is_not_an_operation() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let target = ("x-amz-target", "AmazonSQS.SendMessage");
    let allow = "sqs:SendMessage";
    assert_eq!(ask(allow, "POST", "/", &[JSON, target]), "granted");
    let cases: [Case<'_>; 6] = [
        ("GET", "/?Action=SendMessage", &[]),
        ("POST", "/?Action=DeleteQueue", &[JSON, target]),
        ("POST", "/", &[form]),
        ("POST", "/", &[form, target]),
        ("POST", "/123456789012/queue", &[form]),
        ("POST", "/123456789012/queue", &[JSON, target]),
    ];
    for (method, path, headers) in cases {
        let text = ask(allow, method, path, headers);
        assert!(
            text.starts_with("`aws.allow` limits `sqs` to operations, and"),
            "{text}"
        );
    }
}
