//! The response to one invocation, from the guest's calls to the body of `POST …/response`.

mod block;
mod body;
mod buffer;
mod document;
pub mod invoker;
mod state;
mod writer;

pub use body::{Payload, ResponseBody, ResponseReader};
pub(crate) use buffer::HIGH_WATER_BYTES;
pub use buffer::{BodyEvent, Readiness};
pub use state::{Delivery, FailureRoute, Refused, ResponseStream, Start};
pub use writer::{ResponseWriter, Transmission};

use std::sync::Arc;

use invoker::Invoker;

/// Creates the two halves of one response. `invoker` reads it, if known: some invokers get a response
/// document instead of a stream with a head.
#[must_use]
pub fn channel(invoker: Option<Invoker>) -> (ResponseWriter, ResponseReader) {
    let watch = invoker.as_ref().and_then(Invoker::watch);
    let buffer = Arc::new(buffer::Buffer::new(watch));
    (
        ResponseWriter::new(Arc::clone(&buffer), invoker),
        ResponseReader::new(buffer),
    )
}
