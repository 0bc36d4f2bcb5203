//! HTTP requests of a handler: to the API of an LLM, to AWS, to a service of one's own.
//!
//! ```
//! use std::time::Duration;
//!
//! use bootstream::{Error, Event, Response, fetch};
//! use serde_json::json;
//!
//! #[bootstream::handler]
//! fn handle(_: Event, response: Response) -> Result<(), Error> {
//!     let mut upstream = fetch::post("https://api.openai.com/v1/responses")
//!         .bearer(bootstream::env("OPENAI_API_KEY")?) // the host puts the secret in
//!         .json(&json!({ "model": "gpt-5-mini", "input": "Hello", "stream": true }))
//!         .first_byte_timeout(Duration::from_secs(30))
//!         .send()? // an error: there is no response
//!         .success()?; // an error: the status is not 2xx
//!     let mut body = response.start(200)?;
//!     upstream.copy_to(&mut body)?; // each piece leaves as it came
//!     body.finish()?;
//!     Ok(())
//! }
//! # use bootstream::testing;
//! # let _variables = testing::variables([("OPENAI_API_KEY", "placeholder")]);
//! # let upstream = testing::Upstream::new([testing::Reply::new(200).chunk("Hi").chunk("!")]);
//! # let (response, recording) = testing::response();
//! # handle(testing::get("/"), response).unwrap();
//! # assert_eq!(recording.chunks(), [&b"Hi"[..], b"!"]);
//! # assert_eq!(upstream.requests()[0].header("authorization"), Some("Bearer placeholder"));
//! ```
//!
//! The host sends a request only to what `outbound.allow` of `bootstream.toml` names, and puts the values of
//! `secrets` into its headers. A request that it denies fails with an error that names the setting.
//!
//! Requests block. Redirects are not followed, and compressed bodies are not decompressed. A component that
//! does not send requests does not import `wasi:http`.
//!
//! # Streams
//!
//! The body of a response is read as it arrives, by [`Read`](std::io::Read) and
//! [`BufRead`](std::io::BufRead), piece by piece ([`IncomingResponse::chunks`]), or as events
//! ([`IncomingResponse::sse`], [`IncomingResponse::event_stream`]). The body of a request may be read from any
//! reader ([`Request::body_from`]), another response for example. The response may begin before the request
//! has ended: then the rest of the request is sent while the response is read.
//!
//! A response that breaks off is an error, and never looks complete. Dropping a response ends its request.
//!
//! # Tests
//!
//! Natively a [`testing::Upstream`](crate::testing::Upstream) answers the requests.

mod advice;
pub mod aws;
mod code;
pub(crate) mod error;
pub mod event_stream;
mod header;
mod read;
mod request;
mod request_body;
mod response;
mod transport;
mod url;

pub use code::ErrorCode;
pub use error::FetchError;
pub use http::Method;
pub use read::Chunks;
pub use request::Request;
pub use response::IncomingResponse;
pub use url::encode;

/// Creates a `GET` request.
pub fn get(url: impl AsRef<str>) -> Request {
    request(Method::GET, url)
}

/// Creates a `POST` request.
pub fn post(url: impl AsRef<str>) -> Request {
    request(Method::POST, url)
}

/// Creates a `PUT` request.
pub fn put(url: impl AsRef<str>) -> Request {
    request(Method::PUT, url)
}

/// Creates a `DELETE` request.
pub fn delete(url: impl AsRef<str>) -> Request {
    request(Method::DELETE, url)
}

/// Creates a request with any method. The URL is an absolute one, with `https://` or `http://`.
///
/// A URL that is not valid makes [`Request::send`] fail. So does the method `CONNECT` or `TRACE`, which the
/// host does not send.
pub fn request(method: Method, url: impl AsRef<str>) -> Request {
    Request::new(method, url::Url::parse(url.as_ref()))
}

#[cfg(test)]
mod tests;
