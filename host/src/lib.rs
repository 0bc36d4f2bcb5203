//! The Bootstream host.
#![warn(missing_docs)]

pub mod engine;
