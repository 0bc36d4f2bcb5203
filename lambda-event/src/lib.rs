//! Events of Lambda's HTTP front ends, read as the requests that caused them.
//!
//! This is the one reading of an event in the project: the host serves components of `wasi:http` with it, and the
//! SDK its handlers.
//!
//! ```
//! let event = br#"{
//!     "version": "2.0",
//!     "rawPath": "/a b",
//!     "rawQueryString": "c=1",
//!     "requestContext": { "http": { "method": "GET" }, "domainName": "example.com" }
//! }"#;
//! let request = lambda_event::Event::parse(event)?.into_request()?;
//!
//! assert_eq!(request.method, "GET");
//! assert_eq!(request.authority(), "example.com");
//! assert_eq!(request.target, "/a%20b?c=1");
//! # Ok::<(), lambda_event::ReadError>(())
//! ```
//!
//! Every handler carries this code, and each cold start loads it, so it is small before it is fast: no `serde_json`, one
//! table of members, and steps that are `#[inline(never)]`. A function in which all steps are inlined has more variables
//! than registers, and its machine code is a third longer.
//!
//! Bytes in, plain data out: no I/O, no clock, no settings. It knows neither the contract nor the host, and never
//! panics, whatever the bytes are.
#![warn(missing_docs)]

mod error;
mod event;
mod fields;
mod headers;
mod json;
mod kind;
mod members;
mod origin;
mod path;
mod query;
mod raw;
mod reader;
mod request;

pub use error::{ReadError, TypeMismatch};
pub use event::Event;
pub use fields::parse_cookies;
pub use headers::InvalidHeader;
pub use json::JsonError;
pub use kind::RequestKind;
pub use path::{decoded_segments, escaped_path, is_same_segment, normal_form};
pub use query::parse_query;
pub use request::HttpRequest;
