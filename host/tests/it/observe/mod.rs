//! What others are told of an invocation.

mod collector;
pub(crate) mod daemon;
mod guest_spans;
mod judges;
mod log;
mod moments;
mod numbers;
mod otlp;
mod quiet;
mod xray;
