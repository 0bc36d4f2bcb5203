//! Client of Lambda's Runtime API: receives events and posts responses.

mod backoff;
mod client;
mod endpoint;
mod error;
pub mod headers;
mod pool;

pub use client::{Client, StartPhase};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{Answer, Refusal, RuntimeApiError};
