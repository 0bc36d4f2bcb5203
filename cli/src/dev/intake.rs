//! Takes in a whole body, as far as Lambda takes one.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// How much of a body that is too large is read all the same, in bytes: most clients listen for an
/// answer only when they have sent everything.
const DISCARD_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Why a body was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// It has at least so many bytes.
    TooLarge(usize),
    /// It ended before it was complete.
    Broken(hyper::Error),
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
///
/// It is too large or incomplete.
pub(crate) async fn take_in(mut body: Incoming, limit: usize) -> Result<Bytes, NotTaken> {
    let mut taken = BytesMut::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(NotTaken::Broken)?.into_data() else {
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
        Err(NotTaken::TooLarge(size))
    } else {
        Ok(taken.freeze())
    }
}
