//! Write AWS Lambda handlers as WebAssembly components that stream their responses.
//!
//! A handler is a function with an attribute. This is the whole of `examples/streaming-numbers`:
//!
//! ```
#![doc = include_str!("../docs/streaming-numbers.rs")]
//! ```
//!
//! Its crate is a `cdylib`. `bootstream build` compiles it to a component, `bootstream dev` serves
//! that component over HTTP.
//!
//! # Head, body, end
//!
//! [`Response::start`] sends the head and returns the [`Body`]; [`Body::finish`] ends the response.
//! Each consumes its value, so a second head or a write after the end does not compile:
//!
//! ```compile_fail,E0382
//! # fn handle(_: bootstream::Event, response: bootstream::Response)
//! # -> Result<(), bootstream::Error> {
//! let body = response.start(200)?;
//! let again = response.start(404)?; // error: use of moved value: `response`
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
//! [`Response::send`] sends a whole [`http::Response`] at once.
//!
//! # Callers that read JSON
//!
//! Callers that read the payload of `Invoke`, such as an SQS queue or an authorizer, expect a
//! document: [`Response::document`]. [`Response::start_raw`] streams to callers of
//! `InvokeWithResponseStream`. For front ends that cannot read a stream, the host buffers the response
//! and encodes it: a handler for HTTP is the same behind all of them.
//!
//! # Slow readers
//!
//! A write blocks while the caller reads more slowly than the handler writes. Unsent data does not
//! accumulate in the handler's memory.
//!
//! # Errors
//!
//! An `Err` before the first byte fails the invocation. A later `Err` ends the stream so that the
//! caller can tell it is incomplete. See [`Error`] for what the caller sees of it.
//!
//! A caller's bad request is not a failure of the handler: a [`Rejection`] sends a 4xx status, and the
//! invocation succeeds. [`RequestExt::json`] returns one.
//!
//! # Events of other services
//!
//! [`Event::json`] decodes any event. The types of events of AWS's services are in
//! [`aws_lambda_events`]. Each of its features is a feature of this crate with the same name; those of
//! the HTTP front ends are on by default. For a queue, `Cargo.toml` has `features = ["sqs"]`, and the
//! handler is:
//!
//! ```
//! # #[cfg(feature = "sqs")]
//! # mod handler {
//! use bootstream::aws_lambda_events::sqs::SqsEvent;
//! use bootstream::{Error, Event, Response};
//!
//! #[bootstream::handler]
//! fn handle(event: Event, _: Response) -> Result<(), Error> {
//!     let batch: SqsEvent = event.json()?;
//!     for message in &batch.records {
//!         let order = message.body.as_deref().unwrap_or_default();
//!         log::info!("an order: {order}");
//!     }
//!     Ok(()) // after an error, the queue delivers the whole batch again
//! }
//! # }
//! ```
//!
//! # Logging
//!
//! The macros of the crate [`log`] write to the function's log, with their level and the id of the
//! invocation. So do crates that log through `log`, such as `tracing` with its feature `log`. No setup
//! is needed. Standard output and standard error are logged too, line by line.
//!
//! With the feature `kv`, records have fields: `log::info!(order = 7; "sold")`. With the feature `tracing`, the module
//! `tracing` sends the records of the crate of that name, with their fields and those of their spans.
//!
//! # Testing
//!
//! Handlers are tested with `cargo test`, without WebAssembly: see [`testing`].
#![warn(missing_docs)]

/// Compiles the code of the README.
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
pub mod fetch;
mod logging;
pub mod ndjson;
mod rejection;
mod request;
mod response;
pub mod sse;
mod stream;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
#[cfg(feature = "tracing")]
pub mod tracing;
#[cfg(any(feature = "alb", feature = "apigw", feature = "lambda_function_urls"))]
mod typed_event;

/// The types of the events that AWS's services send, each behind a feature. See [Events of other
/// services](crate#events-of-other-services).
///
/// They follow the versions of that crate, 1.x today. No other part of this crate does, except the
/// methods of [`Event`] that have one of these features.
pub use aws_lambda_events;
pub use http;
pub use log;

/// Makes a function the handler of this component.
///
/// The function takes an [`Event`] and a [`Response`] and returns a `Result<(), E>`, where `E` is
/// [`Error`] or converts into it: every [`std::error::Error`], a text, `anyhow::Error`. A
/// [`Rejection`] becomes the response; any other error fails the invocation:
///
/// ```
/// use bootstream::{Error, Event, Response};
///
/// #[bootstream::handler]
/// fn handle(event: Event, response: Response) -> Result<(), Error> {
///     response.into_body().write_and_finish(event.bytes())?;
///     Ok(())
/// }
/// ```
///
/// A crate has one handler. The export exists only in WebAssembly, so that the same crate can be
/// tested natively.
pub use bootstream_macros::handler;

/// Marks the function that `bootstream build --preinit` calls once, when it builds the handler.
///
/// Every instance starts with the memory as the function leaves it: a computed table, a parsed
/// document. The host never calls the function. A handler that gets the state through a
/// [`LazyLock`](std::sync::LazyLock) works with and without `--preinit`:
///
/// ```
/// use std::sync::LazyLock;
///
/// static SQUARES: LazyLock<Vec<u64>> = LazyLock::new(|| (0..1000).map(|n| n * n).collect());
///
/// #[bootstream::preinit]
/// fn prepare() {
///     LazyLock::force(&SQUARES);
/// }
/// # assert_eq!(SQUARES[7], 49);
/// ```
///
/// Only memory is kept. A function that logs, responds, opens something, or reads a clock or a
/// variable fails the build. Its random numbers, including the seeds of its hash maps, are the same in
/// every later instance: do not generate secrets here.
pub use bootstream_macros::preinit;

pub use context::Context;
pub use env::env;
pub use error::{Error, StreamError};
pub use event::Event;
pub use lambda_event::RequestKind;
pub use rejection::Rejection;
pub use request::RequestExt;
pub use response::{Body, Head, Response, StartError};
