//! Lambda's Runtime API: where events come from and answers go.

mod backoff;
mod client;
mod connection;
mod endpoint;
mod error;
mod head;
pub mod headers;
mod incoming;
mod outgoing;
mod peer;
mod request;

pub use client::{Client, StartPhase};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{Answer, InvalidAnswer, Refusal, RuntimeApiError};
pub use head::{AnswerHead, Framing};
pub use incoming::{Body, Incoming};
