//! Endpoints without a region in the name.

use super::{Endpoint, Region, Service};
use aws_endpoints::partition::Partition;

/// Services with regional endpoints, and an older one without a region, of the partition `aws`.
const OLDER: [&str; 2] = ["sdb", "sts"];

/// Returns the endpoint of the labels before a suffix, none of which is a region at the usual place.
pub(super) fn parse(labels: &str, host: &str, partition: &Partition) -> Option<Endpoint> {
    if let Some(endpoint) = service(labels, partition) {
        return Some(endpoint);
    }
    // S3's older forms exist under this suffix only.
    host.ends_with(".amazonaws.com")
        .then(|| older(labels, partition))?
}

fn service(labels: &str, partition: &Partition) -> Option<Endpoint> {
    let (name, region) = match labels.split_once('.') {
        None => (labels, partition.global),
        Some((name, "global")) => (name, partition.global),
        Some((name, "us-gov")) if partition.has("us-gov-west-1") => (name, "us-gov-west-1"),
        Some(("global", "health")) => ("health", partition.global),
        Some(_) => return None,
    };
    let name = name.strip_suffix("-fips").unwrap_or(name);
    aws_endpoints::GLOBAL_SERVICES
        .contains(&name)
        .then(|| Service::new(name).at(Region::Global(region.to_owned())))
}

fn older(labels: &str, partition: &Partition) -> Option<Endpoint> {
    if OLDER.contains(&labels) {
        return Service::new(labels).in_region(partition.global, partition);
    }
    let (bucket, name) = match labels.rsplit_once('.') {
        Some((bucket, name)) => (Some(bucket.to_owned()), name),
        None => (None, labels),
    };
    let region = match name.strip_prefix("s3") {
        Some("") => partition.global,
        Some(region) => region.strip_prefix('-')?,
        None => return None,
    };
    let service = Service {
        prefix: "s3".to_owned(),
        bucket,
    };
    service.in_region(region, partition)
}
