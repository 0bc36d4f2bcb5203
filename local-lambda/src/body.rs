//! Reads a whole request body, up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// How much of a body over the limit we still read, in bytes: most clients listen for a response only after
/// they have sent everything.
const DISCARD_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Why reading a body failed.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// The number of bytes read before giving up.
    TooLarge(usize),
    /// It ended before it was complete.
    Truncated(hyper::Error),
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
///
/// It is too large or incomplete.
pub(crate) async fn read_limited(mut body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let mut taken = BytesMut::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(BodyError::Truncated)?.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size <= limit {
            taken.extend_from_slice(&data);
        } else if size > DISCARD_LIMIT_BYTES {
            break;
        }
    }
    if size > limit {
        Err(BodyError::TooLarge(size))
    } else {
        Ok(taken.freeze())
    }
}
