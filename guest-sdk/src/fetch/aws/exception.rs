//! The errors of services that speak JSON.

use serde_json::Value;

use crate::fetch::error::{Exception, Reason};
use crate::fetch::{FetchError, IncomingResponse};

/// Largest error document that is read, in bytes.
const DOCUMENT_BYTES: usize = 64 * 1024;

/// Returns the media type of a service's requests.
pub(super) fn content_type(service: &str) -> &'static str {
    if aws_endpoints::uses_json_1_0(service) {
        "application/x-amz-json-1.0"
    } else {
        "application/x-amz-json-1.1"
    }
}

/// Returns the response unless it is an error.
pub(super) fn checked(response: IncomingResponse) -> Result<IncomingResponse, FetchError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let about = response.about.clone();
    let named = response.header("x-amzn-errortype").map(ToOwned::to_owned);
    let body = response.limit(DOCUMENT_BYTES).bytes().unwrap_or_default();
    Err(FetchError::new(&about, reason(status, named, body)))
}

fn reason(status: http::StatusCode, named: Option<String>, body: Vec<u8>) -> Reason {
    let document: Option<Value> = serde_json::from_slice(&body).ok();
    let member = |name: &str| {
        document
            .as_ref()?
            .get(name)?
            .as_str()
            .map(ToOwned::to_owned)
    };
    let Some(name) = named
        .or_else(|| member("__type"))
        .or_else(|| member("code"))
    else {
        return Reason::status(status, body);
    };
    let message = member("message").or_else(|| member("Message"));
    Reason::Exception(
        status,
        Exception {
            name: short(&name).to_owned(),
            message: message.unwrap_or_default(),
        },
    )
}

/// Returns the name without the namespace before it and the URL after it:
/// `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://...`.
fn short(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default()
}
