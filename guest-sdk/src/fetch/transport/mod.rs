//! The way a request takes: `wasi:http` in WebAssembly, a [`testing::Upstream`](crate::testing::Upstream)
//! natively.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod upload;
#[cfg(target_arch = "wasm32")]
mod wasi;

use std::io::Read;
use std::time::Duration;

use http::{HeaderMap, Method};

#[cfg(not(target_arch = "wasm32"))]
pub(super) use native::{Incoming, send};
#[cfg(target_arch = "wasm32")]
pub(super) use wasi::{Incoming, send};

use super::url::Url;

/// Largest piece of a body that is read or written at once, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// A request that is ready to be sent.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Content>,
    pub(crate) timeouts: Timeouts,
}

/// The body of a request.
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Reader(Box<dyn Read>),
}

/// The handler's limits, within those of the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) connect: Option<Duration>,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) between_bytes: Option<Duration>,
}
