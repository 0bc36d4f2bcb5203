//! Which hosts are endpoints of AWS.
//!
//! A host is parsed from its end: the domain suffix of a partition, the region, the host prefix of a service.
//! What is left over belongs to a bucket or an account. A name of another form is not an endpoint, whatever
//! its suffix: customers own names below `amazonaws.com` as well.

pub(crate) mod custom;
pub(crate) mod destination;
mod global;

use aws_endpoints::partition::Partition;

/// An endpoint of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The host prefix, such as `bedrock-runtime`.
    pub(crate) prefix: String,
    pub(crate) region: Region,
    /// The bucket or access point in the host.
    pub(crate) bucket: Option<String>,
    /// Whether it is of `aws.endpoints`.
    pub(crate) is_custom: bool,
}

/// The region of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    /// As the host says.
    In(String),
    /// The service has one endpoint for all regions of the partition, and signs for this one.
    Global(String),
    /// The host does not say.
    Unknown,
}

impl Region {
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::In(name) | Self::Global(name) => Some(name),
            Self::Unknown => None,
        }
    }
}

/// Digits of an account id.
const ACCOUNT: usize = 12;

/// Host prefixes after an account id, and the host prefix without.
const ACCOUNT_PREFIXES: [(&str, &str); 4] = [
    ("ddb", "dynamodb"),
    ("s3-control", "s3-control"),
    ("data-kinesis", "kinesis"),
    ("control-kinesis", "kinesis"),
];

/// Host prefixes after a bucket, an access point or a route.
const BUCKET_PREFIXES: [(&str, &str); 4] = [
    ("s3", "s3"),
    ("s3-accesspoint", "s3"),
    ("s3-object-lambda", "s3-object-lambda"),
    ("s3-outposts", "s3-outposts"),
];

/// Host prefixes before the region with a dot, in FIPS endpoints of some services.
const FIPS_FIRST: [&str; 3] = ["batch", "eks", "transcribe"];

/// Returns the endpoint of a host in lower case.
pub(crate) fn parse(host: &str) -> Option<Endpoint> {
    let (labels, partition) = Partition::split(host)?;
    if labels.split('.').any(|label| !is_label(label)) {
        return None;
    }
    if let Some(labels) = labels.strip_suffix(".vpce") {
        let (rest, region) = labels.rsplit_once('.')?;
        return interface(rest)?.in_region(region, partition);
    }
    match labels.rsplit_once('.') {
        Some((rest, region)) if partition.has(region) => {
            regional(rest)?.in_region(region, partition)
        }
        _ => global::parse(labels, host, partition),
    }
}

/// What is before the region: a host prefix and perhaps a bucket.
struct Service {
    prefix: String,
    bucket: Option<String>,
}

impl Service {
    fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            bucket: None,
        }
    }

    fn at(self, region: Region) -> Endpoint {
        Endpoint {
            prefix: self.prefix,
            region,
            bucket: self.bucket,
            is_custom: false,
        }
    }

    fn in_region(self, region: &str, partition: &Partition) -> Option<Endpoint> {
        let region = partition.has(region).then(|| region.to_owned())?;
        Some(self.at(Region::In(region)))
    }
}

fn regional(labels: &str) -> Option<Service> {
    of_account(labels)
        .or_else(|| of_bucket(labels))
        .or_else(|| plain(labels))
}

/// `ACCOUNT.ddb` and the like.
fn of_account(labels: &str) -> Option<Service> {
    let (account, rest) = labels.split_once('.')?;
    let is_account = account.len() == ACCOUNT && account.bytes().all(|it| it.is_ascii_digit());
    let rest = without_variants(rest);
    let known = ACCOUNT_PREFIXES.iter().find(|(label, _)| *label == rest);
    known
        .filter(|_| is_account)
        .map(|(_, prefix)| Service::new(prefix))
}

/// `[BUCKET.]s3` and the like.
fn of_bucket(labels: &str) -> Option<Service> {
    let labels = labels.strip_suffix(".dualstack").unwrap_or(labels);
    let (bucket, family) = match labels.rsplit_once('.') {
        Some((bucket, family)) => (Some(bucket.to_owned()), family),
        None => (None, labels),
    };
    let family = family.strip_suffix("-fips").unwrap_or(family);
    let (_, prefix) = BUCKET_PREFIXES.iter().find(|(label, _)| *label == family)?;
    Some(Service {
        prefix: (*prefix).to_owned(),
        bucket,
    })
}

/// A host prefix: one label, or several that are in the tables.
fn plain(labels: &str) -> Option<Service> {
    let labels = without_variants(labels);
    let labels = match labels.strip_prefix("fips.") {
        Some(prefix) if FIPS_FIRST.contains(&prefix) => prefix,
        _ => labels.as_str(),
    };
    let prefix = aws_endpoints::canonical_prefix(labels);
    is_prefix(prefix).then(|| Service::new(prefix))
}

/// Removes `-fips` at the end of a label, and the label `dualstack`.
fn without_variants(labels: &str) -> String {
    let labels = labels.strip_suffix(".dualstack").unwrap_or(labels);
    match labels.strip_suffix("-fips") {
        Some(labels) => labels.to_owned(),
        None => labels.replacen("-fips.", ".", 1),
    }
}

/// An interface endpoint in a VPC: `vpce-ID.PREFIX`, and for S3 `[BUCKET.]bucket.vpce-ID.s3`.
fn interface(labels: &str) -> Option<Service> {
    let labels: Vec<&str> = labels.split('.').collect();
    let at = labels
        .iter()
        .rposition(|label| label.starts_with("vpce-"))?;
    // Customers own services behind `vpce-svc-ID`.
    if labels.iter().any(|label| label.starts_with("vpce-svc-")) {
        return None;
    }
    let (before, after) = (labels.get(..at)?, labels.get(at + 1..)?);
    match (before, after) {
        ([], after) => plain(&after.join(".")),
        (["control"] | [_, "control"], ["s3"]) => Some(Service::new("s3-control")),
        ([bucket @ .., "bucket" | "accesspoint"], ["s3"]) => Some(Service {
            prefix: "s3".to_owned(),
            bucket: Some(bucket.join(".")).filter(|bucket| !bucket.is_empty()),
        }),
        _ => None,
    }
}

/// Whether `text` can be the host prefix of an endpoint in a region.
pub(crate) fn is_prefix(text: &str) -> bool {
    let is_known = !text.contains('.') || aws_endpoints::is_named(text);
    is_known && !NEVER.contains(&text) && text.split('.').all(is_label)
}

/// Labels of hosts that customers own.
pub(crate) const NEVER: [&str; 8] = [
    "awsglobalaccelerator",
    "compute",
    "compute-1",
    "elb",
    "s3-website",
    "s3-accelerate",
    "vpce",
    "vpce-svc",
];

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !label.starts_with("xn--")
}

#[cfg(test)]
mod tests;
