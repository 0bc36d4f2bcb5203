//! The members of an event that a request needs, and their names.

/// A member of an event. Names that mean the same are one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Member {
    // Texts. `RawEvent` has a place for each, in this order.
    HttpMethod,
    Method,
    Path,
    RawPath,
    /// The path of VPC Lattice 1.0, which spells it `raw_path`.
    LatticePath,
    RawQueryString,
    Body,
    Stage,
    DomainName,
    /// `requestContext.http.method`
    ContextMethod,
    /// `requestContext.http.path`
    ContextPath,
    // Names and values. `RawEvent` has a place for each, in this order.
    Headers,
    MultiValueHeaders,
    Parameters,
    MultiValueParameters,
    /// The list of payload format 2.0.
    Cookies,
    IsBase64Encoded,
    // Objects.
    Event,
    Context,
    ContextHttp,
    // Members whose presence is enough.
    Version,
    /// The ARN in an event that asks an authorizer of a REST API or a WebSocket API.
    MethodArn,
    /// The ARN in an event that asks an authorizer of an HTTP API.
    RouteArn,
    LoadBalancer,
    ConnectionId,
    ServiceNetworkArn,
    ServiceArn,
    TargetGroupArn,
}

/// The type of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    Text,
    Fields,
    Texts,
    Boolean,
    /// An object with these members, and others that are skipped.
    Object(&'static [(&'static str, Member)]),
    /// Any type but `null`.
    Any,
}

/// Number of members that are texts.
pub(crate) const TEXTS: usize = Member::ContextPath as usize + 1;

/// Number of members that are names and values.
pub(crate) const FIELDS: usize = Member::MultiValueParameters as usize + 1 - TEXTS;

/// The union of the members of all known shapes.
///
/// From the developer guides of API Gateway, Lambda, Elastic Load Balancing and VPC Lattice, and from
/// events that AWS has sent.
const EVENT: &[(&str, Member)] = &[
    ("version", Member::Version),
    ("httpMethod", Member::HttpMethod),
    ("method", Member::Method),
    ("path", Member::Path),
    ("rawPath", Member::RawPath),
    ("raw_path", Member::LatticePath),
    ("rawQueryString", Member::RawQueryString),
    ("cookies", Member::Cookies),
    ("headers", Member::Headers),
    ("multiValueHeaders", Member::MultiValueHeaders),
    ("queryStringParameters", Member::Parameters),
    ("query_string_parameters", Member::Parameters),
    (
        "multiValueQueryStringParameters",
        Member::MultiValueParameters,
    ),
    ("requestContext", Member::Context),
    ("body", Member::Body),
    ("isBase64Encoded", Member::IsBase64Encoded),
    ("is_base64_encoded", Member::IsBase64Encoded),
    ("methodArn", Member::MethodArn),
    ("routeArn", Member::RouteArn),
];

const CONTEXT: &[(&str, Member)] = &[
    ("elb", Member::LoadBalancer),
    ("http", Member::ContextHttp),
    ("stage", Member::Stage),
    ("domainName", Member::DomainName),
    ("connectionId", Member::ConnectionId),
    ("serviceNetworkArn", Member::ServiceNetworkArn),
    ("serviceArn", Member::ServiceArn),
    ("targetGroupArn", Member::TargetGroupArn),
];

const CONTEXT_HTTP: &[(&str, Member)] = &[
    ("method", Member::ContextMethod),
    ("path", Member::ContextPath),
];

impl Member {
    pub(crate) fn value_type(self) -> Type {
        match self {
            Self::HttpMethod
            | Self::Method
            | Self::Path
            | Self::RawPath
            | Self::LatticePath
            | Self::RawQueryString
            | Self::Body
            | Self::Stage
            | Self::DomainName
            | Self::ContextMethod
            | Self::ContextPath => Type::Text,
            Self::Headers
            | Self::MultiValueHeaders
            | Self::Parameters
            | Self::MultiValueParameters => Type::Fields,
            Self::Cookies => Type::Texts,
            Self::IsBase64Encoded => Type::Boolean,
            Self::Event => Type::Object(EVENT),
            Self::Context => Type::Object(CONTEXT),
            Self::ContextHttp => Type::Object(CONTEXT_HTTP),
            Self::Version
            | Self::MethodArn
            | Self::RouteArn
            | Self::LoadBalancer
            | Self::ConnectionId
            | Self::ServiceNetworkArn
            | Self::ServiceArn
            | Self::TargetGroupArn => Type::Any,
        }
    }

    /// The member as one bit of a set.
    pub(crate) fn bit(self) -> u32 {
        1 << self as u8
    }
}

impl Type {
    /// The type, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Fields => "an object of strings or lists of strings, or null",
            Self::Texts => "a list of strings",
            Self::Boolean => "a boolean",
            Self::Object(_) => "an object or null",
            Self::Any => "any value",
        }
    }
}
