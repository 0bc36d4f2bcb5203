//! The event of an invocation, and the shapes it can be read as.

use aws_lambda_events::{
    alb::AlbTargetGroupRequest,
    apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest},
    lambda_function_urls::LambdaFunctionUrlRequest,
};
use serde::Deserialize;

use crate::{
    Context, Error, Request, RequestKind,
    request::{RawRequest, UNKNOWN_SHAPE},
};

/// The event of one invocation: the document Lambda delivered, and its [`Context`].
///
/// Most handlers that answer HTTP want [`request`](Self::request), which looks the same behind
/// every front end. [`json`](Self::json) reads events of any other kind, and the named methods
/// give the whole document of one front end, with authorizers and stage variables.
#[derive(Clone, Debug)]
pub struct Event {
    bytes: Vec<u8>,
    context: Context,
}

impl Event {
    pub(crate) fn new(bytes: Vec<u8>, context: Context) -> Self {
        Self { bytes, context }
    }

    /// Returns the event as Lambda delivered it, usually UTF-8 JSON.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the event as Lambda delivered it, usually UTF-8 JSON.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns what is known about the invocation: request id, deadline and so on.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Reads the event as JSON of a given type. The type may borrow from the event.
    ///
    /// # Errors
    ///
    /// When the event is not JSON or not of that type; the text says where.
    pub fn json<'event, T: Deserialize<'event>>(&'event self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| Error::from(error).context("failed to decode the event"))
    }

    /// Reads the event as an HTTP request, whichever front end it came through.
    ///
    /// Knows API Gateway payload formats 1.0 and 2.0, Function URLs and Application Load
    /// Balancers.
    ///
    /// # Errors
    ///
    /// When the event has none of these shapes, when its body is not the base64 it claims to be,
    /// or when its method or a header is not valid HTTP.
    pub fn request(&self) -> Result<Request, Error> {
        Request::from_event(&self.bytes)
    }

    /// Turns the event into the HTTP request it is, and lets go of the document, so that a large
    /// body is not held twice.
    ///
    /// # Errors
    ///
    /// As for [`request`](Self::request).
    pub fn into_request(self) -> Result<Request, Error> {
        self.request()
    }

    /// Reads the event as API Gateway sends it in payload format 1.0: every REST API, and HTTP
    /// APIs that are set to it.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    pub fn api_gateway_v1(&self) -> Result<ApiGatewayProxyRequest, Error> {
        self.expect(RequestKind::ApiGatewayV1)
    }

    /// Reads the event as API Gateway sends it in payload format 2.0, the default of HTTP APIs.
    /// Events of Function URLs have this shape too.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    pub fn api_gateway_v2(&self) -> Result<ApiGatewayV2httpRequest, Error> {
        self.expect(RequestKind::ApiGatewayV2)
    }

    /// Reads the event as a Function URL sends it.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    pub fn function_url(&self) -> Result<LambdaFunctionUrlRequest, Error> {
        self.expect(RequestKind::ApiGatewayV2)
    }

    /// Reads the event as an Application Load Balancer sends it. Query values are as they came,
    /// not percent-decoded.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    pub fn alb(&self) -> Result<AlbTargetGroupRequest, Error> {
        self.expect(RequestKind::Alb)
    }

    /// Reads the event as a document of one kind.
    ///
    /// The types of the documents are lenient, some would take any object; so the kind is checked
    /// first.
    fn expect<'event, T: Deserialize<'event>>(
        &'event self,
        expected: RequestKind,
    ) -> Result<T, Error> {
        match RawRequest::parse(&self.bytes)?.kind() {
            Some(kind) if kind == expected => self.json(),
            Some(kind) => Err(Error::msg(format!(
                "the event is of {kind}, not of {expected}"
            ))),
            None => Err(Error::msg(UNKNOWN_SHAPE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::testing;

    const V1: &str = include_str!("../tests/fixtures/api_gateway_v1.json");
    const V2: &str = include_str!("../tests/fixtures/api_gateway_v2.json");
    const FUNCTION_URL: &str = include_str!("../tests/fixtures/function_url.json");
    const ALB: &str = include_str!("../tests/fixtures/alb.json");

    #[test]
    fn each_document_is_read_as_its_own_type() {
        let v1 = testing::event(V1).api_gateway_v1().unwrap();
        let v2 = testing::event(V2).api_gateway_v2().unwrap();
        let url = testing::event(FUNCTION_URL).function_url().unwrap();
        let alb = testing::event(ALB).alb().unwrap();

        assert_eq!(v1.stage_variables["table"], "orders");
        assert_eq!(v2.request_context.stage.as_deref(), Some("$default"));
        assert_eq!(url.raw_path.as_deref(), Some("/my/path"));
        assert!(
            alb.request_context
                .elb
                .target_group_arn
                .unwrap()
                .contains("targetgroup")
        );
    }

    #[test]
    fn a_document_of_another_kind_is_refused_by_name() {
        let error = testing::event(ALB).api_gateway_v2().unwrap_err();

        assert_eq!(
            error.to_string(),
            "the event is of an Application Load Balancer, \
             not of API Gateway 2.0 or a Function URL"
        );
    }

    #[test]
    fn json_may_borrow_from_the_event() {
        #[derive(Deserialize)]
        struct Order<'a> {
            id: &'a str,
        }
        let event = testing::event(r#"{"id":"o-1"}"#);

        let order: Order<'_> = event.json().unwrap();

        assert_eq!(order.id, "o-1");
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let error = testing::event("{\"id\":")
            .json::<serde_json::Value>()
            .unwrap_err();

        assert!(
            error
                .to_string()
                .starts_with("failed to decode the event: "),
            "{error}"
        );
        assert!(error.to_string().contains("line 1 column 6"), "{error}");
    }
}
