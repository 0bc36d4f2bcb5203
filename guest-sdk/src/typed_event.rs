//! The whole documents of HTTP front ends, each with the feature of its types.

use lambda_event::ReadError;
use serde::Deserialize;

use crate::{Error, Event, RequestKind, aws_lambda_events};

impl Event {
    /// Reads the event as API Gateway sends it in payload format 1.0: every REST API, and HTTP
    /// APIs that are set to it.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    #[cfg(feature = "apigw")]
    pub fn api_gateway_v1(
        &self,
    ) -> Result<aws_lambda_events::apigw::ApiGatewayProxyRequest, Error> {
        self.expect(RequestKind::ApiGatewayV1)
    }

    /// Reads the event as API Gateway sends it in payload format 2.0, the default of HTTP APIs.
    /// Events of Function URLs have this shape too.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    #[cfg(feature = "apigw")]
    pub fn api_gateway_v2(
        &self,
    ) -> Result<aws_lambda_events::apigw::ApiGatewayV2httpRequest, Error> {
        self.expect(RequestKind::ApiGatewayV2)
    }

    /// Reads the event as a Function URL sends it.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    #[cfg(feature = "lambda_function_urls")]
    pub fn function_url(
        &self,
    ) -> Result<aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest, Error> {
        self.expect(RequestKind::ApiGatewayV2)
    }

    /// Reads the event as an Application Load Balancer sends it. Query values are as they came,
    /// not percent-decoded.
    ///
    /// # Errors
    ///
    /// When the event is of another shape.
    #[cfg(feature = "alb")]
    pub fn alb(&self) -> Result<aws_lambda_events::alb::AlbTargetGroupRequest, Error> {
        self.expect(RequestKind::Alb)
    }

    /// Reads the event as a document of the expected kind.
    ///
    /// The document types are lenient, and some accept any object, so this checks the kind first.
    fn expect<'event, T: Deserialize<'event>>(
        &'event self,
        expected: RequestKind,
    ) -> Result<T, Error> {
        match lambda_event::Event::parse(self.bytes())?.kind() {
            Some(kind) if kind == expected => self.json(),
            Some(kind) => Err(format!("the event is of {kind}, not of {expected}").into()),
            None => Err(ReadError::UnknownShape.into()),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
