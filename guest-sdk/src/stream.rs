//! The receiver of a response: the host, or a recording.

#[cfg(not(target_arch = "wasm32"))]
use crate::testing::Recording;
use crate::{
    StreamError,
    bindings::bootstream::handler::{response_stream as host, types},
    response::Head,
};

/// Largest write in one host call, in bytes. The host accepts 8 times as much in the smallest
/// function, but larger writes are not faster.
const WRITE_LIMIT_BYTES: usize = 1024 * 1024;

/// The receiving end of a response.
#[derive(Debug)]
pub(crate) enum Stream {
    /// The imports of the component, which exist in WebAssembly only.
    Host,
    /// A recording in memory, for tests. A component has none, nor its code.
    #[cfg(not(target_arch = "wasm32"))]
    Recording(Recording),
}

impl Stream {
    pub(crate) fn write_headers(&self, head: Head) -> Result<(), StreamError> {
        match self {
            Self::Host => Ok(host::write_headers(&head.into())?),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Recording(recording) => recording.on_write_headers(head),
        }
    }

    pub(crate) fn start_document(&self) -> Result<(), StreamError> {
        match self {
            Self::Host => Ok(host::start_document()?),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Recording(recording) => recording.on_start_document(),
        }
    }

    pub(crate) fn start_raw(&self, content_type: &str) -> Result<(), StreamError> {
        match self {
            Self::Host => Ok(host::start_raw(content_type)?),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Recording(recording) => recording.on_start_raw(content_type),
        }
    }

    pub(crate) fn write(&self, chunk: &[u8]) -> Result<(), StreamError> {
        match self {
            Self::Host => write_in_parts(chunk),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Recording(recording) => recording.on_write(chunk),
        }
    }

    pub(crate) fn finish(&self) -> Result<(), StreamError> {
        match self {
            Self::Host => Ok(host::finish()?),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Recording(recording) => recording.on_finish(),
        }
    }
}

/// Writes a chunk to the host, split if it is larger than a MiB.
fn write_in_parts(chunk: &[u8]) -> Result<(), StreamError> {
    // An empty chunk cannot be split, but it starts the response.
    if chunk.is_empty() {
        return Ok(host::write(chunk)?);
    }
    for part in chunk.chunks(WRITE_LIMIT_BYTES) {
        host::write(part)?;
    }
    Ok(())
}

impl From<Head> for types::ResponseHead {
    fn from(head: Head) -> Self {
        Self {
            status: head.status,
            headers: head.headers,
            cookies: head.cookies,
        }
    }
}

impl From<types::StreamError> for StreamError {
    fn from(error: types::StreamError) -> Self {
        match error {
            types::StreamError::AlreadyStarted => Self::AlreadyStarted,
            types::StreamError::AlreadyFinished => Self::AlreadyFinished,
            types::StreamError::Closed => Self::Closed,
            types::StreamError::InvalidStatus(status) => Self::InvalidStatus(status),
            types::StreamError::InvalidHeader(reason) => Self::InvalidHeader(reason),
            types::StreamError::HeadTooLarge(size) => Self::HeadTooLarge {
                actual_bytes: size.actual_bytes,
                limit_bytes: size.limit_bytes,
            },
            types::StreamError::Other(reason) => Self::Other(reason),
        }
    }
}
