//! Operations of bedrock-runtime.
//!
//! Written by `scripts/aws-tables.py` from botocore 1.43.11's models (Apache-2.0).

use super::Rest;

#[rustfmt::skip]
pub(crate) const ROWS: &[Rest] = &[
    ("POST", "/guardrail/{guardrailIdentifier}/version/{guardrailVersion}/apply", &[], &[], false, "ApplyGuardrail"),
    ("POST", "/model/{modelId}/converse", &[], &[], false, "Converse"),
    ("POST", "/model/{modelId}/converse-stream", &[], &[], false, "ConverseStream"),
    ("POST", "/model/{modelId}/count-tokens", &[], &[], false, "CountTokens"),
    ("GET", "/async-invoke/{invocationArn}", &[], &[], false, "GetAsyncInvoke"),
    ("POST", "/model/{modelId}/invoke", &[], &[], false, "InvokeModel"),
    ("POST", "/model/{modelId}/invoke-with-bidirectional-stream", &[], &[], false, "InvokeModelWithBidirectionalStream"),
    ("POST", "/model/{modelId}/invoke-with-response-stream", &[], &[], false, "InvokeModelWithResponseStream"),
    ("GET", "/async-invoke", &[], &["maxResults", "nextToken", "sortBy", "sortOrder", "statusEquals", "submitTimeAfter", "submitTimeBefore"], false, "ListAsyncInvokes"),
    ("POST", "/async-invoke", &[], &[], false, "StartAsyncInvoke"),
];
