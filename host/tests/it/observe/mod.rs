//! What others are told of an invocation.

mod collector;
mod daemon;
mod log;
mod otlp;
mod xray;
