//! Tables of AWS services, and what is looked up in them.

mod aliases;
mod json_1_0;
mod service_ids;
mod signing_names;

/// Host prefixes of endpoints that belong to accounts.
const ACCOUNTS_OWN: [(&str, &str); 2] = [("appsync-api", "appsync"), ("lambda-url", "lambda")];

/// Returns whether a host prefix has a signing name of its own in the tables.
#[must_use]
pub fn is_named(prefix: &str) -> bool {
    signing_names::ROWS
        .iter()
        .any(|(known, _)| *known == prefix)
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
    let rows = signing_names::ROWS.iter().chain(&ACCOUNTS_OWN);
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, name)| *name)
}

/// Returns the host prefix for another name of it.
#[must_use]
pub fn canonical_prefix(prefix: &str) -> &str {
    let row = aliases::ROWS.iter().find(|(other, _)| *other == prefix);
    row.map_or(prefix, |(_, canonical)| *canonical)
}

/// Returns the ids of the services at a host prefix, as SDKs write them in variables: `DYNAMODB_STREAMS`. Empty
/// if they follow from the prefix.
pub fn service_ids(prefix: &str) -> impl Iterator<Item = &'static str> {
    let rows = service_ids::ROWS.iter();
    rows.filter(move |(known, _)| *known == prefix)
        .map(|(_, id)| *id)
}

/// Returns whether the JSON of a service has the media type `application/x-amz-json-1.0`, and not that of
/// version 1.1.
#[must_use]
pub fn uses_json_1_0(prefix: &str) -> bool {
    json_1_0::ROWS.contains(&prefix)
}

/// Returns all host prefixes with another signing name, and that name.
#[must_use]
pub fn signing_names() -> &'static [(&'static str, &'static str)] {
    signing_names::ROWS
}
