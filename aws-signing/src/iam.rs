//! Which IAM actions a rule needs.

use crate::rule::Operation;
use crate::tables;

/// Services whose name in IAM is not their signing name.
const SERVICES: [(&str, &str); 5] = [
    ("iot-jobs-data", "iotjobsdata"),
    ("iotdata", "iot"),
    ("ioteventsdata", "iotevents"),
    ("monitoring", "cloudwatch"),
    ("tagging", "tag"),
];

/// Services with one action for all requests.
const ONE_ACTION: [(&str, &str); 3] = [
    ("aoss", "aoss:APIAccessAll"),
    ("execute-api", "execute-api:Invoke"),
    ("lambda-url", "lambda:InvokeFunctionUrl"),
];

/// Host prefixes that serve a few of the service's actions.
const FEW: [&str; 2] = ["bedrock-agent-runtime", "bedrock-runtime"];

/// Operations whose action has another name: host prefix, operation, actions.
const RENAMED: [(&str, &str, &[&str]); 32] = [
    ("bedrock-runtime", "Converse", &["InvokeModel"]),
    (
        "bedrock-runtime",
        "ConverseStream",
        &["InvokeModelWithResponseStream"],
    ),
    (
        "bedrock-runtime",
        "InvokeModelWithBidirectionalStream",
        &["InvokeModel"],
    ),
    ("bedrock-runtime", "StartAsyncInvoke", &["InvokeModel"]),
    ("dynamodb", "ExecuteStatement", &["PartiQL*"]),
    ("dynamodb", "BatchExecuteStatement", &["PartiQL*"]),
    ("dynamodb", "ExecuteTransaction", &["PartiQL*"]),
    ("dynamodb", "TransactGetItems", &["GetItem"]),
    (
        "dynamodb",
        "TransactWriteItems",
        &["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"],
    ),
    ("lambda", "Invoke", &["InvokeFunction"]),
    ("lambda", "InvokeWithResponseStream", &["InvokeFunction"]),
    ("s3", "CompleteMultipartUpload", &["PutObject"]),
    ("s3", "CopyObject", &["GetObject", "PutObject"]),
    ("s3", "CreateMultipartUpload", &["PutObject"]),
    ("s3", "DeleteObjects", &["DeleteObject"]),
    ("s3", "GetBucketCors", &["GetBucketCORS"]),
    ("s3", "GetBucketEncryption", &["GetEncryptionConfiguration"]),
    (
        "s3",
        "GetBucketLifecycleConfiguration",
        &["GetLifecycleConfiguration"],
    ),
    ("s3", "HeadBucket", &["ListBucket"]),
    ("s3", "HeadObject", &["GetObject"]),
    ("s3", "ListBuckets", &["ListAllMyBuckets"]),
    (
        "s3",
        "ListMultipartUploads",
        &["ListBucketMultipartUploads"],
    ),
    ("s3", "ListObjectVersions", &["ListBucketVersions"]),
    ("s3", "ListObjects", &["ListBucket"]),
    ("s3", "ListObjectsV2", &["ListBucket"]),
    ("s3", "ListParts", &["ListMultipartUploadParts"]),
    ("s3", "SelectObjectContent", &["GetObject"]),
    ("s3", "UploadPart", &["PutObject"]),
    ("s3", "UploadPartCopy", &["GetObject", "PutObject"]),
    (
        "sqs",
        "ChangeMessageVisibilityBatch",
        &["ChangeMessageVisibility"],
    ),
    ("sqs", "DeleteMessageBatch", &["DeleteMessage"]),
    ("sqs", "SendMessageBatch", &["SendMessage"]),
];

/// Returns the actions for operations at a host prefix, sorted. `None` is all operations.
pub(crate) fn actions(prefix: &str, operation: Option<&Operation>) -> Vec<String> {
    if let Some((_, action)) = ONE_ACTION.iter().find(|(known, _)| *known == prefix) {
        return vec![(*action).to_owned()];
    }
    let mut names = names(prefix, operation);
    names.sort_unstable();
    names.dedup();
    let service = service(prefix);
    names
        .iter()
        .map(|name| format!("{service}:{name}"))
        .collect()
}

fn names(prefix: &str, operation: Option<&Operation>) -> Vec<String> {
    let rows = tables::rest(prefix).into_iter().flatten();
    let all = |is_covered: &dyn Fn(&str) -> bool| {
        let covered = rows.map(|row| row.name).filter(|name| is_covered(name));
        covered
            .flat_map(|name| renamed(prefix, name))
            .collect::<Vec<_>>()
    };
    match operation {
        None if FEW.contains(&prefix) => all(&|_| true),
        None => vec!["*".to_owned()],
        Some(Operation::Read) if FEW.contains(&prefix) => {
            all(&|name| ["Get", "List"].iter().any(|start| name.starts_with(start)))
        }
        Some(Operation::Read) if prefix == "s3" => ["Get*", "List*"].map(str::to_owned).into(),
        Some(Operation::Read) => ["Describe*", "Get*", "List*"].map(str::to_owned).into(),
        Some(Operation::Name(name)) => renamed(prefix, name),
        Some(Operation::StartsWith(start)) => {
            let known = all(&|name| name.starts_with(start.as_str()));
            if known.is_empty() {
                vec![format!("{start}*")]
            } else {
                known
            }
        }
    }
}

fn renamed(prefix: &str, operation: &str) -> Vec<String> {
    let mut rows = RENAMED.iter();
    let row = rows.find(|(known, name, _)| (*known, *name) == (prefix, operation));
    row.map_or_else(
        || vec![operation.to_owned()],
        |(_, _, actions)| actions.iter().map(|&it| it.to_owned()).collect(),
    )
}

fn service(prefix: &str) -> &str {
    let name = aws_endpoints::signing_name(prefix);
    let row = SERVICES.iter().find(|(signing, _)| *signing == name);
    row.map_or(name, |(_, iam)| *iam)
}

#[cfg(test)]
mod tests {
    use crate::Rule;

    #[test]
    fn a_rule_needs_the_actions_of_its_operations() {
        for (rule, actions) in [
            ("dynamodb", &["dynamodb:*"][..]),
            ("dynamodb:GetItem", &["dynamodb:GetItem"]),
            ("dynamodb:Batch*", &["dynamodb:Batch*"]),
            ("dynamodb:TransactGetItems", &["dynamodb:GetItem"]),
            ("streams.dynamodb:GetRecords", &["dynamodb:GetRecords"]),
            ("s3/b:read", &["s3:Get*", "s3:List*"]),
            ("s3:HeadObject", &["s3:GetObject"]),
            ("s3:UploadPart*", &["s3:GetObject", "s3:PutObject"]),
            ("bedrock-runtime:Converse", &["bedrock:InvokeModel"]),
            (
                "bedrock-runtime:Converse*",
                &[
                    "bedrock:InvokeModel",
                    "bedrock:InvokeModelWithResponseStream",
                ],
            ),
            (
                "bedrock-runtime",
                &[
                    "bedrock:ApplyGuardrail",
                    "bedrock:CountTokens",
                    "bedrock:GetAsyncInvoke",
                    "bedrock:InvokeModel",
                    "bedrock:InvokeModelWithResponseStream",
                    "bedrock:ListAsyncInvokes",
                ],
            ),
            (
                "bedrock-runtime:read",
                &["bedrock:GetAsyncInvoke", "bedrock:ListAsyncInvokes"],
            ),
            ("lambda:Invoke", &["lambda:InvokeFunction"]),
            ("sqs:SendMessageBatch", &["sqs:SendMessage"]),
            ("monitoring:PutMetricData", &["cloudwatch:PutMetricData"]),
            ("email", &["ses:*"]),
            ("execute-api", &["execute-api:Invoke"]),
            ("lambda-url", &["lambda:InvokeFunctionUrl"]),
            (
                "apigateway:read",
                &[
                    "apigateway:Describe*",
                    "apigateway:Get*",
                    "apigateway:List*",
                ],
            ),
        ] {
            assert_eq!(
                rule.parse::<Rule>().unwrap().iam_actions(),
                actions,
                "{rule}"
            );
        }
    }
}
