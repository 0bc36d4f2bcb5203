//! Detects which front end of Lambda an event comes from, and thereby what reads the response.
//!
//! Any event that is not clearly from a front end is `None`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Object;
use crate::limits::{LOAD_BALANCER_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES};

/// A service that turns an HTTP request into an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontEnd {
    /// A function URL: payload format 2.0; reads a stream if its invoke mode is set to it.
    FunctionUrl,
    /// A REST API of API Gateway: reads a stream if its integration is set to it.
    RestApi,
    /// An HTTP API of API Gateway with payload format 1.0.
    HttpApiV1,
    /// An HTTP API of API Gateway with payload format 2.0.
    HttpApiV2,
    /// An Application Load Balancer.
    LoadBalancer {
        /// Whether its target group has multi-value headers enabled.
        multi_value: bool,
    },
    /// VPC Lattice, either version of its events.
    Lattice,
}

/// The shape of an event: which members hold its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventShape {
    /// API Gateway, payload format 1.0.
    ApiGatewayV1,
    /// API Gateway, payload format 2.0, and function URLs.
    ApiGatewayV2,
    /// An Application Load Balancer.
    LoadBalancer,
    /// VPC Lattice, event structure version 1.0.
    LatticeV1,
    /// VPC Lattice, event structure version 2.0.
    LatticeV2,
}

/// Which members an event has. A member that is `null` counts as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventMembers {
    /// `method`
    pub method: bool,
    /// `httpMethod`
    pub http_method: bool,
    /// `raw_path`
    pub raw_path: bool,
}

/// Which members the `requestContext` of an event has. A member that is `null` counts as absent.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is the presence of one member"
)]
pub struct ContextMembers {
    /// `connectionId`, which only WebSocket APIs have.
    pub connection_id: bool,
    /// `elb`
    pub elb: bool,
    /// `http`
    pub http: bool,
    /// `serviceNetworkArn`, `serviceArn` or `targetGroupArn`, which only VPC Lattice has. A load
    /// balancer has its target group inside `elb`.
    pub lattice_arn: bool,
}

impl EventShape {
    /// Detects the shape by the members that only one of them has. `context` is `None` for an event
    /// without `requestContext`.
    #[must_use]
    pub fn of(event: EventMembers, context: Option<ContextMembers>) -> Option<Self> {
        let Some(context) = context else {
            return (event.raw_path && event.method).then_some(Self::LatticeV1);
        };
        // WebSocket messages are not HTTP requests.
        if context.connection_id {
            None
        } else if context.elb {
            event.http_method.then_some(Self::LoadBalancer)
        } else if context.http {
            Some(Self::ApiGatewayV2)
        } else if context.lattice_arn {
            event.method.then_some(Self::LatticeV2)
        } else {
            event.http_method.then_some(Self::ApiGatewayV1)
        }
    }
}

impl FrontEnd {
    /// Detects the front end of an event.
    ///
    /// Shapes of the events:
    /// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>,
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>,
    /// <https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html>.
    #[must_use]
    pub fn of(event: &[u8]) -> Option<Self> {
        let Object(fields) = serde_json::from_slice::<Object<Fields<'_>>>(event).ok()?;
        fields?.front_end()
    }

    /// Whether it can read a stream, if configured to.
    #[must_use]
    pub fn reads_streams(self) -> bool {
        matches!(self, Self::FunctionUrl | Self::RestApi)
    }

    /// Largest response document that it accepts, in bytes.
    #[must_use]
    pub fn document_limit_bytes(self) -> usize {
        match self {
            Self::LoadBalancer { .. } => LOAD_BALANCER_LIMIT_BYTES,
            Self::FunctionUrl
            | Self::RestApi
            | Self::HttpApiV1
            | Self::HttpApiV2
            | Self::Lattice => PAYLOAD_LIMIT_BYTES,
        }
    }

    /// Whether its document has a list of cookies: payload format 2.0.
    #[must_use]
    pub fn lists_cookies(self) -> bool {
        matches!(self, Self::FunctionUrl | Self::HttpApiV2)
    }

    /// Whether its document has a list of values for each header.
    #[must_use]
    pub fn lists_values(self) -> bool {
        matches!(
            self,
            Self::RestApi | Self::HttpApiV1 | Self::LoadBalancer { multi_value: true }
        )
    }

    /// Whether its document holds only one cookie.
    #[must_use]
    pub fn keeps_one_cookie(self) -> bool {
        !self.lists_cookies() && !self.lists_values()
    }

    /// Whether its document has a reason phrase besides the status.
    #[must_use]
    pub fn has_reason_phrase(self) -> bool {
        matches!(self, Self::LoadBalancer { .. } | Self::Lattice)
    }
}

/// The members that distinguish events.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields<'a> {
    version: Glimpse,
    #[serde(borrow)]
    request_context: Object<RequestContext<'a>>,
    headers: Glimpse,
    multi_value_headers: Glimpse,
    method: Option<IgnoredAny>,
    http_method: Option<IgnoredAny>,
    #[serde(rename = "raw_path")]
    raw_path: Option<IgnoredAny>,
    method_arn: Option<IgnoredAny>,
    route_arn: Option<IgnoredAny>,
}

/// The members of `requestContext` that distinguish events.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext<'a> {
    elb: Option<IgnoredAny>,
    service_network_arn: Option<IgnoredAny>,
    service_arn: Option<IgnoredAny>,
    target_group_arn: Option<IgnoredAny>,
    connection_id: Option<IgnoredAny>,
    http: Option<IgnoredAny>,
    #[serde(borrow)]
    domain_name: Option<Text<'a>>,
}

impl Fields<'_> {
    fn front_end(&self) -> Option<FrontEnd> {
        // An event for an authorizer: the API expects a policy.
        if self.method_arn.is_some() || self.route_arn.is_some() {
            return None;
        }
        let context = self.request_context.0.as_ref();
        Some(
            match EventShape::of(self.members(), context.map(RequestContext::members))? {
                EventShape::ApiGatewayV1 => match self.version {
                    Glimpse::One => FrontEnd::HttpApiV1,
                    Glimpse::Absent => FrontEnd::RestApi,
                    Glimpse::Two | Glimpse::FilledMap | Glimpse::Other => return None,
                },
                EventShape::ApiGatewayV2 => context?.payload_v2(),
                EventShape::LoadBalancer => FrontEnd::LoadBalancer {
                    // Some load balancers send the other map empty.
                    multi_value: self.multi_value_headers == Glimpse::FilledMap
                        && self.headers != Glimpse::FilledMap,
                },
                EventShape::LatticeV1 | EventShape::LatticeV2 => FrontEnd::Lattice,
            },
        )
    }

    fn members(&self) -> EventMembers {
        EventMembers {
            method: self.method.is_some(),
            http_method: self.http_method.is_some(),
            raw_path: self.raw_path.is_some(),
        }
    }
}

impl RequestContext<'_> {
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

    /// A function URL or an HTTP API. An event without a domain name was written by hand: a stream is what
    /// its author wants to see.
    fn payload_v2(&self) -> FrontEnd {
        match &self.domain_name {
            Some(name) if !is_function_url(&name.0) => FrontEnd::HttpApiV2,
            Some(_) | None => FrontEnd::FunctionUrl,
        }
    }
}

/// A string, borrowed unless JSON escapes it.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The part of a value that matters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Glimpse {
    #[default]
    Absent,
    /// The string `1.0`.
    One,
    /// The string `2.0`.
    Two,
    /// A map with an entry.
    FilledMap,
    Other,
}

impl<'de> Deserialize<'de> for Glimpse {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GlimpseVisitor)
    }
}

struct GlimpseVisitor;

impl<'de> Visitor<'de> for GlimpseVisitor {
    type Value = Glimpse;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Glimpse, E> {
        Ok(match text {
            "1.0" => Glimpse::One,
            "2.0" => Glimpse::Two,
            _ => Glimpse::Other,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Glimpse, A::Error> {
        let mut glimpse = Glimpse::Other;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            glimpse = Glimpse::FilledMap;
        }
        Ok(glimpse)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Glimpse, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Glimpse::Other)
    }

    fn visit_unit<E>(self) -> Result<Glimpse, E> {
        Ok(Glimpse::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Glimpse, E> {
        Ok(Glimpse::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Glimpse, E> {
        Ok(Glimpse::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Glimpse, E> {
        Ok(Glimpse::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Glimpse, E> {
        Ok(Glimpse::Other)
    }
}

/// Whether a domain is that of a function URL: `ID.lambda-url.REGION.on.aws`. Function URLs cannot have a
/// custom domain.
fn is_function_url(domain_name: &str) -> bool {
    domain_name.split('.').nth(1) == Some("lambda-url")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(event: &Value) -> Option<FrontEnd> {
        FrontEnd::of(event.to_string().as_bytes())
    }

    fn http(domain_name: &str) -> Value {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/a", "headers": {"a": "b"},
            "requestContext": {"domainName": domain_name, "http": {"method": "GET"}},
        })
    }

    #[test]
    fn each_front_end_is_recognised() {
        let elb = json!({"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:..."}});
        let rest = json!({"resourcePath": "/", "httpMethod": "GET", "domainName": "example.com"});
        for (event, front_end) in [
            (
                http("abc.lambda-url.us-east-1.on.aws"),
                FrontEnd::FunctionUrl,
            ),
            (
                http("abc.execute-api.us-east-1.amazonaws.com"),
                FrontEnd::HttpApiV2,
            ),
            (http("api.example.com"), FrontEnd::HttpApiV2),
            (
                json!({"version": "1.0", "resource": "/", "httpMethod": "GET", "requestContext": rest}),
                FrontEnd::HttpApiV1,
            ),
            (
                json!({"resource": "/", "httpMethod": "GET", "headers": null, "requestContext": rest}),
                FrontEnd::RestApi,
            ),
            (
                json!({"requestContext": elb, "httpMethod": "GET", "headers": {"a": "b"}}),
                FrontEnd::LoadBalancer { multi_value: false },
            ),
            (
                json!({"requestContext": elb, "httpMethod": "GET", "headers": {},
                    "multiValueHeaders": {"a": ["b"]}}),
                FrontEnd::LoadBalancer { multi_value: true },
            ),
            (
                json!({"requestContext": elb, "httpMethod": "GET"}),
                FrontEnd::LoadBalancer { multi_value: false },
            ),
            (
                json!({"version": "2.0", "path": "/", "method": "GET", "headers": {"a": ["b"]},
                    "requestContext": {"serviceNetworkArn": "arn:aws:vpc-lattice:..."}}),
                FrontEnd::Lattice,
            ),
            (
                json!({"raw_path": "/", "method": "GET", "headers": {"a": "b"}}),
                FrontEnd::Lattice,
            ),
        ] {
            assert_eq!(of(&event), Some(front_end), "{event}");
        }
    }

    #[test]
    fn the_order_of_the_keys_does_not_matter() {
        for (event, front_end) in [
            (
                r#"{"requestContext":{"http":{},"domainName":"a.example.com"},"version":"2.0"}"#,
                FrontEnd::HttpApiV2,
            ),
            (
                r#"{"requestContext":{},"httpMethod":"GET","version":"1.0"}"#,
                FrontEnd::HttpApiV1,
            ),
            (
                r#"{"multiValueHeaders":{"a":["b"]},"requestContext":{"elb":{}},"httpMethod":"GET"}"#,
                FrontEnd::LoadBalancer { multi_value: true },
            ),
            (
                r#"{"version":"2.0","requestContext":{"domainName":"\u0061.lambda-url.eu-west-1.on.aws","http":{}}}"#,
                FrontEnd::FunctionUrl,
            ),
        ] {
            assert_eq!(FrontEnd::of(event.as_bytes()), Some(front_end), "{event}");
        }
    }

    #[test]
    fn every_other_event_is_none() {
        for event in [
            "",
            "{}",
            "[]",
            "null",
            "\"text\"",
            "{\"version\":\"2.0\"",
            "not JSON",
            r#"{"Records":[{"eventSource":"aws:sqs"}]}"#,
            r#"{"version":"2.0","requestContext":{}}"#,
            r#"{"version":"1.0","requestContext":{"domainName":"a"}}"#,
            r#"{"version":"3.0","httpMethod":"GET","requestContext":{}}"#,
            r#"["2.0",{"elb":1}]"#,
            r#"["job",["a"]]"#,
            r#"{"requestContext":["x"],"httpMethod":"GET"}"#,
            r#"{"requestContext":{"elb":{}}}"#,
            r#"{"raw_path":"/"}"#,
            r#"{"version":"2.0","requestContext":{"http":{},"domainName":7}}"#,
            r#"{"version":"2.0","requestContext":"text"}"#,
            r#"{"requestContext":{"connectionId":"c","domainName":"a.b","routeKey":"$connect"}}"#,
            r#"{"version":"0","source":"aws.events","detail-type":"x"}"#,
            "{\"version\":\"2.0\",\"requestContext\":{\"http\":{}},\"body\":\"",
            // The content of the body does not count.
            r#"{"body":"{\"requestContext\":{\"elb\":{}}}"}"#,
            r#"{"detail":{"requestContext":{"elb":{}},"httpMethod":"GET"}}"#,
        ] {
            assert_eq!(FrontEnd::of(event.as_bytes()), None, "{event}");
        }
    }

    /// An event without a domain was written by hand.
    #[test]
    fn payload_2_0_without_a_domain_is_taken_for_a_function_url() {
        let event = json!({"version": "2.0", "requestContext": {"http": {"method": "GET"}}});
        assert_eq!(of(&event), Some(FrontEnd::FunctionUrl));
    }

    /// Events for authorizers have every member of a request, and an ARN.
    #[test]
    fn what_asks_an_authorizer_is_no_request() {
        let mut event = http("api.example.com");
        event["routeArn"] = json!("arn:aws:execute-api:...");
        assert_eq!(of(&event), None);
        let event = json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:...", "resource": "/",
            "httpMethod": "GET", "requestContext": {"resourcePath": "/"}});
        assert_eq!(of(&event), None);
    }
}
