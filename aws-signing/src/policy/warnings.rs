//! What is perhaps not meant as it is written.

use super::Policy;
use crate::rule::Rule;
use crate::tables;

/// Services that return credentials.
const HAND_OUT: [&str; 6] = [
    "cognito-identity",
    "iam",
    "oidc",
    "portal.sso",
    "sso",
    "sts",
];

impl Policy {
    /// Returns a warning for each service of the rules that hands out credentials, and for each that is unknown
    /// and has no endpoint in `aws.endpoints`.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut prefixes: Vec<_> = self.allow.iter().map(Rule::prefix).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let has_endpoint = |prefix| self.endpoints.iter().any(|it| it.prefix() == prefix);
        let warning = |prefix| match () {
            () if HAND_OUT.contains(&prefix) => Some(format!(
                "`{prefix}` hands out credentials that the handler will see"
            )),
            () if is_known(prefix) || has_endpoint(prefix) => None,
            () => Some(unknown(prefix)),
        };
        prefixes.into_iter().filter_map(warning).collect()
    }
}

fn is_known(prefix: &str) -> bool {
    let is_signed_by_another_name = aws_endpoints::signing_name(prefix) != prefix;
    is_signed_by_another_name || tables::services().any(|known| known == prefix)
}

fn unknown(prefix: &str) -> String {
    let advice = match nearest(prefix) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "write the first part of the service's host".to_owned(),
    };
    format!("`{prefix}` is not a service that we know; {advice}")
}

/// Returns the host prefix of the service that this name most likely means.
fn nearest(name: &str) -> Option<&'static str> {
    if let Some(prefix) = aws_endpoints::prefix_of_name(name) {
        return Some(prefix);
    }
    let distances = tables::services().map(|known| (distance(name, known), known));
    let (distance, known) = distances.min()?;
    // Others are as far from any text.
    (distance <= 1 + name.len() / 4).then_some(known)
}

/// Number of bytes to insert, remove or replace to turn one text into the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<_> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut before = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(other.bytes()) {
            let above = *cell;
            let replaced = before + usize::from(a != b);
            left = replaced.min(above + 1).min(left + 1);
            before = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CustomEndpoint;

    fn endpoint(&(prefix, url): &(&str, &str)) -> CustomEndpoint {
        CustomEndpoint::new(prefix, url).unwrap()
    }

    fn warnings(allow: &[&str], endpoints: &[(&str, &str)]) -> Vec<String> {
        let policy = Policy {
            allow: allow.iter().map(|it| it.parse().unwrap()).collect(),
            endpoints: endpoints.iter().map(endpoint).collect(),
            region: None,
        };
        policy.warnings()
    }

    #[test]
    fn services_that_hand_out_credentials_have_a_warning() {
        for prefix in HAND_OUT {
            let expected = format!("`{prefix}` hands out credentials that the handler will see");
            assert_eq!(warnings(&[prefix], &[]), [expected]);
        }
    }

    #[test]
    fn an_unknown_service_has_one_warning_with_the_nearest() {
        for (prefix, nearest) in [
            ("dynamo", "dynamodb"),
            ("dynamodbb", "dynamodb"),
            ("bedrockruntime", "bedrock-runtime"),
            ("bedrock-runtme", "bedrock-runtime"),
            ("secrets-manager", "secretsmanager"),
            ("cloudwatch", "monitoring"),
            ("ses", "email"),
            ("s4", "s3"),
        ] {
            let expected =
                format!("`{prefix}` is not a service that we know; did you mean `{nearest}`?");
            let twice = [prefix, &format!("{prefix}@us-west-2")];
            assert_eq!(warnings(&twice, &[]), [expected]);
        }
        assert_eq!(
            warnings(&["vpc-lattice-svcs-of-tomorrow"], &[]),
            [
                "`vpc-lattice-svcs-of-tomorrow` is not a service that we know; write the first part of the \
                 service's host"
            ]
        );
    }

    #[test]
    fn known_services_and_those_with_an_endpoint_have_none() {
        let all: Vec<_> = tables::services()
            .filter(|it| !HAND_OUT.contains(it))
            .collect();
        assert!(all.len() > 400 && all.is_sorted());
        assert_eq!(warnings(&all, &[]), [""; 0]);
        // Other names of a host, and what the customer names.
        let other = ["ecr", "streams-dynamodb", "lambda-url", "appsync-api"];
        assert_eq!(warnings(&other, &[]), [""; 0]);
        let own = [("vpc-lattice-svcs", "https://x.vpc-lattice-svcs.example")];
        assert_eq!(warnings(&["vpc-lattice-svcs"], &own), [""; 0]);
    }

    #[test]
    fn the_distance_counts_changes() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "xabc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
