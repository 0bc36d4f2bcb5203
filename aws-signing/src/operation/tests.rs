//! Through [`crate::ask`], as rules for operations are asked.

use crate::testing::{answer, policy, signed_head};

const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

fn ask(allow: &str, method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let prefix = allow.split([':', '/']).next().unwrap();
    let service = crate::tables::signing_name(prefix);
    let uri = format!("https://{prefix}.eu-central-1.amazonaws.com{target}");
    let head = signed_head(method, &uri, (service, "eu-central-1"), headers);
    answer(&policy(&[allow]), &head)
}

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
    let cases: [(&str, &str, &[(&str, &str)]); 14] = [
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
    let cases: [(&str, &[(&str, &str)]); 9] = [
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
    let cases: [(&str, &str, &[(&str, &str)]); 6] = [
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

#[test]
fn operations_of_rest_services_are_method_and_path() {
    let model = "/model/anthropic.claude-3-haiku-20240307-v1:0";
    let arn = "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fx";
    for (allow, method, target, name) in [
        (
            "bedrock-runtime:Converse",
            "POST",
            format!("{model}/converse"),
            "",
        ),
        (
            "bedrock-runtime:Converse",
            "POST",
            format!("{arn}/converse"),
            "",
        ),
        (
            "bedrock-runtime:Converse",
            "POST",
            format!("{model}/converse-stream"),
            "ConverseStream",
        ),
        (
            "bedrock-runtime:Converse*",
            "POST",
            format!("{model}/converse-stream"),
            "",
        ),
        (
            "bedrock-runtime:Converse",
            "POST",
            format!("{model}/invoke"),
            "InvokeModel",
        ),
        (
            "bedrock-runtime:Converse",
            "GET",
            format!("{model}/converse"),
            "?",
        ),
        (
            "bedrock-runtime:Converse",
            "POST",
            format!("{model}/converse/"),
            "?",
        ),
        (
            "bedrock-runtime:Converse",
            "POST",
            "/model//converse".to_owned(),
            "?",
        ),
        (
            "bedrock-runtime:Converse",
            "POST",
            format!("{model}/converse?x=1"),
            "?",
        ),
        (
            "lambda:Invoke",
            "POST",
            "/2015-03-31/functions/f/invocations".to_owned(),
            "",
        ),
        (
            "lambda:Invoke",
            "POST",
            "/2015-03-31/functions/f/invocations?Qualifier=1".to_owned(),
            "",
        ),
        (
            "lambda:Invoke",
            "GET",
            "/2015-03-31/functions/f".to_owned(),
            "GetFunction",
        ),
        (
            "lambda:Invoke",
            "PUT",
            "/2015-03-31/functions/f/code".to_owned(),
            "UpdateFunctionCode",
        ),
        (
            "lambda:Invoke",
            "POST",
            "/2015-03-31/functions/f%2Fg/invocations".to_owned(),
            "?",
        ),
        (
            "lambda:Invoke",
            "POST",
            "/2015-03-31/functions/f/invocations?Other=1".to_owned(),
            "?",
        ),
    ] {
        let prefix = allow.split(':').next().unwrap();
        let expected = match name {
            "" => "granted".to_owned(),
            "?" => format!(
                "`aws.allow` limits `{prefix}` to operations, and the method, path and query of this request \
                 are of none that is known"
            ),
            name => format!("`aws.allow` has no `{prefix}@eu-central-1:{name}`"),
        };
        assert_eq!(
            ask(allow, method, &target, &[]),
            expected,
            "{method} {target}"
        );
    }
}

#[test]
fn dots_in_a_path_cannot_hide_an_operation() {
    for target in [
        "/model/x/../y/converse",
        "/model/%2e%2e/converse",
        "/model/a%2F..%2Fb/converse",
        "/./model/x/converse",
    ] {
        assert_eq!(
            ask("bedrock-runtime:Converse", "POST", target, &[]),
            "`aws.allow` limits `bedrock-runtime`, and the path has `.` or `..` in it; write the path without"
        );
        assert_eq!(ask("bedrock-runtime", "POST", target, &[]), "granted");
    }
}

#[test]
fn operations_of_s3_are_method_path_and_query() {
    let copy = ("x-amz-copy-source", "b/k");
    let cases: [(&str, &str, &[(&str, &str)], &str); 28] = [
        ("GET", "/b/k", &[], "GetObject"),
        (
            "GET",
            "/b/k?x-id=GetObject&versionId=1&partNumber=2",
            &[],
            "GetObject",
        ),
        ("HEAD", "/b/k", &[], "HeadObject"),
        ("GET", "/b/k?acl", &[], "GetObjectAcl"),
        ("GET", "/b/k?acl=&tagging", &[], "?"),
        ("GET", "/b/k?unknown", &[], "?"),
        ("GET", "/b/k?uploadId=1", &[], "ListParts"),
        ("GET", "/b?list-type=2&prefix=a%2F", &[], "ListObjectsV2"),
        ("GET", "/b/", &[], "ListObjects"),
        ("GET", "/b?policy", &[], "GetBucketPolicy"),
        ("GET", "/b?session", &[], "CreateSession"),
        ("GET", "/", &[], "ListBuckets"),
        ("PUT", "/b/k", &[], "PutObject"),
        ("PUT", "/b/k?acl", &[], "PutObjectAcl"),
        ("PUT", "/b/k?%61cl", &[], "PutObjectAcl"),
        ("PUT", "/b/k?ACL", &[], "?"),
        ("PUT", "/b/k", &[copy], "CopyObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=2", &[], "UploadPart"),
        (
            "PUT",
            "/b/k?partNumber=1&uploadId=2",
            &[copy],
            "UploadPartCopy",
        ),
        ("PUT", "/b/k?uploadId=2", &[], "?"),
        ("PUT", "/b", &[], "CreateBucket"),
        ("PUT", "/b?policy", &[], "PutBucketPolicy"),
        ("POST", "/b/k?uploads", &[], "CreateMultipartUpload"),
        ("POST", "/b?delete", &[], "DeleteObjects"),
        ("POST", "/b", &[], "?"),
        ("DELETE", "/b/k", &[], "DeleteObject"),
        ("DELETE", "/b", &[], "DeleteBucket"),
        ("GET", "//b/k", &[], "?"),
    ];
    for (method, target, headers, name) in cases {
        // A rule for another operation, so that the refusal names this one.
        let allow = if name == "RestoreObject" {
            "s3:GetObject"
        } else {
            "s3:RestoreObject"
        };
        let text = ask(allow, method, target, headers);
        if name == "?" {
            assert!(
                text.contains("are of none that is known"),
                "{method} {target}: {text}"
            );
            continue;
        }
        assert_eq!(
            text,
            format!("`aws.allow` has no `s3@eu-central-1:{name}`"),
            "{method} {target}"
        );
        assert_eq!(
            ask(&format!("s3:{name}"), method, target, headers),
            match headers {
                [] => "granted".to_owned(),
                _ if name.contains("Copy") => "granted".to_owned(),
                _ => unreachable!(),
            }
        );
    }
}

#[test]
fn reading_is_get_and_head_without_an_operation_elsewhere() {
    let allow = "s3/b:read";
    for (method, target) in [
        ("GET", "/b/k"),
        ("HEAD", "/b/k"),
        ("GET", "/b?list-type=2"),
        ("GET", "/b?acl"),
    ] {
        assert_eq!(
            ask(allow, method, target, &[]),
            "granted",
            "{method} {target}"
        );
    }
    let form = (
        "content-type",
        "Application/x-www-form-urlencoded; charset=utf-8",
    );
    let cases: [(&str, &str, &[(&str, &str)]); 15] = [
        ("PUT", "/b/k", &[]),
        ("DELETE", "/b/k", &[]),
        ("POST", "/b/k?uploads", &[]),
        ("PATCH", "/b/k", &[]),
        ("OPTIONS", "/b/k", &[]),
        ("GET", "/b?session", &[]),
        ("GET", "/b?Session=", &[]),
        ("GET", "/b?%73ession", &[]),
        ("GET", "/b?Action=DeleteBucket", &[]),
        ("GET", "/b/k", &[form]),
        ("GET", "/b/k", &[("x-amz-target", "S3.PutObject")]),
        ("GET", "/b/k", &[("smithy-protocol", "rpc-v2-cbor")]),
        ("GET", "/b/k", &[("x-http-method-override", "PUT")]),
        ("GET", "/b/k", &[("x-http-method", "PUT")]),
        ("GET", "/b/k", &[("x-method-override", "PUT")]),
    ];
    for (method, target, headers) in cases {
        assert_eq!(
            ask(allow, method, target, headers),
            "`aws.allow` has only `s3:read`, which is GET and HEAD without an operation in the query",
            "{method} {target}"
        );
    }
}
