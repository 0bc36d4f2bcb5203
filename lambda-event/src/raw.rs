//! The members of an event, and which of them hold the request.

use std::borrow::Cow;

use lambda_protocol::Object;
use lambda_protocol::front_end::{ContextMembers, EventMembers, EventShape};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::RequestKind;
use crate::fields::{Fields, Text};

/// The stage at the root of an HTTP API. Function URLs have it too.
const DEFAULT_STAGE: &str = "$default";

/// The union of the members of all known shapes, as far as a request needs them.
///
/// From the developer guides of API Gateway, Lambda, Elastic Load Balancing and VPC Lattice, and from
/// events that AWS has sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RawEvent<'event> {
    version: Option<IgnoredAny>,
    #[serde(borrow)]
    http_method: Option<Text<'event>>,
    #[serde(borrow)]
    method: Option<Text<'event>>,
    #[serde(borrow)]
    path: Option<Text<'event>>,
    #[serde(borrow)]
    raw_path: Option<Text<'event>>,
    /// The path of VPC Lattice 1.0, which spells it like this.
    #[serde(borrow, rename = "raw_path")]
    lattice_path: Option<Text<'event>>,
    #[serde(borrow)]
    raw_query_string: Option<Text<'event>>,
    #[serde(borrow)]
    cookies: Option<Vec<Text<'event>>>,
    #[serde(borrow)]
    headers: Fields<'event>,
    #[serde(borrow)]
    multi_value_headers: Fields<'event>,
    #[serde(borrow, alias = "query_string_parameters")]
    query_string_parameters: Fields<'event>,
    #[serde(borrow)]
    multi_value_query_string_parameters: Fields<'event>,
    #[serde(borrow)]
    request_context: Object<RawContext<'event>>,
    #[serde(borrow)]
    body: Option<Text<'event>>,
    #[serde(alias = "is_base64_encoded")]
    is_base64_encoded: Option<bool>,
    /// The ARN in an event that asks an authorizer of a REST API or a WebSocket API.
    method_arn: Option<IgnoredAny>,
    /// The ARN in an event that asks an authorizer of an HTTP API.
    route_arn: Option<IgnoredAny>,
}

/// The members of `requestContext`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RawContext<'event> {
    elb: Option<IgnoredAny>,
    #[serde(borrow)]
    http: Object<RawHttp<'event>>,
    #[serde(borrow)]
    stage: Option<Text<'event>>,
    #[serde(borrow)]
    domain_name: Option<Text<'event>>,
    connection_id: Option<IgnoredAny>,
    service_network_arn: Option<IgnoredAny>,
    service_arn: Option<IgnoredAny>,
    target_group_arn: Option<IgnoredAny>,
}

/// The members of `requestContext.http`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawHttp<'event> {
    #[serde(borrow)]
    method: Option<Text<'event>>,
    #[serde(borrow)]
    path: Option<Text<'event>>,
}

impl<'event> RawEvent<'event> {
    /// Returns the shape.
    pub(crate) fn kind(&self) -> Option<RequestKind> {
        let event = EventMembers {
            method: self.method.is_some(),
            http_method: self.http_method.is_some(),
            raw_path: self.lattice_path.is_some(),
        };
        Some(
            match EventShape::of(event, self.context().map(RawContext::members))? {
                EventShape::ApiGatewayV1 => RequestKind::ApiGatewayV1,
                EventShape::ApiGatewayV2 => RequestKind::ApiGatewayV2,
                EventShape::LoadBalancer => RequestKind::Alb,
                EventShape::LatticeV1 => RequestKind::VpcLatticeV1,
                EventShape::LatticeV2 => RequestKind::VpcLatticeV2,
            },
        )
    }

    pub(crate) fn asks_authorizer(&self) -> bool {
        self.method_arn.is_some() || self.route_arn.is_some()
    }

    pub(crate) fn method(&self, kind: RequestKind) -> Option<&str> {
        text(match kind {
            RequestKind::ApiGatewayV1 | RequestKind::Alb => self.http_method.as_ref(),
            RequestKind::ApiGatewayV2 => self.http().and_then(|http| http.method.as_ref()),
            RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => self.method.as_ref(),
        })
    }

    /// Returns whether the event has the member from which [`path`](Self::path) takes the path.
    pub(crate) fn has_path(&self, kind: RequestKind) -> bool {
        match kind {
            RequestKind::ApiGatewayV2 => self.raw_path.is_some(),
            RequestKind::VpcLatticeV1 => self.lattice_path.is_some(),
            RequestKind::ApiGatewayV1 | RequestKind::Alb | RequestKind::VpcLatticeV2 => {
                self.path.is_some()
            }
        }
    }

    /// Returns the path from the front end, without a stage in front.
    pub(crate) fn path(&self, kind: RequestKind) -> Option<&str> {
        match kind {
            RequestKind::Alb | RequestKind::VpcLatticeV2 => text(self.path.as_ref()),
            RequestKind::VpcLatticeV1 => text(self.lattice_path.as_ref()),
            // Only HTTP APIs write a version 1.0, and only they put the stage in front.
            RequestKind::ApiGatewayV1 if self.version.is_none() => text(self.path.as_ref()),
            RequestKind::ApiGatewayV1 => {
                text(self.path.as_ref()).map(|path| self.below_stage(path))
            }
            RequestKind::ApiGatewayV2 => {
                let of_context = || text(self.http()?.path.as_ref());
                let path = text(self.raw_path.as_ref()).or_else(of_context)?;
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
        self.domain_name()
            .is_some_and(|domain| domain.contains(".lambda-url."))
    }

    pub(crate) fn stage(&self) -> Option<&str> {
        text(self.context()?.stage.as_ref())
    }

    pub(crate) fn domain_name(&self) -> Option<&str> {
        text(self.context()?.domain_name.as_ref())
    }

    pub(crate) fn raw_query(&self) -> Option<&str> {
        text(self.raw_query_string.as_ref())
    }

    /// Returns the multi-value fields if there are any: the single values are the last of each.
    pub(crate) fn headers(&self) -> &Fields<'event> {
        self.multi_value_headers.or(&self.headers)
    }

    /// Returns the multi-value fields if there are any: the single values are the last of each.
    pub(crate) fn parameters(&self) -> &Fields<'event> {
        self.multi_value_query_string_parameters
            .or(&self.query_string_parameters)
    }

    /// Returns the list of cookies of payload format 2.0.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().flatten().map(|cookie| &*cookie.0)
    }

    /// Returns the body, and whether it is in base64.
    pub(crate) fn into_body(self) -> (Cow<'event, str>, bool) {
        let Text(body) = self.body.unwrap_or_default();
        (body, self.is_base64_encoded == Some(true))
    }

    fn context(&self) -> Option<&RawContext<'event>> {
        self.request_context.0.as_ref()
    }

    fn http(&self) -> Option<&RawHttp<'event>> {
        self.context()?.http.0.as_ref()
    }
}

impl RawContext<'_> {
    fn members(&self) -> ContextMembers {
        ContextMembers {
            connection_id: self.connection_id.is_some(),
            elb: self.elb.is_some(),
            http: self.http.0.is_some(),
            lattice_arn: self.service_network_arn.is_some()
                || self.service_arn.is_some()
                || self.target_group_arn.is_some(),
        }
    }
}

fn text<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(|Text(text)| &**text)
}
