//! What others are told of an invocation.

mod collector;
pub(crate) mod daemon;
mod log;
mod otlp;
mod xray;
