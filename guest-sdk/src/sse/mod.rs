//! Server-sent events: a stream a browser reads with `EventSource`.
//!
//! [`Sse`] sends events to the caller. [`Events`] reads those of another server; a response of
//! [`fetch`](crate::fetch) gives them with [`sse`](crate::fetch::IncomingResponse::sse). Both have the same
//! [`Message`], so a proxy sends what it reads.
//!
//! The format is that of the [HTML standard](https://html.spec.whatwg.org/#server-sent-events).

mod message;
mod parser;
mod reader;
mod writer;

pub use message::Message;
pub use reader::Events;
pub use writer::{Sse, head};
