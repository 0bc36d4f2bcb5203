//! The shapes of events, and how to distinguish them.

use std::borrow::Cow;

use lambda_protocol::front_end::{ContextMembers, EventMembers, EventShape};
use serde::{Deserialize, de::IgnoredAny};

use super::{Fields, RequestKind};

/// The stage at the root of an HTTP API. Function URLs have it too.
const DEFAULT_STAGE: &str = "$default";

/// The union of the members of all known shapes, as far as a request needs them.
///
/// From the developer guides of API Gateway, Lambda, Elastic Load Balancing and VPC Lattice, and from
/// events that AWS has sent.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RawEvent<'event> {
    version: Option<IgnoredAny>,
    http_method: Option<String>,
    method: Option<String>,
    path: Option<String>,
    raw_path: Option<String>,
    /// The path of VPC Lattice 1.0, which spells it like this.
    #[serde(rename = "raw_path")]
    lattice_path: Option<String>,
    pub(super) raw_query_string: Option<String>,
    pub(super) cookies: Option<Vec<String>>,
    headers: Fields,
    multi_value_headers: Fields,
    #[serde(alias = "query_string_parameters")]
    query_string_parameters: Fields,
    multi_value_query_string_parameters: Fields,
    request_context: Option<RawContext>,
    #[serde(borrow)]
    pub(super) body: Option<Text<'event>>,
    #[serde(alias = "is_base64_encoded")]
    pub(super) is_base64_encoded: Option<bool>,
}

/// A string that is borrowed unless JSON escapes it: serde by itself does not borrow an
/// `Option<Cow<str>>`.
#[derive(Default, Deserialize)]
pub(super) struct Text<'event>(#[serde(borrow)] pub(super) Cow<'event, str>);

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawContext {
    elb: Option<IgnoredAny>,
    http: Option<RawHttp>,
    stage: Option<String>,
    domain_name: Option<String>,
    connection_id: Option<IgnoredAny>,
    service_network_arn: Option<IgnoredAny>,
    service_arn: Option<IgnoredAny>,
    target_group_arn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawHttp {
    method: String,
    path: Option<String>,
}

impl RawEvent<'_> {
    /// Returns the shape, by the host's rules.
    pub(crate) fn kind(&self) -> Option<RequestKind> {
        let event = EventMembers {
            method: self.method.is_some(),
            http_method: self.http_method.is_some(),
            raw_path: self.lattice_path.is_some(),
        };
        let context = self.request_context.as_ref().map(RawContext::members);
        Some(match EventShape::of(event, context)? {
            EventShape::ApiGatewayV1 => RequestKind::ApiGatewayV1,
            EventShape::ApiGatewayV2 => RequestKind::ApiGatewayV2,
            EventShape::LoadBalancer => RequestKind::Alb,
            EventShape::LatticeV1 => RequestKind::VpcLatticeV1,
            EventShape::LatticeV2 => RequestKind::VpcLatticeV2,
        })
    }

    pub(super) fn method(&self, kind: RequestKind) -> Option<&str> {
        match kind {
            RequestKind::ApiGatewayV1 | RequestKind::Alb => self.http_method.as_deref(),
            RequestKind::ApiGatewayV2 => self.http().map(|http| http.method.as_str()),
            RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => self.method.as_deref(),
        }
    }

    /// Returns the path from the front end, without a stage in front.
    pub(super) fn path(&self, kind: RequestKind) -> Option<&str> {
        match kind {
            RequestKind::Alb | RequestKind::VpcLatticeV2 => self.path.as_deref(),
            RequestKind::VpcLatticeV1 => self.lattice_path.as_deref(),
            // Only HTTP APIs write a version 1.0, and only they put the stage in front.
            RequestKind::ApiGatewayV1 if self.version.is_none() => self.path.as_deref(),
            RequestKind::ApiGatewayV1 => self.path.as_deref().map(|path| self.below_stage(path)),
            RequestKind::ApiGatewayV2 => {
                let of_context = || self.http()?.path.as_deref();
                let path = self.raw_path.as_deref().or_else(of_context)?;
                Some(self.below_stage(path))
            }
        }
    }

    /// Strips a named stage from the path of an HTTP API.
    ///
    /// The stage is always there, even if the API was called through a custom domain:
    /// <https://github.com/CodeGenieApp/serverless-express/issues/465>.
    fn below_stage<'path>(&self, path: &'path str) -> &'path str {
        let named = self.stage().filter(|stage| *stage != DEFAULT_STAGE);
        let Some(stage) = named.filter(|_| !self.is_from_function_url()) else {
            return path;
        };
        let below = path
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(stage));
        match below {
            Some("") => "/",
            Some(below) if below.starts_with('/') => below,
            _ => path,
        }
    }

    fn is_from_function_url(&self) -> bool {
        let context = self.request_context.as_ref();
        let domain = context.and_then(|context| context.domain_name.as_deref());
        domain.is_some_and(|domain| domain.contains(".lambda-url."))
    }

    pub(super) fn stage(&self) -> Option<&str> {
        self.request_context.as_ref()?.stage.as_deref()
    }

    /// Returns the multi-value fields if there are any: the single values are the last of each.
    pub(super) fn headers(&self) -> &Fields {
        self.multi_value_headers.or(&self.headers)
    }

    /// Returns the multi-value fields if there are any: the single values are the last of each.
    pub(super) fn parameters(&self) -> &Fields {
        self.multi_value_query_string_parameters
            .or(&self.query_string_parameters)
    }

    fn http(&self) -> Option<&RawHttp> {
        self.request_context.as_ref()?.http.as_ref()
    }
}

impl RawContext {
    fn members(&self) -> ContextMembers {
        ContextMembers {
            connection_id: self.connection_id.is_some(),
            elb: self.elb.is_some(),
            http: self.http.is_some(),
            lattice_arn: self.service_network_arn.is_some()
                || self.service_arn.is_some()
                || self.target_group_arn.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    /// The members of VPC Lattice 1.0 and of payload format 2.0 differ in one letter's case.
    #[test]
    fn only_the_spelling_of_vpc_lattice_is_an_event_of_vpc_lattice() {
        let kind = |event: &str| parse(event.as_bytes()).unwrap().kind();

        let lattice = kind(r#"{"raw_path":"/","method":"GET"}"#);
        assert_eq!(lattice, Some(RequestKind::VpcLatticeV1));
        assert_eq!(kind(r#"{"rawPath":"/","method":"GET"}"#), None);
    }
}
