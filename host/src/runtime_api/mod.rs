//! Lambda's Runtime API: where events come from and answers go.

mod backoff;
mod client;
mod connection;
mod endpoint;
mod error;
pub mod headers;

pub use client::Client;
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{Answer, RuntimeApiError};
