//! Endpoints of AWS's services: partitions, host prefixes, signing names. Tables without I/O and without
//! dependencies, for the host that signs and for handlers that ask for it.
#![warn(missing_docs)]

pub mod partition;
mod tables;

use partition::Partition;
pub use tables::{
    canonical_prefix, is_named, prefix_of_name, rows_of, service_ids, signing_name, signing_names,
    signs_as, uses_json_1_0,
};

/// Host prefixes of services with one endpoint for a partition, whose host has no region.
pub const GLOBAL_SERVICES: [&str; 8] = [
    "budgets",
    "cloudfront",
    "health",
    "iam",
    "importexport",
    "route53",
    "savingsplans",
    "waf",
];

/// Where requests to a service go, and what they are signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The host name.
    pub host: String,
    /// The region that the host stands for: that of the partition for services without regions.
    pub region: String,
}

/// Returns the usual endpoint of a host prefix in a region. `None` if there is no such region.
#[must_use]
pub fn endpoint(prefix: &str, region: &str) -> Option<Endpoint> {
    let prefix = canonical_prefix(prefix);
    let partition = Partition::of_region(region)?;
    let suffix = partition.suffixes.first()?;
    Some(if GLOBAL_SERVICES.contains(&prefix) {
        Endpoint {
            host: format!("{prefix}.{suffix}"),
            region: partition.global.to_owned(),
        }
    } else {
        Endpoint {
            host: format!("{prefix}.{region}.{suffix}"),
            region: region.to_owned(),
        }
    })
}

/// Returns the variables in which AWS's SDKs look for another endpoint of a host prefix, such as
/// `AWS_ENDPOINT_URL_DYNAMODB`. Several services can share a host prefix.
#[must_use]
pub fn endpoint_variables(prefix: &str) -> Vec<String> {
    let mut ids: Vec<String> = service_ids(prefix).map(str::to_owned).collect();
    if ids.is_empty() {
        ids.push(prefix.replace(['-', '.'], "_").to_uppercase());
    }
    ids.iter()
        .map(|id| format!("AWS_ENDPOINT_URL_{id}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_an_endpoint_in_each_region() {
        for (prefix, region, host, signed_for) in [
            (
                "dynamodb",
                "eu-central-1",
                "dynamodb.eu-central-1.amazonaws.com",
                "eu-central-1",
            ),
            (
                "bedrock-runtime",
                "us-gov-west-1",
                "bedrock-runtime.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
            ),
            (
                "sqs",
                "cn-north-1",
                "sqs.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            (
                "s3",
                "eusc-de-east-1",
                "s3.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1",
            ),
            ("iam", "eu-central-1", "iam.amazonaws.com", "us-east-1"),
            (
                "iam",
                "cn-north-1",
                "iam.amazonaws.com.cn",
                "cn-northwest-1",
            ),
            (
                "ecr",
                "us-east-1",
                "api.ecr.us-east-1.amazonaws.com",
                "us-east-1",
            ),
        ] {
            let expected = Endpoint {
                host: host.to_owned(),
                region: signed_for.to_owned(),
            };
            assert_eq!(
                endpoint(prefix, region),
                Some(expected),
                "{prefix} {region}"
            );
        }
        for region in ["", "nowhere", "us-east-1.evil.example/", "eu-central-1a"] {
            assert_eq!(endpoint("dynamodb", region), None, "{region}");
        }
    }

    #[test]
    fn endpoint_variables_are_those_that_sdks_read() {
        for (prefix, variables) in [
            ("dynamodb", &["AWS_ENDPOINT_URL_DYNAMODB"][..]),
            ("bedrock-runtime", &["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"]),
            ("streams.dynamodb", &["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"]),
            ("states", &["AWS_ENDPOINT_URL_SFN"]),
        ] {
            assert_eq!(endpoint_variables(prefix), variables);
        }
    }

    #[test]
    fn services_have_one_of_two_media_types() {
        for (prefix, is_1_0) in [
            ("dynamodb", true),
            ("sqs", true),
            ("states", true),
            ("secretsmanager", false),
            ("ssm", false),
            ("kms", false),
        ] {
            assert_eq!(uses_json_1_0(prefix), is_1_0, "{prefix}");
        }
    }

    #[test]
    fn rows_are_sorted_and_unique() {
        let rows: Vec<_> = signing_names().map(|(prefix, _)| prefix).collect();
        assert!(rows.is_sorted());
    }
}
