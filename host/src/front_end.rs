//! Which front end of Lambda an event comes from, and with it who reads the answer.
//!
//! Pure: an event in, a [`FrontEnd`] out. Everything that is not clearly one of them is `None`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::invocation::Invocation;

/// A service that turns an HTTP request into an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontEnd {
    /// A function URL: payload format 2.0, a stream if its invoke mode says so.
    FunctionUrl,
    /// A REST API of API Gateway: a stream if its integration says so.
    RestApi,
    /// An HTTP API of API Gateway with payload format 1.0.
    HttpApiV1,
    /// An HTTP API of API Gateway with payload format 2.0.
    HttpApiV2,
    /// An Application Load Balancer.
    LoadBalancer {
        /// Whether its target group has multi-value headers switched on.
        multi_value: bool,
    },
    /// VPC Lattice, either version of its events.
    Lattice,
}

/// Which front ends get a response document instead of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Buffered {
    /// Those that cannot read a stream.
    #[default]
    Auto,
    /// All of them.
    Always,
    /// None.
    Never,
}

impl FrontEnd {
    /// Recognises the front end in an event.
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

    /// Whether this front end gets a response document rather than a stream.
    #[must_use]
    pub fn wants_document(self, buffered: Buffered) -> bool {
        match (buffered, self) {
            (Buffered::Never, _) | (Buffered::Auto, Self::FunctionUrl | Self::RestApi) => false,
            (
                Buffered::Auto,
                Self::HttpApiV1 | Self::HttpApiV2 | Self::LoadBalancer { .. } | Self::Lattice,
            )
            | (Buffered::Always, _) => true,
        }
    }

    /// Whether its document has the cookies in a list of their own: payload format 2.0.
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

    /// Whether its document has room for one cookie only.
    #[must_use]
    pub fn keeps_one_cookie(self) -> bool {
        !self.lists_cookies() && !self.lists_values()
    }

    /// Whether its document has the reason phrase beside the status.
    #[must_use]
    pub fn has_reason_phrase(self) -> bool {
        matches!(self, Self::LoadBalancer { .. } | Self::Lattice)
    }
}

/// An invocation, and what is set for its answer: tells who reads the answer when that is asked.
#[derive(Clone, Debug)]
pub struct Invoker {
    invocation: Arc<Invocation>,
    buffered: Buffered,
}

impl Invoker {
    /// The invoker behind `invocation`.
    #[must_use]
    pub fn new(invocation: Arc<Invocation>, buffered: Buffered) -> Self {
        Self {
            invocation,
            buffered,
        }
    }

    /// The front end that gets a response document instead of a stream. Reads the whole event.
    #[must_use]
    pub fn front_end(&self) -> Option<FrontEnd> {
        if self.buffered == Buffered::Never {
            return None;
        }
        FrontEnd::of(&self.invocation.event).filter(|it| it.wants_document(self.buffered))
    }
}

/// A JSON object as a `T`, or `null`. A derived reader of structs takes arrays as well.
struct Object<T>(Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Object(Some(object)))
    }

    fn visit_unit<E>(self) -> Result<Object<T>, E> {
        Ok(Object(None))
    }
}

/// What tells the events apart.
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

/// What `requestContext` tells.
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
        // An API that asks its authorizer about a request wants to hear of a policy.
        if self.method_arn.is_some() || self.route_arn.is_some() {
            return None;
        }
        let Object(Some(context)) = &self.request_context else {
            return self.raw_path.and(self.method).map(|_| FrontEnd::Lattice);
        };
        // WebSocket messages are not HTTP requests.
        if context.connection_id.is_some() {
            return None;
        }
        if context.elb.is_some() {
            // Some write the other map as an empty one.
            let multi_value = self.multi_value_headers == Glimpse::FilledMap
                && self.headers != Glimpse::FilledMap;
            return self
                .http_method
                .map(|_| FrontEnd::LoadBalancer { multi_value });
        }
        if context.http.is_some() {
            return Some(context.payload_v2());
        }
        if context.is_of_lattice() {
            return self.method.map(|_| FrontEnd::Lattice);
        }
        self.http_method?;
        match self.version {
            Glimpse::One => Some(FrontEnd::HttpApiV1),
            Glimpse::Absent => Some(FrontEnd::RestApi),
            Glimpse::Two | Glimpse::FilledMap | Glimpse::Other => None,
        }
    }
}

impl RequestContext<'_> {
    /// Whether it names what only VPC Lattice has. A load balancer has its group inside of `elb`.
    fn is_of_lattice(&self) -> bool {
        self.service_network_arn.is_some()
            || self.service_arn.is_some()
            || self.target_group_arn.is_some()
    }

    /// A function URL or an HTTP API. Without a name it is an event that somebody wrote: a stream shows
    /// what comes.
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

/// As much of a value as matters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Glimpse {
    #[default]
    Absent,
    /// The text `1.0`.
    One,
    /// The text `2.0`.
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

/// Whether a domain is that of a function URL: `ID.lambda-url.REGION.on.aws`, which cannot be replaced
/// by one of the user's.
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
            // What the body holds is not part of the event.
            r#"{"body":"{\"requestContext\":{\"elb\":{}}}"}"#,
            r#"{"detail":{"requestContext":{"elb":{}},"httpMethod":"GET"}}"#,
        ] {
            assert_eq!(FrontEnd::of(event.as_bytes()), None, "{event}");
        }
    }

    /// An event without a domain is one that somebody wrote.
    #[test]
    fn payload_2_0_without_a_domain_is_taken_for_a_function_url() {
        let event = json!({"version": "2.0", "requestContext": {"http": {"method": "GET"}}});
        assert_eq!(of(&event), Some(FrontEnd::FunctionUrl));
    }

    /// They have everything that a request has, and an ARN.
    #[test]
    fn what_asks_an_authorizer_is_no_request() {
        let mut event = http("api.example.com");
        event["routeArn"] = json!("arn:aws:execute-api:...");
        assert_eq!(of(&event), None);
        let event = json!({"type": "REQUEST", "methodArn": "arn:aws:execute-api:...", "resource": "/",
            "httpMethod": "GET", "requestContext": {"resourcePath": "/"}});
        assert_eq!(of(&event), None);
    }

    #[test]
    fn front_ends_that_cannot_read_a_stream_get_a_document_by_default() {
        let load_balancer = FrontEnd::LoadBalancer { multi_value: false };
        for (front_end, auto) in [
            (FrontEnd::FunctionUrl, false),
            (FrontEnd::RestApi, false),
            (FrontEnd::HttpApiV1, true),
            (FrontEnd::HttpApiV2, true),
            (load_balancer, true),
            (FrontEnd::Lattice, true),
        ] {
            assert_eq!(front_end.wants_document(Buffered::Auto), auto);
            assert!(front_end.wants_document(Buffered::Always));
            assert!(!front_end.wants_document(Buffered::Never));
        }
    }
}
