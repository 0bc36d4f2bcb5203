//! Operations by method, path and query; reading.

use super::{Case, Headers, ask};

/// Rule, method, target, and the operation that the request asks for; `?` if that is unclear.
const REST: &str = "
bedrock-runtime:Converse POST MODEL/converse Converse
bedrock-runtime:Converse POST ARN/converse Converse
bedrock-runtime:Converse POST MODEL/converse-stream ConverseStream
bedrock-runtime:Converse* POST MODEL/converse-stream ConverseStream
bedrock-runtime:Converse POST MODEL/invoke InvokeModel
bedrock-runtime:Converse GET MODEL/converse ?
bedrock-runtime:Converse POST MODEL/converse/ ?
bedrock-runtime:Converse POST /model//converse ?
bedrock-runtime:Converse POST MODEL/converse?x=1 ?
lambda:Invoke POST /2015-03-31/functions/f/invocations Invoke
lambda:Invoke POST /2015-03-31/functions/f/invocations?Qualifier=1 Invoke
lambda:Invoke GET /2015-03-31/functions/f GetFunction
lambda:Invoke PUT /2015-03-31/functions/f/code UpdateFunctionCode
lambda:Invoke POST /2015-03-31/functions/f%2Fg/invocations ?
lambda:Invoke POST /2015-03-31/functions/f/invocations?Other=1 ?
";

#[test]
fn operations_of_rest_services_are_method_and_path() {
    let model = "/model/anthropic.claude-3-haiku-20240307-v1:0";
    let arn = "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fx";
    for line in REST.lines().filter(|line| !line.is_empty()) {
        let line = line.replace("MODEL", model).replace("ARN", arn);
        let words: Vec<&str> = line.split(' ').collect();
        let [allow, method, target, name] = words.as_slice() else {
            panic!("{line}");
        };
        let (prefix, operation) = allow.split_once(':').unwrap();
        let is_covered = name.starts_with(operation.trim_end_matches('*'))
            && (operation.ends_with('*') || name == &operation);
        let expected = match *name {
            "?" => format!(
                "`aws.allow` limits `{prefix}` to operations, and the method, path and query of \
                 this request are of none that is known"
            ),
            _ if is_covered => "granted".to_owned(),
            name => format!("`aws.allow` has no `{prefix}@eu-central-1:{name}`"),
        };
        assert_eq!(ask(allow, method, target, &[]), expected, "{line}");
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
    let cases: [(&str, &str, Headers<'_>, &str); 28] = [
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
    let cases: [Case<'_>; 15] = [
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
