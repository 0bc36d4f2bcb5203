//! The members of an event, and which of them hold the request.

use std::borrow::Cow;

use lambda_protocol::front_end::{ContextMembers, EventMembers, EventShape};

use crate::RequestKind;
use crate::fields::Fields;
use crate::members::{FIELDS, Member, TEXTS};

/// The stage at the root of an HTTP API. Function URLs have it too.
const DEFAULT_STAGE: &str = "$default";

static NO_FIELDS: Fields<'static> = Fields::EMPTY;

/// The members of an event, as far as a request needs them.
#[derive(Debug, Default)]
pub(crate) struct RawEvent<'event> {
    texts: [Option<Cow<'event, str>>; TEXTS],
    fields: [Fields<'event>; FIELDS],
    /// The list of payload format 2.0.
    pub(crate) cookies: Vec<Cow<'event, str>>,
    pub(crate) is_base64_encoded: bool,
    /// The members that are there and not `null`, as bits.
    present: u32,
}

impl<'event> RawEvent<'event> {
    /// Returns the shape.
    pub(crate) fn kind(&self) -> Option<RequestKind> {
        let event = EventMembers {
            method: self.has(Member::Method),
            http_method: self.has(Member::HttpMethod),
            raw_path: self.has(Member::LatticePath),
        };
        let context = self.has(Member::Context).then(|| self.context());
        Some(match EventShape::of(event, context)? {
            EventShape::ApiGatewayV1 => RequestKind::ApiGatewayV1,
            EventShape::ApiGatewayV2 => RequestKind::ApiGatewayV2,
            EventShape::LoadBalancer => RequestKind::Alb,
            EventShape::LatticeV1 => RequestKind::VpcLatticeV1,
            EventShape::LatticeV2 => RequestKind::VpcLatticeV2,
        })
    }

    pub(crate) fn asks_authorizer(&self) -> bool {
        self.has(Member::MethodArn) || self.has(Member::RouteArn)
    }

    pub(crate) fn method(&self, kind: RequestKind) -> Option<&str> {
        self.text(match kind {
            RequestKind::ApiGatewayV1 | RequestKind::Alb => Member::HttpMethod,
            RequestKind::ApiGatewayV2 => Member::ContextMethod,
            RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => Member::Method,
        })
    }

    /// Returns whether the event has the member from which [`path`](Self::path) takes the path.
    pub(crate) fn has_path(&self, kind: RequestKind) -> bool {
        self.has(match kind {
            RequestKind::ApiGatewayV2 => Member::RawPath,
            RequestKind::VpcLatticeV1 => Member::LatticePath,
            RequestKind::ApiGatewayV1 | RequestKind::Alb | RequestKind::VpcLatticeV2 => {
                Member::Path
            }
        })
    }

    /// Returns the path from the front end, without a stage in front.
    pub(crate) fn path(&self, kind: RequestKind) -> Option<&str> {
        match kind {
            RequestKind::Alb | RequestKind::VpcLatticeV2 => self.text(Member::Path),
            RequestKind::VpcLatticeV1 => self.text(Member::LatticePath),
            // Only HTTP APIs write a version 1.0, and only they put the stage in front.
            RequestKind::ApiGatewayV1 if !self.has(Member::Version) => self.text(Member::Path),
            RequestKind::ApiGatewayV1 => {
                let path = self.text(Member::Path)?;
                Some(self.below_stage(path))
            }
            RequestKind::ApiGatewayV2 => {
                let of_context = || self.text(Member::ContextPath);
                let path = self.text(Member::RawPath).or_else(of_context)?;
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
            .is_some_and(|domain| domain.split('.').any(|label| label == "lambda-url"))
    }

    pub(crate) fn stage(&self) -> Option<&str> {
        self.text(Member::Stage)
    }

    fn domain_name(&self) -> Option<&str> {
        self.text(Member::DomainName)
    }

    pub(crate) fn take_domain_name(&mut self) -> Option<Cow<'event, str>> {
        self.text_mut(Member::DomainName).and_then(Option::take)
    }

    pub(crate) fn raw_query(&self) -> Option<&str> {
        self.text(Member::RawQueryString)
    }

    /// Returns the multi-value fields if there are any: the single values are the last of each.
    pub(crate) fn headers(&self) -> &Fields<'event> {
        self.either(Member::MultiValueHeaders, Member::Headers)
    }

    /// Returns the multi-value fields if there are any: the single values are the last of each.
    pub(crate) fn parameters(&self) -> &Fields<'event> {
        self.either(Member::MultiValueParameters, Member::Parameters)
    }

    /// Takes the body out. Whether it is in base64 says [`is_base64_encoded`](Self::is_base64_encoded).
    pub(crate) fn take_body(&mut self) -> Cow<'event, str> {
        let body = self.text_mut(Member::Body).and_then(Option::take);
        body.unwrap_or_default()
    }

    /// Notes that a member is there.
    pub(crate) fn note(&mut self, member: Member) {
        self.present |= member.bit();
    }

    pub(crate) fn set_text(&mut self, member: Member, text: Cow<'event, str>) {
        if let Some(place) = self.text_mut(member) {
            *place = Some(text);
        }
    }

    pub(crate) fn set_fields(&mut self, member: Member, fields: Fields<'event>) {
        if let Some(place) = self.fields.get_mut((member as usize).wrapping_sub(TEXTS)) {
            *place = fields;
        }
    }

    /// Returns whether a member is there and not `null`.
    fn has(&self, member: Member) -> bool {
        self.present & member.bit() != 0
    }

    fn text(&self, member: Member) -> Option<&str> {
        self.texts.get(member as usize)?.as_deref()
    }

    fn text_mut(&mut self, member: Member) -> Option<&mut Option<Cow<'event, str>>> {
        self.texts.get_mut(member as usize)
    }

    /// Returns the first of these members, or the other if it is empty.
    fn either(&self, first: Member, other: Member) -> &Fields<'event> {
        let fields = self.fields(first);
        if fields.is_empty() {
            self.fields(other)
        } else {
            fields
        }
    }

    fn fields(&self, member: Member) -> &Fields<'event> {
        let place = (member as usize).wrapping_sub(TEXTS);
        self.fields.get(place).unwrap_or(&NO_FIELDS)
    }

    fn context(&self) -> ContextMembers {
        ContextMembers {
            connection_id: self.has(Member::ConnectionId),
            elb: self.has(Member::LoadBalancer),
            http: self.has(Member::ContextHttp),
            lattice_arn: self.has(Member::ServiceNetworkArn)
                || self.has(Member::ServiceArn)
                || self.has(Member::TargetGroupArn),
        }
    }
}
