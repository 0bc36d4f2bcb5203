//! Operations of bedrock-agent-runtime.
//!
//! Written by `scripts/aws-tables.py` from botocore 1.43.11's models (Apache-2.0).

use super::Rest;

#[rustfmt::skip]
pub(crate) const ROWS: &[Rest] = &[
    ("PUT", "/sessions/{sessionIdentifier}/invocations/", &[], &[], false, "CreateInvocation"),
    ("PUT", "/sessions/", &[], &[], false, "CreateSession"),
    ("DELETE", "/agents/{agentId}/agentAliases/{agentAliasId}/memories", &[], &["memoryId", "sessionId"], false, "DeleteAgentMemory"),
    ("DELETE", "/sessions/{sessionIdentifier}/", &[], &[], false, "DeleteSession"),
    ("PATCH", "/sessions/{sessionIdentifier}", &[], &[], false, "EndSession"),
    ("POST", "/generateQuery", &[], &[], false, "GenerateQuery"),
    ("GET", "/agents/{agentId}/agentAliases/{agentAliasId}/memories", &["memoryId", "memoryType"], &["maxItems", "nextToken"], false, "GetAgentMemory"),
    ("GET", "/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}/executions/{executionIdentifier}/flowsnapshot", &[], &[], false, "GetExecutionFlowSnapshot"),
    ("GET", "/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}/executions/{executionIdentifier}", &[], &[], false, "GetFlowExecution"),
    ("POST", "/sessions/{sessionIdentifier}/invocationSteps/{invocationStepId}", &[], &[], false, "GetInvocationStep"),
    ("GET", "/sessions/{sessionIdentifier}/", &[], &[], false, "GetSession"),
    ("POST", "/agents/{agentId}/agentAliases/{agentAliasId}/sessions/{sessionId}/text", &[], &[], false, "InvokeAgent"),
    ("POST", "/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}", &[], &[], false, "InvokeFlow"),
    ("POST", "/agents/{sessionId}", &[], &[], false, "InvokeInlineAgent"),
    ("GET", "/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}/executions/{executionIdentifier}/events", &["eventType"], &["maxResults", "nextToken"], false, "ListFlowExecutionEvents"),
    ("GET", "/flows/{flowIdentifier}/executions", &[], &["flowAliasIdentifier", "maxResults", "nextToken"], false, "ListFlowExecutions"),
    ("POST", "/sessions/{sessionIdentifier}/invocationSteps/", &[], &["maxResults", "nextToken"], false, "ListInvocationSteps"),
    ("POST", "/sessions/{sessionIdentifier}/invocations/", &[], &["maxResults", "nextToken"], false, "ListInvocations"),
    ("POST", "/sessions/", &[], &["maxResults", "nextToken"], false, "ListSessions"),
    ("GET", "/tags/{resourceArn}", &[], &[], false, "ListTagsForResource"),
    ("POST", "/optimize-prompt", &[], &[], false, "OptimizePrompt"),
    ("PUT", "/sessions/{sessionIdentifier}/invocationSteps/", &[], &[], false, "PutInvocationStep"),
    ("POST", "/rerank", &[], &[], false, "Rerank"),
    ("POST", "/knowledgebases/{knowledgeBaseId}/retrieve", &[], &[], false, "Retrieve"),
    ("POST", "/retrieveAndGenerate", &[], &[], false, "RetrieveAndGenerate"),
    ("POST", "/retrieveAndGenerateStream", &[], &[], false, "RetrieveAndGenerateStream"),
    ("POST", "/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}/executions", &[], &[], false, "StartFlowExecution"),
    ("POST", "/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}/executions/{executionIdentifier}/stop", &[], &[], false, "StopFlowExecution"),
    ("POST", "/tags/{resourceArn}", &[], &[], false, "TagResource"),
    ("DELETE", "/tags/{resourceArn}", &["tagKeys"], &[], false, "UntagResource"),
    ("PUT", "/sessions/{sessionIdentifier}/", &[], &[], false, "UpdateSession"),
];
