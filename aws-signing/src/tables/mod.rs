//! Tables of AWS services: what tells their operations apart.

mod bedrock_agent_runtime;
mod bedrock_runtime;
mod json_targets;
mod lambda;
mod query_services;
mod s3;

/// An operation of a REST service: method, path, query keys that it needs, query keys that it may have,
/// whether it needs `x-amz-copy-source`, and its name.
pub(crate) type Rest = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    bool,
    &'static str,
);

/// Returns what precedes the operation in `x-amz-target`, for services with a JSON or CBOR protocol.
pub(crate) fn json_targets(prefix: &str) -> impl Iterator<Item = &'static str> {
    let rows = json_targets::ROWS.iter();
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, target)| *target)
}

/// Whether a service has the query protocol only.
pub(crate) fn is_query_service(prefix: &str) -> bool {
    query_services::ROWS.contains(&prefix)
}

/// Returns the operations of a REST service whose operations are told apart.
pub(crate) fn rest(prefix: &str) -> Option<&'static [Rest]> {
    match prefix {
        "s3" => Some(s3::ROWS),
        "lambda" => Some(lambda::ROWS),
        "bedrock-runtime" => Some(bedrock_runtime::ROWS),
        "bedrock-agent-runtime" => Some(bedrock_agent_runtime::ROWS),
        _ => None,
    }
}
