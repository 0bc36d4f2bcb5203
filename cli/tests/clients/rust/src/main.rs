//! The AWS SDK for Rust as a caller of the local Lambda. See `../README.md`.

use std::error::Error;

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::RequestId as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    InvocationType, InvokeWithResponseStreamResponseEvent as Event, LogType,
    ResponseStreamingInvocationType,
};
use aws_sdk_lambda::{Client, Config};
use serde_json::{Value, json};

/// The result of a client. Errors that the SDK raises are reported, not returned.
type Done = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let argument = std::env::args().nth(1).ok_or("no request")?;
    let request: Value = serde_json::from_str(&argument)?;
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(text(&request, "endpoint").unwrap_or_default())
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    match text(&request, "operation").as_deref() {
        Some("stream") => stream(&client, &request).await,
        Some("invoke") => invoke(&client, &request).await,
        _ => Err("`operation` is `stream` or `invoke`".into()),
    }
}

async fn stream(client: &Client, request: &Value) -> Done {
    let sent = client
        .invoke_with_response_stream()
        .set_function_name(text(request, "function"))
        .set_invocation_type(
            text(request, "type").map(|it| ResponseStreamingInvocationType::from(it.as_str())),
        )
        .set_log_type(log_type(request))
        .set_qualifier(text(request, "qualifier"))
        .payload(payload(request))
        .send()
        .await;
    let mut answer = match sent {
        Ok(answer) => answer,
        Err(error) => return raised(&error),
    };
    report(
        "head",
        json!({"status": answer.status_code(), "version": answer.executed_version()}),
    );
    while let Some(event) = answer.event_stream.recv().await? {
        match event {
            Event::PayloadChunk(chunk) => {
                let bytes = chunk.payload().map(Blob::as_ref).unwrap_or_default();
                report("chunk", json!(String::from_utf8_lossy(bytes)));
            }
            Event::InvokeComplete(end) => report(
                "complete",
                json!({
                    "code": end.error_code(),
                    "details": end.error_details(),
                    "log": end.log_result().map(decoded),
                }),
            ),
            other => return Err(format!("{other:?}").into()),
        }
    }
    Ok(())
}

async fn invoke(client: &Client, request: &Value) -> Done {
    let sent = client
        .invoke()
        .set_function_name(text(request, "function"))
        .set_invocation_type(text(request, "type").map(|it| InvocationType::from(it.as_str())))
        .set_log_type(log_type(request))
        .set_qualifier(text(request, "qualifier"))
        .payload(payload(request))
        .send()
        .await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) => return raised(&error),
    };
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    report(
        "head",
        json!({
            "status": answer.status_code(),
            "version": answer.executed_version(),
            "payload": String::from_utf8_lossy(payload),
            "error": answer.function_error(),
            "log": answer.log_result().map(decoded),
        }),
    );
    Ok(())
}

/// Reports an error of the service. Returns any other error, such as one of the connection.
fn raised<E>(error: &SdkError<E>) -> Done
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (Some(service), Some(response)) = (error.as_service_error(), error.raw_response()) else {
        return Err(format!("{error:?}").into());
    };
    if error.request_id().is_none() {
        return Err("the service named no request".into());
    }
    report(
        "exception",
        json!({
            "name": service.code(),
            "status": response.status().as_u16(),
            "message": service.message(),
        }),
    );
    Ok(())
}

fn payload(request: &Value) -> Blob {
    let padding = request.get("padding").and_then(Value::as_u64);
    let text = match padding.and_then(|size| usize::try_from(size).ok()) {
        Some(size) => json!("x".repeat(size)).to_string(),
        None => text(request, "payload").unwrap_or_default(),
    };
    Blob::new(text)
}

fn log_type(request: &Value) -> Option<LogType> {
    (request.get("log") == Some(&Value::Bool(true))).then_some(LogType::Tail)
}

fn text(request: &Value, key: &str) -> Option<String> {
    request.get(key)?.as_str().map(str::to_owned)
}

fn decoded(base64: &str) -> String {
    let bytes = aws_smithy_types::base64::decode(base64).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Prints a line, which flushes standard output.
fn report(key: &str, value: Value) {
    println!("{}", json!({ key: value }));
}
