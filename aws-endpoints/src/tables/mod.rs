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

/// Yields the second column of the rows of `table` whose first is `key`. The rows are sorted by their first
/// column, which a space ends.
pub fn rows_of(table: &'static str, key: &str) -> impl Iterator<Item = &'static str> {
    let rows = table.get(first_of(table, key)..).unwrap_or_default();
    let rows = rows.lines().map(columns);
    rows.take_while(move |(first, _)| *first == key)
        .map(|(_, second)| second)
}

/// Returns where the first row begins whose first column is not below `key`. A binary search: each request to AWS
/// looks several names up.
fn first_of(table: &str, key: &str) -> usize {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = low.midpoint(high);
        let before = table.get(low..middle).unwrap_or_default();
        let start = before.rfind('\n').map_or(low, |at| low + at + 1);
        let row = table.get(start..high).unwrap_or_default();
        let row = row.lines().next().unwrap_or_default();
        if columns(row).0 < key {
            low = start + row.len() + 1;
        } else {
            high = start;
        }
    }
    low
}

fn columns(row: &str) -> (&str, &str) {
    row.split_once(' ').unwrap_or((row, ""))
}

/// Returns whether a host prefix has a signing name of its own in the tables.
#[must_use]
pub fn is_named(prefix: &str) -> bool {
    rows_of(SIGNING_NAMES, prefix).next().is_some()
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
    let own = ACCOUNTS_OWN.into_iter();
    let own = own.filter(move |(known, _)| *known == prefix);
    rows_of(SIGNING_NAMES, prefix).chain(own.map(|(_, name)| name))
}

/// Returns the host prefix for another name of it.
#[must_use]
pub fn canonical_prefix(prefix: &str) -> &str {
    rows_of(ALIASES, prefix).next().unwrap_or(prefix)
}

/// Returns the ids of the services at a host prefix, as SDKs write them in variables: `DYNAMODB_STREAMS`. Empty
/// if they follow from the prefix.
pub fn service_ids(prefix: &str) -> impl Iterator<Item = &'static str> {
    rows_of(SERVICE_IDS, prefix)
}

/// Returns a host prefix of the service that has this name elsewhere: as its id, such as `eventbridge`, or for
/// signatures, such as `ses`.
#[must_use]
pub fn prefix_of_name(name: &str) -> Option<&'static str> {
    let id = name.replace(['-', '.', ' '], "_").to_uppercase();
    let ids = SERVICE_IDS.lines().map(columns);
    let mut both = ids
        .filter(|(_, known)| *known == id)
        .chain(signing_names().filter(|(_, known)| *known == name));
    both.next().map(|(prefix, _)| prefix)
}

/// Returns whether the JSON of a service has the media type `application/x-amz-json-1.0`, and not that of
/// version 1.1.
#[must_use]
pub fn uses_json_1_0(prefix: &str) -> bool {
    rows_of(JSON_1_0, prefix).next().is_some()
}

/// Yields all host prefixes with another signing name, and that name.
pub fn signing_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    SIGNING_NAMES.lines().map(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_services_lead_to_their_host() {
        for (name, prefix) in [
            ("eventbridge", "events"),
            ("cloudwatch", "monitoring"),
            ("cloudwatch-logs", "logs"),
            ("sfn", "states"),
            ("ses", "email"),
        ] {
            assert_eq!(prefix_of_name(name), Some(prefix), "{name}");
        }
        assert_eq!(prefix_of_name("dynamo"), None);
        assert_eq!(prefix_of_name(""), None);
    }

    #[test]
    fn each_row_of_a_table_is_found_and_nothing_else() {
        for table in [ALIASES, JSON_1_0, SERVICE_IDS, SIGNING_NAMES] {
            let keys: Vec<_> = table.lines().map(|row| columns(row).0).collect();
            assert!(keys.is_sorted());
            for key in &keys {
                let found: Vec<_> = rows_of(table, key).collect();
                let all = table.lines().map(columns);
                let expected: Vec<_> = all.filter(|(it, _)| it == key).map(|(_, it)| it).collect();
                assert_eq!(found, expected, "{key}");
                let shorter = key.strip_suffix(|_: char| true).unwrap_or_default();
                for other in [format!("{key}!"), shorter.to_owned()] {
                    assert_eq!(
                        rows_of(table, &other).next().is_some(),
                        keys.contains(&other.as_str()),
                        "{other}"
                    );
                }
            }
            for other in ["", "!", "zzz", "\n", " "] {
                assert_eq!(rows_of(table, other).next(), None, "{other:?}");
            }
        }
    }
}
