//! Lambda's Runtime API: where events come from and answers go.

mod backoff;
mod client;
mod connection;
mod endpoint;
pub mod headers;

pub use client::{Answer, Client, RuntimeApiError};
pub use endpoint::{Endpoint, InvalidEndpoint};
