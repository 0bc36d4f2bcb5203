//! The context headers of Lambda Web Adapter.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::{EventSettings, Function};
use crate::invocation::Invocation;

/// The member `requestContext` of the event as JSON, `null` if it has none.
const REQUEST_CONTEXT: HeaderName = HeaderName::from_static("x-amzn-request-context");
/// Facts about the invocation and the function as JSON.
const LAMBDA_CONTEXT: HeaderName = HeaderName::from_static("x-amzn-lambda-context");
/// The tenant, for functions with tenant isolation.
const TENANT_ID: HeaderName = HeaderName::from_static("x-amz-tenant-id");

/// Sets the context headers if the settings ask for them. Headers of these names that the event has are removed in
/// any case: a caller must not be able to set them.
pub(super) fn set_headers(
    headers: &mut HeaderMap,
    invocation: &Invocation,
    settings: &EventSettings,
) {
    for name in [REQUEST_CONTEXT, LAMBDA_CONTEXT, TENANT_ID] {
        headers.remove(name);
    }
    let Some(function) = &settings.context_headers else {
        return;
    };
    let mut set = |name, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    };
    set(REQUEST_CONTEXT, json(&request_context(&invocation.event)));
    set(LAMBDA_CONTEXT, json(&Context::new(invocation, function)));
    let tenant = invocation.tenant_id.as_deref();
    set(
        TENANT_ID,
        tenant.and_then(|id| HeaderValue::from_str(id).ok()),
    );
}

/// What Lambda Web Adapter tells about an invocation, with its names.
#[derive(Serialize)]
struct Context<'a> {
    request_id: &'a str,
    /// In milliseconds since the Unix epoch.
    deadline: u64,
    invoked_function_arn: &'a str,
    xray_trace_id: Option<&'a str>,
    client_context: Option<Value>,
    identity: Option<Value>,
    tenant_id: Option<&'a str>,
    env_config: FunctionConfig<'a>,
}

#[derive(Serialize)]
struct FunctionConfig<'a> {
    function_name: &'a str,
    memory: u32,
    version: &'a str,
    log_stream: &'a str,
    log_group: &'a str,
}

impl<'a> Context<'a> {
    fn new(invocation: &'a Invocation, function: &'a Function) -> Self {
        let document = |json: &Option<String>| serde_json::from_str(json.as_deref()?).ok();
        Self {
            request_id: &invocation.request_id,
            deadline: invocation.deadline.unix_ms,
            invoked_function_arn: invocation.invoked_function_arn.as_deref().unwrap_or(""),
            xray_trace_id: invocation.trace_id.as_deref(),
            client_context: document(&invocation.client_context),
            identity: document(&invocation.cognito_identity),
            tenant_id: invocation.tenant_id.as_deref(),
            env_config: FunctionConfig {
                function_name: &function.name,
                memory: function.memory_mib,
                version: &function.version,
                log_stream: &function.log_stream,
                log_group: &function.log_group,
            },
        }
    }
}

fn request_context(event: &[u8]) -> Value {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Members {
        request_context: Value,
    }
    serde_json::from_slice(event).map_or(Value::Null, |members: Members| members.request_context)
}

/// Encodes JSON in ASCII, because readers differ in how they decode any other header.
fn json(value: &impl Serialize) -> Option<HeaderValue> {
    let text = serde_json::to_string(value).ok()?;
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, ' '..='~') {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    HeaderValue::try_from(ascii).ok()
}
