//! A request of the Invoke API, read and checked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use lambda_protocol::headers::{CLIENT_CONTEXT, INVOKED_FUNCTION_ARN, TENANT_ID};
use lambda_protocol::limits::ASYNCHRONOUS_LIMIT_BYTES;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{ApiError, FunctionName, Operation};
use crate::invocation::{Invocation, trace, trace_headers};

/// Largest client context, encoded, in bytes.
const CLIENT_CONTEXT_LIMIT_BYTES: usize = 3583;

/// How the caller wants the function to be invoked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InvocationType {
    RequestResponse,
    /// Asynchronously: the caller does not wait.
    Event,
    /// The request is only validated.
    DryRun,
}

/// A valid request.
#[derive(Debug)]
pub(super) struct InvokeRequest {
    pub(super) invocation_type: InvocationType,
    pub(super) with_log: bool,
    pub(super) function: FunctionName,
    pub(super) invocation: Invocation,
}

impl InvokeRequest {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// Lambda would reject it.
    pub(super) fn read(
        operation: Operation,
        function: FunctionName,
        request: &Parts,
        body: Bytes,
        function_arn: &str,
    ) -> Result<Self, ApiError> {
        let invocation_type = invocation_type(operation, &request.headers)?;
        let with_log = invocation_type == InvocationType::RequestResponse
            && request
                .headers
                .get("x-amz-log-type")
                .is_some_and(|value| value == "Tail");
        let event = event(invocation_type, body)?;
        let invocation = Invocation {
            headers: context(&request.headers, &function.arn(function_arn))?,
            ..Invocation::new(event)
        };
        Ok(Self {
            invocation_type,
            with_log,
            function,
            invocation,
        })
    }
}

/// Returns the handler's context, as headers of `next`.
fn context(caller: &HeaderMap, arn: &str) -> Result<HeaderMap, ApiError> {
    let mut headers = trace_headers(trace(caller));
    if let Some(context) = client_context(caller)? {
        headers.insert(CLIENT_CONTEXT, context);
    }
    if let Some(tenant) = tenant(caller)? {
        headers.insert(TENANT_ID, tenant);
    }
    if let Ok(arn) = HeaderValue::try_from(arn) {
        headers.insert(INVOKED_FUNCTION_ARN, arn);
    }
    Ok(headers)
}

fn invocation_type(operation: Operation, headers: &HeaderMap) -> Result<InvocationType, ApiError> {
    let asked = headers.get("x-amz-invocation-type");
    match (asked.map(HeaderValue::as_bytes), operation) {
        (None | Some(b"RequestResponse"), _) => Ok(InvocationType::RequestResponse),
        (Some(b"DryRun"), _) => Ok(InvocationType::DryRun),
        (Some(b"Event"), Operation::Invoke) => Ok(InvocationType::Event),
        (Some(other), _) => Err(ApiError::invalid_parameter(format!(
            "`{}` is not an invocation type of this operation",
            String::from_utf8_lossy(other)
        ))),
    }
}

/// Checks that the event is JSON and not too large.
fn event(invocation_type: InvocationType, body: Bytes) -> Result<Bytes, ApiError> {
    if invocation_type == InvocationType::Event && body.len() > ASYNCHRONOUS_LIMIT_BYTES {
        return Err(ApiError::too_large(ASYNCHRONOUS_LIMIT_BYTES));
    }
    json_event(body)
}

/// Returns an event as Lambda delivers it: an empty one becomes an empty document.
///
/// # Errors
///
/// It is not JSON.
pub fn json_event(body: Bytes) -> Result<Bytes, ApiError> {
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    // The parser skips strings without checking that they are UTF-8.
    let parsed = std::str::from_utf8(&body)
        .map_err(|error| error.to_string())
        .and_then(|text| {
            serde_json::from_str::<IgnoredAny>(text).map_err(|error| error.to_string())
        });
    match parsed {
        Ok(_) => Ok(body),
        Err(error) => Err(ApiError::invalid_content(format!(
            "Could not parse request body into json: Could not parse payload into json: {error}"
        ))),
    }
}

/// Decodes the client context and puts it on one line.
fn client_context(headers: &HeaderMap) -> Result<Option<HeaderValue>, ApiError> {
    let Some(encoded) = headers.get("x-amz-client-context") else {
        return Ok(None);
    };
    let invalid =
        || ApiError::invalid_content("Client context must be a valid Base64-encoded JSON object.");
    if encoded.len() > CLIENT_CONTEXT_LIMIT_BYTES {
        return Err(invalid());
    }
    let json = STANDARD.decode(encoded).map_err(|_| invalid())?;
    let context: Value = serde_json::from_slice(&json).map_err(|_| invalid())?;
    if !context.is_object() {
        return Err(invalid());
    }
    HeaderValue::try_from(context.to_string())
        .map(Some)
        .map_err(|_| invalid())
}

fn tenant(headers: &HeaderMap) -> Result<Option<HeaderValue>, ApiError> {
    const LONGEST: usize = 256;
    let Some(tenant) = headers.get("x-amz-tenant-id") else {
        return Ok(None);
    };
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._:/=+-@ ".contains(byte);
    if (1..=LONGEST).contains(&tenant.len()) && tenant.as_bytes().iter().all(allowed) {
        Ok(Some(tenant.clone()))
    } else {
        Err(ApiError::invalid_parameter("the tenant id is not valid"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parts;

    fn read(
        request: http::request::Builder,
        body: &'static str,
    ) -> Result<InvokeRequest, ApiError> {
        let function = FunctionName::read("f", Some("$LATEST".to_owned()))?;
        let request = parts(request);
        InvokeRequest::read(Operation::Invoke, function, &request, body.into(), "arn:f")
    }

    #[test]
    fn the_context_goes_on_decoded() {
        let context = STANDARD.encode("{\"custom\":\n{\"a\":\"\u{e9}\"}}");
        let request = http::Request::post("/")
            .header("x-amz-client-context", context)
            .header("x-amz-tenant-id", "blue team");

        let headers = read(request, "").unwrap().invocation.headers;

        let context = headers["lambda-runtime-client-context"].as_bytes();
        assert_eq!(context, "{\"custom\":{\"a\":\"\u{e9}\"}}".as_bytes());
        assert_eq!(headers["lambda-runtime-aws-tenant-id"], "blue team");
        assert_eq!(
            headers["lambda-runtime-invoked-function-arn"],
            "arn:f:$LATEST"
        );
    }

    #[test]
    fn what_lambda_rejects_is_rejected() {
        let post = || http::Request::post("/");
        for body in ["not json", "{} {}", " "] {
            let error = read(post(), body).unwrap_err();
            assert_eq!(error.name, "InvalidRequestContentException", "{body}");
        }
        for (name, value, expected) in [
            (
                "x-amz-client-context",
                "!",
                "InvalidRequestContentException",
            ),
            (
                "x-amz-client-context",
                "W10=",
                "InvalidRequestContentException",
            ),
            ("x-amz-tenant-id", "a;b", "InvalidParameterValueException"),
            (
                "x-amz-invocation-type",
                "Now",
                "InvalidParameterValueException",
            ),
        ] {
            let error = read(post().header(name, value), "").unwrap_err();
            assert_eq!(error.name, expected, "{name}: {value}");
        }
    }

    #[test]
    fn an_event_is_text() {
        let error = json_event(Bytes::from_static(b"\"\xff\"")).unwrap_err();

        assert!(error.message.contains("utf-8"), "{}", error.message);
    }

    #[test]
    fn an_event_that_nobody_waits_for_is_smaller() {
        let body = Bytes::from(format!("\"{}\"", "x".repeat(ASYNCHRONOUS_LIMIT_BYTES)));

        assert!(event(InvocationType::RequestResponse, body.clone()).is_ok());
        assert_eq!(
            event(InvocationType::Event, body).unwrap_err().name,
            "RequestTooLargeException"
        );
    }
}
