//! One entry of `aws.allow`.

use std::fmt;
use std::str::FromStr;

use crate::endpoint::{self, NEVER};
use crate::tables;
use aws_endpoints::partition::Partition;

/// The expected form, for errors.
const EXPECTED: &str = "expected `SERVICE[/BUCKET][@REGION][:OPERATION]`, such as `dynamodb`, \
                        `bedrock-runtime@us-west-2`, `s3/my-bucket:read` or `sqs:SendMessage`";

/// Longest name of a bucket.
const BUCKET_LIMIT: usize = 255;

/// One entry of `aws.allow`: `SERVICE[/BUCKET][@REGION][:OPERATION]`.
///
/// `SERVICE` is the host prefix of a service, such as `bedrock-runtime`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    prefix: String,
    bucket: Option<String>,
    region: Option<String>,
    operation: Option<Operation>,
}

/// The operations of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `read`: GET and HEAD.
    Read,
    /// One name.
    Name(String),
    /// All names that start so.
    StartsWith(String),
}

/// An entry of `aws.allow` that is invalid. The text says why, and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` {reason}; {expected}")]
pub struct InvalidRule {
    entry: String,
    reason: String,
    expected: String,
}

impl Rule {
    /// Returns the host prefix, such as `bedrock-runtime`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the only bucket.
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }

    /// Returns the region, or `*` for all. `None` is the function's own region.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Returns `read`, or an operation such as `GetItem` or `Get*`.
    #[must_use]
    pub fn operation(&self) -> Option<String> {
        self.operation.as_ref().map(Operation::to_string)
    }

    /// Returns the IAM actions that the role needs for this entry, such as `dynamodb:GetItem`. They can end in
    /// `*`.
    #[must_use]
    pub fn iam_actions(&self) -> Vec<String> {
        crate::iam::actions(&self.prefix, self.operation.as_ref())
    }

    pub(crate) fn operations(&self) -> Option<&Operation> {
        self.operation.as_ref()
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let (rest, operation) = split(text, ':');
        let (rest, region) = split(rest, '@');
        let (prefix, bucket) = split(rest, '/');
        if prefix.is_empty() {
            return Err("has no service".into());
        }
        if !is_word(prefix) {
            return Err(not_a_service(prefix));
        }
        let prefix = aws_endpoints::canonical_prefix(prefix);
        Ok(Self {
            bucket: bucket.map(|it| parse_bucket(prefix, it)).transpose()?,
            region: region.map(parse_region).transpose()?,
            operation: operation
                .map(|it| Operation::parse(prefix, it))
                .transpose()?,
            prefix: prefix.to_owned(),
        })
    }
}

/// What is wrong with an entry.
struct Wrong {
    reason: String,
    /// If it is not the form.
    expected: Option<String>,
}

impl From<&str> for Wrong {
    fn from(reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            expected: None,
        }
    }
}

impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        Self::parse(text).map_err(|wrong| InvalidRule {
            entry: text.to_owned(),
            reason: wrong.reason,
            expected: wrong.expected.unwrap_or_else(|| EXPECTED.to_owned()),
        })
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Whether `text` can be a host prefix in the settings.
pub(crate) fn is_word(text: &str) -> bool {
    endpoint::is_prefix(aws_endpoints::canonical_prefix(text)) && !text.starts_with("vpce-")
}

fn not_a_service(prefix: &str) -> Wrong {
    if prefix == "*" {
        return "is all services; name each".into();
    }
    if NEVER.contains(&prefix) {
        return "is a name for servers of customers".into();
    }
    if prefix.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return "has a service in upper case; write the first part of its host".into();
    }
    "has an unknown service; write the first part of its host".into()
}

fn parse_bucket(prefix: &str, bucket: &str) -> Result<String, Wrong> {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if prefix != "s3" {
        return Err("has a bucket, and is not `s3`".into());
    }
    if bucket.is_empty() {
        return Err("has no bucket".into());
    }
    if bucket.len() > BUCKET_LIMIT || !bucket.bytes().all(is_valid) || [".", ".."].contains(&bucket)
    {
        return Err("has an invalid bucket; it is one name, without `*`".into());
    }
    Ok(bucket.to_owned())
}

fn parse_region(region: &str) -> Result<String, Wrong> {
    if region.is_empty() {
        return Err("has no region".into());
    }
    if region != "*" && Partition::of_region(region).is_none() {
        return Err("has an invalid region; it is `*` or a region such as `eu-central-1`".into());
    }
    Ok(region.to_owned())
}

impl Operation {
    fn parse(prefix: &str, text: &str) -> Result<Self, Wrong> {
        let json = tables::json_targets(prefix).next().is_some();
        if text == "read" {
            if json || tables::is_query_service(prefix) {
                return Err(
                    "has `:read`, and the service does not read by GET; name operations".into(),
                );
            }
            return Ok(Self::Read);
        }
        let (name, operation) = match text.strip_suffix('*') {
            Some(start) => (start, Self::StartsWith(start.to_owned())),
            None => (text, Self::Name(text.to_owned())),
        };
        if !name.starts_with(|it: char| it.is_ascii_uppercase())
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(
                "has an invalid operation; it is `read`, or a name such as `GetItem` or `Get*`"
                    .into(),
            );
        }
        let is_known =
            tables::rest(prefix).map(|mut rows| rows.any(|row| operation.covers(row.name)));
        match is_known {
            Some(false) => Err("has an operation that the service does not have".into()),
            None if !json => Err(Wrong {
                reason: "has an operation, and the operations of this service cannot be told apart"
                    .to_owned(),
                expected: Some(format!("allow `{prefix}`, and limit it in the IAM policy")),
            }),
            _ => Ok(operation),
        }
    }

    /// Whether an operation of this name is one of these. `read` covers no name.
    pub(crate) fn covers(&self, name: &str) -> bool {
        match self {
            Self::Read => false,
            Self::Name(own) => own == name,
            Self::StartsWith(start) => name.starts_with(start.as_str()),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::Name(name) => f.write_str(name),
            Self::StartsWith(start) => write!(f, "{start}*"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix)?;
        if let Some(bucket) = &self.bucket {
            write!(f, "/{bucket}")?;
        }
        if let Some(region) = &self.region {
            write!(f, "@{region}")?;
        }
        match &self.operation {
            Some(operation) => write!(f, ":{operation}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
