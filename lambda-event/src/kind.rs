//! The shapes of the events of HTTP front ends.

use std::fmt;

/// The shape of the event of an HTTP front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestKind {
    /// API Gateway, payload format 1.0: REST APIs, and HTTP APIs that are set to it.
    ApiGatewayV1,
    /// API Gateway, payload format 2.0: HTTP APIs and Function URLs.
    ApiGatewayV2,
    /// An Application Load Balancer.
    Alb,
    /// VPC Lattice, event structure version 1.0.
    VpcLatticeV1,
    /// VPC Lattice, event structure version 2.0.
    VpcLatticeV2,
}

impl RequestKind {
    /// The member of the event that holds the path.
    pub(crate) fn path_member(self) -> &'static str {
        match self {
            Self::ApiGatewayV2 => "rawPath",
            Self::VpcLatticeV1 => "raw_path",
            Self::ApiGatewayV1 | Self::Alb | Self::VpcLatticeV2 => "path",
        }
    }

    /// The member of the event that holds the method.
    pub(crate) fn method_member(self) -> &'static str {
        match self {
            Self::ApiGatewayV1 | Self::Alb => "httpMethod",
            Self::ApiGatewayV2 => "requestContext.http.method",
            Self::VpcLatticeV1 | Self::VpcLatticeV2 => "method",
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiGatewayV1 => "API Gateway 1.0",
            Self::ApiGatewayV2 => "API Gateway 2.0 or a Function URL",
            Self::Alb => "an Application Load Balancer",
            Self::VpcLatticeV1 => "VPC Lattice 1.0",
            Self::VpcLatticeV2 => "VPC Lattice 2.0",
        })
    }
}
