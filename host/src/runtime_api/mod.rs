//! Lambda's Runtime API: where events come from and answers go.

mod backoff;
mod client;
mod endpoint;
mod error;
pub mod headers;
mod pool;

pub use client::{Client, StartPhase};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{Answer, Refusal, RuntimeApiError};
