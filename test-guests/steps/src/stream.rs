//! The calls on the response, with named refusals.

use crate::{
    bindings::bootstream::handler::{response_stream, types::ResponseHead},
    outcome::Refusal,
};

pub(crate) fn write_headers(head: &ResponseHead) -> Result<(), Refusal> {
    Ok(response_stream::write_headers(head)?)
}

pub(crate) fn start_document() -> Result<(), Refusal> {
    Ok(response_stream::start_document()?)
}

pub(crate) fn start_raw(content_type: &str) -> Result<(), Refusal> {
    Ok(response_stream::start_raw(content_type)?)
}

/// Writes a chunk to the body.
///
/// # Errors
///
/// When the host refuses it.
pub fn write(chunk: impl AsRef<[u8]>) -> Result<(), Refusal> {
    Ok(response_stream::write(chunk.as_ref())?)
}

pub(crate) fn finish() -> Result<(), Refusal> {
    Ok(response_stream::finish()?)
}
