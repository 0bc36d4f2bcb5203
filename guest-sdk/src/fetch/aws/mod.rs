//! Calls of AWS's services that the host signs. The handler has no key.
//!
//! ```
//! use bootstream::{Error, fetch};
//! use serde_json::{Value, json};
//!
//! fn order(id: &str) -> Result<Value, Error> {
//!     let key = json!({ "TableName": "orders", "Key": { "id": { "S": id } } });
//!     Ok(fetch::aws::json("dynamodb", "DynamoDB_20120810.GetItem", &key)?)
//! }
//! # use bootstream::testing::{self, Reply, Upstream};
//! # let _variables = testing::variables([("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "K")]);
//! # let upstream = Upstream::new([Reply::json(&json!({"Item": {}}))]);
//! # order("7").unwrap();
//! # assert_eq!(upstream.requests()[0].url(), "https://dynamodb.eu-central-1.amazonaws.com/");
//! ```
//!
//! `aws.allow` of `bootstream.toml` names the services: `aws.allow = ["dynamodb"]`. The host then gives the handler
//! a placeholder in place of an access key, and signs the requests that name it. `outbound.allow` is not needed.
//!
//! A service is named by the first part of its endpoint's host name: `dynamodb`, `bedrock-runtime`, `sqs`. The
//! region is that of the function ([`Request::region`]). If `aws.endpoints` names another endpoint for the service,
//! requests go there.
//!
//! A request with an `authorization` of its own, such as the [bearer token](Request::bearer) of a Bedrock API key,
//! is not signed; `outbound.allow` has to name its host.
//!
//! # Paths
//!
//! The path is that of the service's HTTP API. Names in it are percent-encoded: a model's id, a key of S3. See
//! [`encode`](super::encode). The bucket is the first segment: `aws::get("s3", "/bucket/key")`.

//!
//! # Bodies
//!
//! The host holds a body of up to `aws.body-kib` to sign it. To stream a larger one to S3, say its length and that it is
//! not signed:
//!
//! ```
//! # use bootstream::{Error, fetch};
//! # fn put(file: std::fs::File, length: u64) -> Result<(), Error> {
//! fetch::aws::request(fetch::Method::PUT, "s3", "/bucket/key")
//!     .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
//!     .header("content-length", length.to_string())
//!     .body_from(file)
//!     .send()?
//!     .success()?;
//! # Ok(())
//! # }
//! ```

mod exception;
mod service;
#[cfg(test)]
mod tests;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FetchError, Request};
use service::Service;
pub(super) use service::Target;

/// Creates a signed `GET` request.
///
/// The path may have a query. [`Request::query`] adds to it.
pub fn get(service: impl AsRef<str>, path: impl AsRef<str>) -> Request {
    request(Method::GET, service, path)
}

/// Creates a signed `POST` request.
pub fn post(service: impl AsRef<str>, path: impl AsRef<str>) -> Request {
    request(Method::POST, service, path)
}

/// Creates a signed request with any method.
pub fn request(method: Method, service: impl AsRef<str>, path: impl AsRef<str>) -> Request {
    let service = Service::new(service.as_ref(), path.as_ref());
    Request::to(method, service.map(Target::Aws))
}

/// Calls an operation of a service that speaks JSON, such as DynamoDB, SQS or Secrets Manager, and returns its
/// result.
///
/// The operation is the value of `x-amz-target`: `DynamoDB_20120810.GetItem`, `AmazonSQS.SendMessage`,
/// `secretsmanager.GetSecretValue`.
///
/// # Errors
///
/// When there is no response, when the service answers with an exception
/// ([`FetchError::aws_exception`]), or when its result is not the JSON of a `T`.
pub fn json<T: DeserializeOwned>(
    service: impl AsRef<str>,
    operation: impl AsRef<str>,
    input: &(impl Serialize + ?Sized),
) -> Result<T, FetchError> {
    let service = service.as_ref();
    let response = post(service, "/")
        .header("content-type", exception::content_type(service))
        .header("x-amz-target", operation.as_ref())
        .json(input)
        .send()?;
    exception::checked(response)?.json()
}
