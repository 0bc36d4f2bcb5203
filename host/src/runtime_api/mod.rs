//! Lambda's Runtime API: where events come from and answers go.

mod backoff;
mod client;
mod connection;
mod endpoint;
mod error;
pub mod headers;
mod peer;
mod stream;

pub use client::{Client, StartPhase};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{Answer, RuntimeApiError};
