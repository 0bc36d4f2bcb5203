//! Tables of AWS services: what tells their operations apart.
//!
//! `scripts/aws-tables.py` writes the tables from botocore 1.43.11's models (Apache-2.0). They are text, a row in
//! each line: an array of strings costs a relocation for each of them when `bootstrap` starts.

/// Services with a JSON or CBOR protocol, and what precedes the operation in `x-amz-target`.
const JSON_TARGETS: &str = include_str!("json_targets.txt");
/// Services with a query protocol only.
const QUERY_SERVICES: &str = include_str!("query_services.txt");
/// Host prefixes of all services.
const SERVICES: &str = include_str!("services.txt");
/// Operations of REST services: method, path, query keys that it needs, query keys that it may have, whether it
/// needs `x-amz-copy-source`, and its name.
const REST: [(&str, &str); 4] = [
    ("s3", include_str!("s3.txt")),
    ("lambda", include_str!("lambda.txt")),
    ("bedrock-runtime", include_str!("bedrock_runtime.txt")),
    (
        "bedrock-agent-runtime",
        include_str!("bedrock_agent_runtime.txt"),
    ),
];

/// An operation of a REST service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    pub(crate) method: &'static str,
    /// Its path, with names in braces for what varies.
    pub(crate) path: &'static str,
    needed: &'static str,
    possible: &'static str,
    /// Whether it needs the header `x-amz-copy-source`.
    pub(crate) copies: bool,
    pub(crate) name: &'static str,
}

impl Rest {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split(' ');
        Some(Self {
            method: fields.next()?,
            path: fields.next()?,
            needed: fields.next()?,
            possible: fields.next()?,
            copies: fields.next()? == "copies",
            name: fields.next()?,
        })
    }

    /// Yields the query keys that a request needs.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &'static str> + use<> {
        keys(self.needed)
    }

    /// Yields the query keys that a request may have besides.
    pub(crate) fn possible(&self) -> impl Iterator<Item = &'static str> + use<> {
        keys(self.possible)
    }
}

fn keys(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(',').filter(|key| *key != "-")
}

/// Returns what precedes the operation in `x-amz-target`, for services with a JSON or CBOR protocol.
pub(crate) fn json_targets(prefix: &str) -> impl Iterator<Item = &'static str> {
    aws_endpoints::rows_of(JSON_TARGETS, prefix)
}

/// Whether a service has the query protocol only.
pub(crate) fn is_query_service(prefix: &str) -> bool {
    QUERY_SERVICES.lines().any(|known| known == prefix)
}

/// Yields the host prefixes of all services that the tables have. AWS adds others.
pub(crate) fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.lines()
}

/// Returns the operations of a REST service whose operations are told apart.
pub(crate) fn rest(prefix: &str) -> Option<impl Iterator<Item = Rest> + use<>> {
    let (_, table) = REST.into_iter().find(|(known, _)| *known == prefix)?;
    Some(table.lines().filter_map(Rest::parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_an_operation_can_be_read() {
        for (prefix, table) in REST {
            let rows = rest(prefix).expect("a table").count();
            assert_eq!(rows, table.lines().count(), "{prefix}");
            assert!(rows > 5, "{prefix}");
        }
        let copy = rest("s3").unwrap().find(|row| row.name == "CopyObject");
        assert!(copy.unwrap().copies);
        let abort = rest("s3").unwrap().next().unwrap();
        assert_eq!(abort.name, "AbortMultipartUpload");
        assert_eq!(abort.needed().collect::<Vec<_>>(), ["uploadId"]);
        assert_eq!(abort.possible().count(), 0);
    }
}
