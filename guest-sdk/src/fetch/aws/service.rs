//! Where a request to a service goes, and the header that asks the host to sign it.

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
#[derive(Debug)]
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
            prefix: prefix.to_owned(),
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
        if !is_label(&region) {
            return Err(format!("`{}` is not a region", region.escape_debug()));
        }
        let rule = if is_foreign {
            format!("{prefix}@{region}")
        } else {
            prefix.clone()
        };
        let key = variable("AWS_ACCESS_KEY_ID").map_err(|_| {
            format!("the host signs no requests: add `{rule}` to `aws.allow` of bootstream.toml")
        })?;
        let base = endpoint_variable(&prefix).unwrap_or_else(|| endpoint(&prefix, &region));
        let url = Url::parse(&format!("{}{path}", base.trim_end_matches('/')))?;
        let scope = format!("{region}/{}/aws4_request", signing_name(&prefix));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={key}/00000000/{scope}, SignedHeaders=host, Signature=0"
        );
        let value = HeaderValue::try_from(value)
            .map_err(|_| "`AWS_ACCESS_KEY_ID` is not an access key".to_owned())?;
        headers.insert(AUTHORIZATION, value);
        Ok(Resolved {
            url,
            rule: Some(rule),
        })
    }
}

/// Returns the endpoint that a variable names, as AWS's SDKs do.
fn endpoint_variable(prefix: &str) -> Option<String> {
    let service = prefix.to_ascii_uppercase().replace(['-', '.'], "_");
    let of_service = variable(&format!("AWS_ENDPOINT_URL_{service}"));
    let any = of_service.or_else(|_| variable("AWS_ENDPOINT_URL"));
    any.ok().filter(|url| !url.is_empty())
}

fn endpoint(prefix: &str, region: &str) -> String {
    format!("https://{prefix}.{region}.amazonaws.com")
}

fn signing_name(prefix: &str) -> &str {
    match prefix {
        "bedrock-runtime" | "bedrock-agent" | "bedrock-agent-runtime" => "bedrock",
        other => other,
    }
}

fn is_host_prefix(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(allowed)
}
