//! Tables of AWS services, and what is looked up in them.
//!
//! `scripts/aws-tables.py` writes the tables from botocore 1.43.11's models (Apache-2.0). They are text, a row in
//! each line: an array of strings costs a relocation for each of them when `bootstrap` starts.

/// Other names in hosts, mostly of dual-stack endpoints, and the host prefix.
const ALIASES: &str = include_str!("aliases.txt");
/// Services whose JSON has the media type `application/x-amz-json-1.0`.
const JSON_1_0: &str = include_str!("json_1_0.txt");
/// Ids of services in variables, where they differ from the host prefix.
const SERVICE_IDS: &str = include_str!("service_ids.txt");
/// Host prefixes whose signing name is another. A host can serve two services.
const SIGNING_NAMES: &str = include_str!("signing_names.txt");

/// Host prefixes of endpoints that belong to accounts.
const ACCOUNTS_OWN: [(&str, &str); 2] = [("appsync-api", "appsync"), ("lambda-url", "lambda")];

/// Yields the pairs of a table.
fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter_map(|line| line.split_once(' '))
}

/// Returns whether a host prefix has a signing name of its own in the tables.
#[must_use]
pub fn is_named(prefix: &str) -> bool {
    signing_names().any(|(known, _)| known == prefix)
}

/// Returns whether a host with this prefix signs by this name.
#[must_use]
pub fn signs_as(prefix: &str, service: &str) -> bool {
    let mut named = names(prefix).peekable();
    if named.peek().is_none() {
        return prefix == service;
    }
    named.any(|name| name == service)
}

/// Returns the name by which a host with this prefix signs.
#[must_use]
pub fn signing_name(prefix: &str) -> &str {
    names(prefix).next().unwrap_or(prefix)
}

fn names(prefix: &str) -> impl Iterator<Item = &'static str> {
    let rows = signing_names().chain(ACCOUNTS_OWN);
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, name)| name)
}

/// Returns the host prefix for another name of it.
#[must_use]
pub fn canonical_prefix(prefix: &str) -> &str {
    let row = rows(ALIASES).find(|(other, _)| *other == prefix);
    row.map_or(prefix, |(_, canonical)| canonical)
}

/// Returns the ids of the services at a host prefix, as SDKs write them in variables: `DYNAMODB_STREAMS`. Empty
/// if they follow from the prefix.
pub fn service_ids(prefix: &str) -> impl Iterator<Item = &'static str> {
    let rows = rows(SERVICE_IDS);
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, id)| id)
}

/// Returns whether the JSON of a service has the media type `application/x-amz-json-1.0`, and not that of
/// version 1.1.
#[must_use]
pub fn uses_json_1_0(prefix: &str) -> bool {
    JSON_1_0.lines().any(|known| known == prefix)
}

/// Yields all host prefixes with another signing name, and that name.
pub fn signing_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(SIGNING_NAMES)
}
