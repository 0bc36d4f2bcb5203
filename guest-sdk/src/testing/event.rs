//! Events and contexts for tests.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::{Context, Event, bindings};

/// Creates an event from a document, with the [default context](ContextFields::default).
pub fn event(document: impl AsRef<[u8]>) -> Event {
    event_with(document, ContextFields::default())
}

/// Creates an event from a document, with the given context.
///
/// ```
/// use std::time::Duration;
///
/// use bootstream::testing::{self, ContextFields};
///
/// let event = testing::event_with("{}", ContextFields {
///     remaining_time: Duration::from_secs(3),
///     ..ContextFields::default()
/// });
/// assert!(event.context().remaining_time() <= Duration::from_secs(3));
/// ```
pub fn event_with(document: impl AsRef<[u8]>, context: ContextFields) -> Event {
    Event::new(document.as_ref().to_vec(), context.into())
}

/// Creates the event of a `GET` request to a Function URL. The target is a path, with or without a
/// query.
pub fn get(target: &str) -> Event {
    event(function_url_event("GET", target, None).to_string())
}

/// Creates the event of a `POST` request with a text body to a Function URL. The target is a path,
/// with or without a query.
pub fn post(target: &str, body: &str) -> Event {
    event(function_url_event("POST", target, Some(body)).to_string())
}

fn function_url_event(method: &str, target: &str, body: Option<&str>) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": { "host": "abc123.lambda-url.us-east-1.on.aws" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "abc123.lambda-url.us-east-1.on.aws",
            "domainPrefix": "abc123",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "bootstream-testing",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_390_u64,
        },
        "isBase64Encoded": false,
    });
    if let (Some(body), Some(fields)) = (body, event.as_object_mut()) {
        fields.insert("body".to_owned(), body.into());
    }
    event
}

/// The fields of a test event's [`Context`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextFields {
    /// The id of the invocation.
    pub request_id: String,
    /// The time to the deadline, counted from when the event is made.
    pub remaining_time: Duration,
    /// The ARN the function was invoked by.
    pub invoked_function_arn: Option<String>,
    /// The AWS X-Ray trace header.
    pub trace_id: Option<String>,
    /// The client context of the AWS Mobile SDK, a JSON document.
    pub client_context: Option<String>,
    /// The Amazon Cognito identity of the caller, a JSON document.
    pub cognito_identity: Option<String>,
    /// The tenant the invocation belongs to.
    pub tenant_id: Option<String>,
    /// The function's name.
    pub function_name: String,
    /// The function's version.
    pub function_version: String,
    /// The function's memory, in MiB.
    pub memory_limit_mib: u32,
}

impl Default for ContextFields {
    /// A request id, a name, 15 minutes, 128 MiB; everything optional is absent.
    fn default() -> Self {
        Self {
            request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
            remaining_time: Duration::from_secs(15 * 60),
            invoked_function_arn: None,
            trace_id: None,
            client_context: None,
            cognito_identity: None,
            tenant_id: None,
            function_name: "test-function".to_owned(),
            function_version: "$LATEST".to_owned(),
            memory_limit_mib: 128,
        }
    }
}

impl From<ContextFields> for Context {
    fn from(fields: ContextFields) -> Self {
        bindings::Context {
            request_id: fields.request_id,
            deadline_ms: deadline_ms(fields.remaining_time),
            invoked_function_arn: fields.invoked_function_arn,
            trace_id: fields.trace_id,
            client_context: fields.client_context,
            cognito_identity: fields.cognito_identity,
            tenant_id: fields.tenant_id,
            function_name: fields.function_name,
            function_version: fields.function_version,
            memory_limit_mib: fields.memory_limit_mib,
        }
        .into()
    }
}

fn deadline_ms(remaining_time: Duration) -> u64 {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    now.saturating_add(remaining_time)
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{get, post};
    use crate::RequestExt as _;

    #[test]
    fn a_target_becomes_path_and_query() {
        let request = get("/a/b?c=1&c=2").request().unwrap();

        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri().path(), "/a/b");
        assert_eq!(request.query_value("c").as_deref(), Some("1"));
        assert_eq!(request.query_pairs().count(), 2);
    }

    #[test]
    fn a_post_has_its_body_in_every_view() {
        let event = post("/orders", "{}");

        assert_eq!(event.request().unwrap().body(), b"{}");
        assert_eq!(event.api_gateway_v2().unwrap().body.as_deref(), Some("{}"));
        assert_eq!(event.function_url().unwrap().body.as_deref(), Some("{}"));
    }
}
