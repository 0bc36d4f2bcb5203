//! Stand-ins until the shared functions are there.

use http::HeaderMap;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use lambda_protocol::prelude::Prelude;

use crate::guest::state::GuestConfig;
use crate::invocation::Invocation;
use crate::response::ResponseWriter;

pub(super) fn incoming(
    _config: &GuestConfig,
    invocation: &Invocation,
) -> Result<http::Request<bytes::Bytes>, ErrorReport> {
    let event: serde_json::Value =
        serde_json::from_slice(&invocation.event).unwrap_or(serde_json::Value::Null);
    let text = |pointer: &str| {
        event
            .pointer(pointer)
            .and_then(|it| it.as_str())
            .unwrap_or("")
            .to_owned()
    };
    let (path, query) = (text("/rawPath"), text("/rawQueryString"));
    let path = if query.is_empty() {
        path
    } else {
        format!("{path}?{query}")
    };
    http::Request::builder()
        .method(text("/requestContext/http/method").as_str())
        .uri(format!("https://localhost{path}"))
        .body(text("/body").into())
        .map_err(|error| ErrorReport::new(ErrorType::HandlerError, error.to_string()))
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}

pub(super) fn head(status: u16, headers: &HeaderMap) -> Result<Prelude, ErrorReport> {
    let (mut plain, mut cookies) = (Vec::new(), Vec::new());
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name == "set-cookie" {
            cookies.push(value);
        } else {
            plain.push((name.as_str().to_owned(), value));
        }
    }
    Prelude::encode(status, plain, cookies)
        .map_err(|error| ErrorReport::new(ErrorType::HandlerError, error.to_string()))
}

pub(super) fn start(response: &ResponseWriter, head: Prelude) -> Result<(), ErrorReport> {
    // Refused if the receiver is gone.
    let _ = response.write_headers(head);
    Ok(())
}
