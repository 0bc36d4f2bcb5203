use super::*;

fn error(text: &str) -> String {
    text.parse::<Rule>().unwrap_err().to_string()
}

#[test]
fn an_entry_is_read_and_displayed() {
    for (text, prefix, bucket, region, operation) in [
        ("dynamodb", "dynamodb", None, None, None),
        (
            "bedrock-runtime@us-west-2",
            "bedrock-runtime",
            None,
            Some("us-west-2"),
            None,
        ),
        ("sqs@*", "sqs", None, Some("*"), None),
        (
            "s3/my-bucket:read",
            "s3",
            Some("my-bucket"),
            None,
            Some("read"),
        ),
        (
            "s3/a.b_C@cn-north-1:GetObject",
            "s3",
            Some("a.b_C"),
            Some("cn-north-1"),
            Some("GetObject"),
        ),
        ("sqs:SendMessage", "sqs", None, None, Some("SendMessage")),
        (
            "dynamodb@eu-west-1:Get*",
            "dynamodb",
            None,
            Some("eu-west-1"),
            Some("Get*"),
        ),
        ("lambda:Invoke", "lambda", None, None, Some("Invoke")),
        (
            "bedrock-runtime:Converse*",
            "bedrock-runtime",
            None,
            None,
            Some("Converse*"),
        ),
        ("runtime.sagemaker", "runtime.sagemaker", None, None, None),
        (
            "streams.dynamodb:GetRecords",
            "streams.dynamodb",
            None,
            None,
            Some("GetRecords"),
        ),
        ("apigateway:read", "apigateway", None, None, Some("read")),
        ("execute-api", "execute-api", None, None, None),
        ("sts", "sts", None, None, None),
    ] {
        let rule: Rule = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rule.to_string(), text);
        assert_eq!(rule.prefix(), prefix);
        assert_eq!(rule.bucket(), bucket, "{text}");
        assert_eq!(rule.region(), region, "{text}");
        assert_eq!(rule.operation().as_deref(), operation, "{text}");
    }
}

#[test]
fn another_name_of_a_host_is_the_same_service() {
    for (text, prefix) in [("ecr", "api.ecr"), ("streams-dynamodb", "streams.dynamodb")] {
        assert_eq!(text.parse::<Rule>().unwrap().prefix(), prefix);
    }
}

#[test]
fn an_error_names_the_entry_the_reason_and_the_form() {
    for (text, reason) in [
        ("", "has no service"),
        ("@eu-west-1", "has no service"),
        ("*", "is all services; name each"),
        ("dynamodb@", "has no region"),
        ("dynamodb@europe", "has an invalid region"),
        ("dynamodb@eu-west-*", "has an invalid region"),
        ("dynamodb@eu-west-1@eu-west-2", "has an invalid region"),
        ("s3@eu-west-1/b", "has an invalid region"),
        ("s3/", "has no bucket"),
        ("s3//x", "has an invalid bucket"),
        ("s3/*", "has an invalid bucket"),
        ("s3/a b", "has an invalid bucket"),
        ("s3/..", "has an invalid bucket"),
        ("dynamodb/table", "has a bucket, and is not `s3`"),
        ("DynamoDB", "has a service in upper case"),
        ("dynamo db", "has an unknown service"),
        ("evil.dynamodb", "has an unknown service"),
        ("vpce-1", "has an unknown service"),
        ("xn--a", "has an unknown service"),
        (" dynamodb", "has an unknown service"),
        ("https://dynamodb", "has an invalid operation"),
        ("elb", "is a name for servers of customers"),
        ("compute", "is a name for servers of customers"),
        ("dynamodb:", "has an invalid operation"),
        ("dynamodb:*", "has an invalid operation"),
        ("dynamodb:getItem", "has an invalid operation"),
        ("dynamodb:Get*Item", "has an invalid operation"),
        ("dynamodb:GetItem,PutItem", "has an invalid operation"),
        ("dynamodb:Read", ""),
        (
            "dynamodb:read",
            "has `:read`, and the service does not read by GET",
        ),
        (
            "sns:read",
            "has `:read`, and the service does not read by GET",
        ),
        (
            "s3:GetObjekt",
            "has an operation that the service does not have",
        ),
        (
            "lambda:Convoke*",
            "has an operation that the service does not have",
        ),
    ] {
        if reason.is_empty() {
            // A name of the JSON protocol is not checked against a list.
            assert!(text.parse::<Rule>().is_ok(), "{text}");
            continue;
        }
        let error = error(text);
        assert!(error.starts_with(&format!("`{text}` {reason}")), "{error}");
        assert!(error.ends_with(EXPECTED), "{error}");
    }
    assert_eq!(
        error("dynamodb@"),
        "`dynamodb@` has no region; expected `SERVICE[/BUCKET][@REGION][:OPERATION]`, such as `dynamodb`, \
         `bedrock-runtime@us-west-2`, `s3/my-bucket:read` or `sqs:SendMessage`"
    );
}

#[test]
fn operations_that_cannot_be_told_apart_are_refused_at_the_start() {
    for (text, prefix) in [("sns:Publish", "sns"), ("apigateway:GetApi", "apigateway")] {
        assert_eq!(
            error(text),
            format!(
                "`{text}` has an operation, and the operations of this service cannot be told apart; \
                 allow `{prefix}`, and limit it in the IAM policy"
            )
        );
    }
}
