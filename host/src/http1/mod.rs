//! One HTTP/1.1 connection as its client: request out, response in. Knows nothing of Lambda.

mod connection;
mod error;
mod head;
mod incoming;
mod outgoing;
mod progress;
mod request;

pub(crate) use connection::Connection;
pub use error::InvalidAnswer;
pub use head::{AnswerHead, Framing};
pub use incoming::{Body, Incoming};
pub(crate) use request::Request;
