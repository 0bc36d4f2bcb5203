//! The response to one invocation, from the guest's calls to the body of `POST …/response`.

mod body;
mod buffer;
mod document;
mod head;
mod piece;
mod prelude;
mod state;
mod writer;

pub use body::{Payload, ResponseBody, ResponseReader};
pub(crate) use buffer::HIGH_WATER_BYTES;
pub use buffer::{More, Part};
pub use document::{DocumentTooLarge, LOAD_BALANCER_LIMIT_BYTES, PAYLOAD_LIMIT_BYTES};
pub use head::{InvalidHead, raw_content_type};
pub use prelude::{DELIMITER, PRELUDE_LIMIT_BYTES, Prelude};
pub use state::{Delivery, Refused, ResponseStream, Start, Telling};
pub use writer::ResponseWriter;

use std::sync::Arc;

use crate::front_end::Invoker;

/// Makes the two halves of one response, to be read by `invoker` if that is known: some get a response
/// document instead of a stream with a head.
#[must_use]
pub fn channel(invoker: Option<Invoker>) -> (ResponseWriter, ResponseReader) {
    let buffer = Arc::new(buffer::Buffer::new());
    (
        ResponseWriter::new(Arc::clone(&buffer), invoker),
        ResponseReader::new(buffer),
    )
}
