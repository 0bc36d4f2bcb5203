//! The response to one invocation, from the guest's calls to the body of `POST …/response`.

mod body;
mod buffer;
mod head;
mod piece;
mod prelude;
mod socket;
mod state;
mod writer;

pub use body::{ResponseBody, ResponseReader};
pub(crate) use buffer::HIGH_WATER_BYTES;
pub use buffer::{More, Part};
pub use head::InvalidHead;
pub use prelude::{DELIMITER, PRELUDE_LIMIT_BYTES, Prelude};
pub use socket::Socket;
pub use state::{Refused, ResponseStream, Start, Telling};
pub use writer::ResponseWriter;

use std::sync::Arc;

/// Makes the two halves of one response.
#[must_use]
pub fn channel() -> (ResponseWriter, ResponseReader) {
    let buffer = Arc::new(buffer::Buffer::default());
    (
        ResponseWriter::new(Arc::clone(&buffer)),
        ResponseReader::new(buffer),
    )
}
