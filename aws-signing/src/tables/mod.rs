//! Tables of AWS services.

mod aliases;
mod bedrock_agent_runtime;
mod bedrock_runtime;
mod json_targets;
mod lambda;
mod query_services;
mod s3;
mod service_ids;
mod signing_names;

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

/// Host prefixes of `aws.endpoints` only: what belongs to accounts.
const ACCOUNTS_OWN: [(&str, &str); 2] = [("appsync-api", "appsync"), ("lambda-url", "lambda")];

/// Whether a host prefix has a signing name of its own in the tables.
pub(crate) fn is_named(prefix: &str) -> bool {
    signing_names::ROWS
        .iter()
        .any(|(known, _)| *known == prefix)
}

/// Whether a host with this prefix signs by this name.
pub(crate) fn signs_as(prefix: &str, service: &str) -> bool {
    let mut named = names(prefix).peekable();
    if named.peek().is_none() {
        return prefix == service;
    }
    named.any(|name| name == service)
}

/// The name by which a host with this prefix signs.
pub(crate) fn signing_name(prefix: &str) -> &str {
    names(prefix).next().unwrap_or(prefix)
}

fn names(prefix: &str) -> impl Iterator<Item = &'static str> {
    let rows = signing_names::ROWS.iter().chain(&ACCOUNTS_OWN);
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, name)| *name)
}

/// Returns the host prefix for another name of it.
pub(crate) fn canonical_prefix(prefix: &str) -> &str {
    let row = aliases::ROWS.iter().find(|(other, _)| *other == prefix);
    row.map_or(prefix, |(_, canonical)| *canonical)
}

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

/// Returns the ids of the services at a host prefix, as SDKs write them in variables: `DYNAMODB_STREAMS`.
pub(crate) fn service_ids(prefix: &str) -> impl Iterator<Item = &'static str> {
    let rows = service_ids::ROWS.iter();
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, id)| *id)
}

/// All host prefixes with another signing name.
#[cfg(test)]
pub(crate) fn signing_rows() -> &'static [(&'static str, &'static str)] {
    signing_names::ROWS
}
