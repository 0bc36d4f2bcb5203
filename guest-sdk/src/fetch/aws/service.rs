//! Where a request to a service goes, and the header that asks the host to sign it.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::env::variable;
use crate::fetch::url::Url;

/// The destination of a request.
#[derive(Debug)]
pub(crate) enum Target {
    Url(Url),
    Aws(Service),
}

/// A service of AWS, and the path of a request to it.
pub(crate) struct Service {
    /// What its host name begins with.
    prefix: String,
    /// `None` for the function's own.
    region: Option<String>,
    path: String,
}

/// A destination that is known.
pub(crate) struct Resolved {
    pub(crate) url: Url,
    /// The entry of `aws.allow` for it.
    pub(crate) rule: Option<String>,
}

impl Target {
    /// Finds the destination. Adds the header that asks for a signature.
    pub(crate) fn resolve(self, headers: &mut HeaderMap) -> Result<Resolved, String> {
        match self {
            Self::Url(url) => Ok(Resolved { url, rule: None }),
            Self::Aws(service) => service.resolve(headers),
        }
    }
}

impl Service {
    pub(crate) fn new(prefix: &str, path: &str) -> Result<Self, String> {
        if !is_host_prefix(prefix) {
            return Err(format!(
                "`{}` is not a service: expected the beginning of its host name, such as `dynamodb` or \
                 `bedrock-runtime`",
                prefix.escape_debug()
            ));
        }
        if !path.starts_with('/') {
            let shown = path.split('?').next().unwrap_or_default();
            return Err(format!(
                "the path `{}` does not begin with `/`",
                shown.escape_debug()
            ));
        }
        Ok(Self {
            prefix: aws_endpoints::canonical_prefix(prefix).to_owned(),
            region: None,
            path: path.to_owned(),
        })
    }

    pub(crate) fn set_region(&mut self, region: String) {
        self.region = Some(region);
    }

    fn resolve(self, headers: &mut HeaderMap) -> Result<Resolved, String> {
        let Self {
            prefix,
            region,
            path,
        } = self;
        let is_foreign = region.is_some();
        let region = match region {
            Some(region) => region,
            None => variable("AWS_REGION").map_err(|_| {
                "the handler has no variable `AWS_REGION`: set it, or name the region with `region`"
                    .to_owned()
            })?,
        };
        let (base, signed_for) = base(&prefix, &region)?;
        let url = Url::parse(&format!("{}{path}", base.trim_end_matches('/')))?;
        // A token of one's own takes the place of a signature.
        if headers.contains_key(AUTHORIZATION) {
            return Ok(Resolved { url, rule: None });
        }
        let rule = if is_foreign {
            format!("{prefix}@{region}")
        } else {
            prefix.clone()
        };
        headers.insert(AUTHORIZATION, please_sign(&prefix, &signed_for, &rule)?);
        Ok(Resolved {
            url,
            rule: Some(rule),
        })
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{}{path}", self.prefix)
    }
}

/// Returns the header that asks the host for a signature: one without a signature, by the placeholder of the
/// access key.
fn please_sign(prefix: &str, region: &str, rule: &str) -> Result<HeaderValue, String> {
    let key = variable("AWS_ACCESS_KEY_ID").map_err(|_| {
        format!("the host signs no requests: add `{rule}` to `aws.allow` of bootstream.toml")
    })?;
    let service = aws_endpoints::signing_name(prefix);
    let scope = format!("{region}/{service}/aws4_request");
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={key}/00000000/{scope}, SignedHeaders=host, Signature=0"
    );
    HeaderValue::try_from(value).map_err(|_| "`AWS_ACCESS_KEY_ID` is not an access key".to_owned())
}

/// Returns the URL of a service's endpoint, and the region that it stands for.
fn base(prefix: &str, region: &str) -> Result<(String, String), String> {
    let usual = aws_endpoints::endpoint(prefix, region);
    let named = endpoint_variable(prefix);
    match (named, usual) {
        (Some(url), Some(usual)) => Ok((url, usual.region)),
        // A stand-in for AWS may have regions of its own.
        (Some(url), None) if is_label(region) => Ok((url, region.to_owned())),
        (None, Some(usual)) => Ok((format!("https://{}", usual.host), usual.region)),
        (_, None) => Err(format!(
            "`{}` is not a region of AWS",
            region.escape_debug()
        )),
    }
}

/// Returns the endpoint that a variable names, as AWS's SDKs do.
fn endpoint_variable(prefix: &str) -> Option<String> {
    let mut names = aws_endpoints::endpoint_variables(prefix);
    names.push("AWS_ENDPOINT_URL".to_owned());
    let mut urls = names.iter().filter_map(|name| variable(name).ok());
    urls.find(|url| !url.is_empty())
}

fn is_host_prefix(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(allowed)
}
