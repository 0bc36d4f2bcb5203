//! AWS Lambda's protocols as data: what the Runtime API and the HTTP front ends send and accept.
//!
//! A fact that two programs must agree on belongs here: a header name, a limit, the bytes of a prelude,
//! a rule for a header. The host, the local Lambda and the test recorder of the guest SDK read it from
//! this crate, so none of them can drift.
//!
//! This crate never does I/O: no sockets, no files, no clock, no logging. It knows neither WebAssembly
//! nor the host's configuration. Everything is a constant or a pure function, and never panics on untrusted
//! bytes.
#![warn(missing_docs)]

pub mod error_report;
mod fields;
pub mod front_end;
mod head;
pub mod headers;
pub mod limits;
mod log_level;
mod object;
pub mod prelude;
pub mod response_document;
pub mod xray;

pub use head::{Head, InvalidHead, raw_content_type};
pub use log_level::LogLevel;
pub use object::Object;
