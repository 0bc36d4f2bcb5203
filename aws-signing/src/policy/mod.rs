//! What is signed.

mod warnings;

use http::HeaderMap;
use http::request::Parts;

use crate::endpoint::custom::CustomEndpoint;
use crate::endpoint::destination::Destination;
use crate::endpoint::{self, Endpoint, Region};
use crate::grant::Grant;
use crate::headers::COPY_SOURCE;
use crate::operation::{self, Request};
use crate::payload::Payload;
use crate::refusal::Refusal;
use crate::rule::{Operation, Rule};
use crate::s3::{self, Place};

/// What is signed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// `aws.allow`.
    pub allow: Vec<Rule>,
    /// `aws.endpoints`.
    pub endpoints: Vec<CustomEndpoint>,
    /// The function's region: `AWS_REGION`.
    pub region: Option<String>,
}

impl Policy {
    /// Whether nothing is signed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty()
    }

    /// Returns the URL of a service's endpoint, without a path: of `aws.endpoints`, or in the function's region,
    /// or in the only region of its rules. `None` if the region is unknown.
    #[must_use]
    pub fn warm(&self, prefix: &str) -> Option<String> {
        let prefix = aws_endpoints::canonical_prefix(prefix);
        self.url(prefix, self.usual_region(prefix))
    }

    /// Returns the URL of a service's endpoint for requests of the host itself: of `aws.endpoints`, or in the
    /// function's region. The rules do not apply: they are for other requests.
    #[must_use]
    pub fn home(&self, prefix: &str) -> Option<String> {
        let prefix = aws_endpoints::canonical_prefix(prefix);
        self.url(prefix, self.region.as_deref())
    }

    fn url(&self, prefix: &str, region: Option<&str>) -> Option<String> {
        let mut custom = self.endpoints.iter();
        if let Some(custom) = custom.find(|it| it.prefix() == prefix) {
            return Some(custom.url());
        }
        let host = aws_endpoints::endpoint(prefix, region?)?.host;
        endpoint::parse(&host).map(|_| format!("https://{host}"))
    }

    /// Returns a grant for a request that the host itself makes to [`Policy::home`], with a held body. The
    /// rules do not apply. `None` if the endpoint's region is unknown, or path or query cannot be signed.
    #[must_use]
    pub fn own(&self, prefix: &str, head: &Parts) -> Option<Grant> {
        let url = self.home(prefix)?.parse().ok()?;
        let destination = Destination::of(&url)?;
        let service = aws_endpoints::signing_name(aws_endpoints::canonical_prefix(prefix));
        let endpoint = self.endpoint(&destination, service)?;
        let region = endpoint.region.name().or(self.region.as_deref())?;
        Grant::new(
            &endpoint,
            (service, region),
            &destination,
            &head.uri,
            Payload::Held,
        )
        .ok()
    }

    /// The function's region, or the first that the rules of a service name if none is for the function's.
    fn usual_region(&self, prefix: &str) -> Option<&str> {
        let mut named = self.rules(prefix).map(Rule::region).peekable();
        let own = self.region.as_deref();
        let is_own = |region: Option<&str>| region.is_none_or(|it| it == "*" || Some(it) == own);
        if named.peek().is_none() || self.rules(prefix).any(|rule| is_own(rule.region())) {
            return own.or_else(|| named.flatten().find(|it| *it != "*"));
        }
        named.flatten().next()
    }

    fn rules(&self, prefix: &str) -> impl Iterator<Item = &Rule> {
        self.allow
            .iter()
            .filter(move |rule| rule.prefix() == prefix)
    }

    /// Returns the endpoint of a request that is signed for `service`. Several entries of `aws.endpoints` may have
    /// one URL, as with a stand-in for all of AWS: then the service decides, and rules between services of one
    /// signing name.
    pub(crate) fn endpoint(&self, destination: &Destination, service: &str) -> Option<Endpoint> {
        let here = || {
            let endpoints = self.endpoints.iter();
            endpoints.filter_map(|it| it.endpoint(destination))
        };
        let signs = |it: &Endpoint| aws_endpoints::signs_as(&it.prefix, service);
        let has_rule = |it: &Endpoint| self.rules(&it.prefix).next().is_some();
        here()
            .find(|it| signs(it) && has_rule(it))
            .or_else(|| here().find(signs))
            .or_else(|| here().next())
            .or_else(|| endpoint::parse(&destination.host))
    }

    /// Refuses requests that no rule covers.
    pub(crate) fn check(
        &self,
        endpoint: &Endpoint,
        region: &str,
        request: &Request<'_>,
    ) -> Result<(), Refusal> {
        let prefix = &endpoint.prefix;
        let here: Vec<_> = self
            .rules(prefix)
            .filter(|rule| self.is_in(rule, endpoint, region))
            .collect();
        if here.is_empty() {
            return Err(Refusal::NotAllowed(format!("{prefix}@{region}")));
        }
        if here
            .iter()
            .any(|rule| rule.bucket().is_none() && rule.operations().is_none())
        {
            return Ok(());
        }
        if request.path.has_dots() {
            return Err(Refusal::DotSegments(prefix.clone()));
        }
        let bucket = request.place.and_then(|place| place.bucket.as_deref());
        let about = |rule: &&Rule| rule.bucket().is_none() || rule.bucket() == bucket;
        let about: Vec<_> = here.iter().copied().filter(about).collect();
        if about.is_empty() {
            let bucket = Refusal::shown(bucket.unwrap_or_default().as_bytes());
            let bucket = if bucket.is_empty() {
                bucket
            } else {
                format!("/{bucket}")
            };
            return Err(Refusal::NotAllowed(format!("{prefix}{bucket}@{region}")));
        }
        check_operation(&about, region, request)?;
        check_copy(&here, request.headers)
    }

    fn is_in(&self, rule: &Rule, endpoint: &Endpoint, region: &str) -> bool {
        match rule.region() {
            Some("*") => true,
            Some(named) => named == region,
            // A service with one endpoint for all regions is in each.
            None => {
                matches!(endpoint.region, Region::Global(_))
                    || self.region.as_deref() == Some(region)
            }
        }
    }
}

/// Refuses operations that none of the rules covers.
fn check_operation(rules: &[&Rule], region: &str, request: &Request<'_>) -> Result<(), Refusal> {
    let is_covered = |rule: &&Rule| match rule.operations() {
        None => true,
        Some(Operation::Read) => operation::is_read(request),
        Some(Operation::Name(_) | Operation::StartsWith(_)) => false,
    };
    if rules.iter().any(is_covered) {
        return Ok(());
    }
    let prefix = request.prefix;
    let mut named = rules.iter().filter_map(|rule| rule.operations());
    if named.clone().all(|it| *it == Operation::Read) {
        return Err(Refusal::ReadOnly(prefix.to_owned()));
    }
    let name = operation::name(request).map_err(|reason| Refusal::UnclearOperation {
        prefix: prefix.to_owned(),
        reason,
    })?;
    if named.any(|it| it.covers(&name)) {
        return Ok(());
    }
    let name = Refusal::shown(name.as_bytes());
    Err(Refusal::NotAllowed(format!("{prefix}@{region}:{name}")))
}

/// Refuses copies from buckets that no rule lets read.
fn check_copy(rules: &[&Rule], headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(source) = headers.get(COPY_SOURCE) else {
        return Ok(());
    };
    let bucket = s3::copied_bucket(source)?;
    let reads = |operation: Option<&Operation>| match operation {
        None | Some(Operation::Read) => true,
        Some(operation) => ["GetObject", "CopyObject", "UploadPartCopy"]
            .iter()
            .any(|name| operation.covers(name)),
    };
    let is_readable =
        |rule: &&Rule| rule.bucket().is_none_or(|it| it == bucket) && reads(rule.operations());
    if rules.iter().any(is_readable) {
        return Ok(());
    }
    Err(Refusal::CopySource(format!(
        "the bucket `{}`",
        Refusal::shown(bucket.as_bytes())
    )))
}

/// Returns what a request to S3 is about.
pub(crate) fn place(endpoint: &Endpoint, path: &crate::uri::Path) -> Option<Place> {
    (endpoint.prefix == "s3").then(|| Place::of(endpoint, path))
}

#[cfg(test)]
mod tests;
