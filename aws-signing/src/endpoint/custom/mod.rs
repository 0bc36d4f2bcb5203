//! Endpoints that the user names: stand-ins of a developer, and hosts that belong to accounts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

use super::destination::Destination;
use super::{Endpoint, NEVER, Region};
use crate::rule;
use aws_endpoints::partition::Partition;

/// One entry of `aws.endpoints`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomEndpoint {
    prefix: String,
    destination: Destination,
}

/// An entry of `aws.endpoints` that is invalid. The text says why, and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEndpoint(String);

impl CustomEndpoint {
    /// Creates an entry.
    ///
    /// # Errors
    ///
    /// When `prefix` is not a host prefix, `url` is not `https://HOST[:PORT]` or `http://HOST[:PORT]`, is http
    /// to a public address, or leads to an address or host that is never signed for.
    pub fn new(prefix: &str, url: &str) -> Result<Self, InvalidEndpoint> {
        if !rule::is_word(prefix) {
            return Err(InvalidEndpoint(format!(
                "`{prefix}` is not a service; expected the first part of its host, such as `dynamodb` or \
                 `bedrock-runtime`"
            )));
        }
        let invalid = |reason: &str| {
            InvalidEndpoint(format!(
                "`{url}` {reason}; expected a URL such as `http://127.0.0.1:8000` or `https://HOST`"
            ))
        };
        let uri: Uri = url.parse().map_err(|_| invalid("is not a URL"))?;
        let destination =
            Destination::of(&uri).ok_or_else(|| invalid("is not a URL with a host"))?;
        if uri.path().len() > 1 || uri.query().is_some() || url.contains('#') {
            return Err(invalid("has a path"));
        }
        if let Some(address) = address(&destination.host) {
            if is_never(address) {
                return Err(invalid("is an address without a service"));
            }
            if !destination.is_https && !is_private(address) {
                return Err(invalid(
                    "is http to a public address, which shows the signature to others",
                ));
            }
        }
        if !destination.is_https && super::parse(&destination.host).is_some() {
            return Err(invalid(
                "is http to an endpoint of AWS, which shows the signature to others",
            ));
        }
        if is_never_signed(&destination.host) {
            return Err(invalid("is a name that AWS gives to servers of customers"));
        }
        Ok(Self {
            prefix: aws_endpoints::canonical_prefix(prefix).to_owned(),
            destination,
        })
    }

    /// Returns the host prefix of the service.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the URL without a path, such as `http://127.0.0.1:8000`.
    #[must_use]
    pub fn url(&self) -> String {
        self.destination.url()
    }

    /// Returns the variables in which SDKs look for the endpoint, such as `AWS_ENDPOINT_URL_DYNAMODB`. Several
    /// services can share a host prefix.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        aws_endpoints::endpoint_variables(&self.prefix)
    }

    /// Returns the endpoint if the request goes there, to the byte.
    pub(crate) fn endpoint(&self, destination: &Destination) -> Option<Endpoint> {
        (self.destination == *destination).then(|| Endpoint {
            prefix: self.prefix.clone(),
            region: region(&destination.host),
            bucket: None,
            is_custom: true,
        })
    }
}

/// The region that a host names at whatever place.
fn region(host: &str) -> Region {
    let is_region = |label: &&str| Partition::of_region(label).is_some();
    let mut regions = host.split('.').filter(is_region);
    match (regions.next(), regions.next()) {
        (Some(region), None) => Region::In(region.to_owned()),
        _ => Region::Unknown,
    }
}

/// Whether AWS gives such names to virtual machines, load balancers, static sites or accelerators.
fn is_never_signed(host: &str) -> bool {
    let never = |label: &str| {
        // An interface endpoint is of the account's own VPC.
        (NEVER.contains(&label) && label != "vpce")
            || label.starts_with("s3-website-")
            || label.starts_with("vpce-svc-")
    };
    match Partition::split(host) {
        Some((labels, _)) => labels.split('.').any(never),
        None => host.ends_with(".awsglobalaccelerator.com"),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match host.parse().ok()? {
        IpAddr::V6(address) => Some(
            address
                .to_ipv4_mapped()
                .map_or(IpAddr::V6(address), IpAddr::V4),
        ),
        address @ IpAddr::V4(_) => Some(address),
    }
}

/// Unspecified, multicast, broadcast and link-local addresses. The metadata of instances and the credentials
/// of containers are link-local, or in `fd00:ec2::/32`.
fn is_never(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast() || v4.is_link_local()
        }
        IpAddr::V6(v6) => {
            let is_metadata = v6.segments().starts_with(&[0xfd00, 0x0ec2]);
            v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local() || is_metadata
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    // Shared address space (RFC 6598), which VPCs use as well.
    let is_shared = |v4: Ipv4Addr| matches!(v4.octets(), [100, 64..=127, ..]);
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || is_shared(v4),
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests;
