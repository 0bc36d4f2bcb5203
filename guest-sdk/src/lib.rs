//! Write AWS Lambda handlers as WebAssembly components that stream their responses.
//!
//! A handler is one function and one macro. This is `examples/streaming-numbers`, whole:
//!
//! ```
#![doc = include_str!("../../examples/streaming-numbers/src/lib.rs")]
//! ```
//!
//! Its crate is a `cdylib`; `bootstream build` makes a component of it, `bootstream dev` serves
//! that component over HTTP.
//!
//! # The order of things
//!
//! A [`Response`] is not started yet. [`Response::write_headers`] starts it and gives the
//! [`Body`]; [`Body::finish`] ends it. Each takes its value away, so a head that comes too late
//! or a write after the end does not compile:
//!
//! ```compile_fail,E0382
//! # fn handle(_: bootstream::Event, response: bootstream::Response)
//! # -> Result<(), bootstream::Error> {
//! let body = response.write_headers(200)?;
//! let again = response.write_headers(404)?; // error: use of moved value: `response`
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0382
//! # fn handle(_: bootstream::Event, response: bootstream::Response)
//! # -> Result<(), bootstream::Error> {
//! let mut body = response.into_body();
//! body.finish()?;
//! body.write("more")?; // error: borrow of moved value: `body`
//! # Ok(())
//! # }
//! ```
//!
//! # Who reads JSON
//!
//! Not every caller speaks HTTP. For those that read the payload of `Invoke`, such as an SQS queue or an
//! authorizer, [`Response::document`] answers with a document; [`Response::raw`] streams to callers of
//! `InvokeWithResponseStream`. Front ends that cannot read a stream get the document that they read from
//! the host: a handler for HTTP is the same behind all of them.
//!
//! # When the reader is slow
//!
//! A write waits while the caller reads more slowly than the handler writes. There is nothing to
//! do about it in a handler, and nothing that could pile up in its memory.
//!
//! # When something goes wrong
//!
//! An `Err` before the first byte fails the invocation; an `Err` later ends the stream in a way
//! the caller can tell from a complete one. See [`Error`] for what the caller sees of it.
//!
//! A request that is wrong is not the handler's failure: a [`Rejection`] answers it with its own
//! status, and the invocation succeeds. [`Request::json`] returns one.
//!
//! # Events of other services
//!
//! [`Event::json`] reads every event. The types of what AWS's services send are in
//! [`aws_lambda_events`], and each service is a feature of this crate by the name that it has there.
//! Those of the HTTP front ends are on by default. For a queue, `Cargo.toml` says
//! `features = ["sqs"]`, and the handler:
//!
//! ```
//! # #[cfg(feature = "sqs")]
//! # mod handler {
//! use bootstream::aws_lambda_events::sqs::SqsEvent;
//! use bootstream::{Error, Event, Response};
//!
//! fn handle(event: Event, _: Response) -> Result<(), Error> {
//!     let batch: SqsEvent = event.json()?;
//!     for message in &batch.records {
//!         let order = message.body.as_deref().unwrap_or_default();
//!         log::info!("an order: {order}");
//!     }
//!     Ok(()) // an error would have the whole batch delivered again
//! }
//!
//! bootstream::handler!(handle);
//! # }
//! ```
//!
//! # Logging
//!
//! The macros of the crate [`log`] write to the function's log, with their level and the id of the
//! invocation; so does whatever speaks to `log`, such as `tracing` with its feature of that name.
//! Nothing has to be set up. Standard output and standard error are logged too, line by line.
//!
//! # Testing
//!
//! Handlers are tested with plain `cargo test`, without WebAssembly: see [`testing`].
#![warn(missing_docs)]

/// The code of the README, kept compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[doc(hidden)]
pub mod bindings;
mod context;
mod env;
mod error;
mod event;
#[doc(hidden)]
pub mod export;
mod http_event;
mod logging;
pub mod ndjson;
mod rejection;
mod request;
mod response;
pub mod sse;
mod stream;
pub mod testing;
#[cfg(any(feature = "alb", feature = "apigw", feature = "lambda_function_urls"))]
mod typed_event;

/// The types of the events that AWS's services send, each with its feature. See
/// [Events of other services](crate#events-of-other-services).
pub use aws_lambda_events;
pub use http;
pub use log;

pub use context::Context;
pub use env::env;
pub use error::{Error, StreamError};
pub use event::Event;
pub use http_event::RequestKind;
pub use rejection::Rejection;
pub use request::Request;
pub use response::{Body, Head, HeadRefused, Response};
