//! Takes in the body of a request, as far as Lambda takes one.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// What Lambda accepts as an event, in bytes: 6 MiB, and 100 bytes that its emulator has too.
pub(crate) const EVENT_LIMIT_BYTES: usize = 6 * 1024 * 1024 + 100;

/// How much of a body that is too large is read all the same, in bytes: most clients listen for an
/// answer only when they have sent everything.
const DISCARD_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NotTaken {
    TooLarge,
    /// The request ended before it was complete.
    Broken,
}

/// Reads a body.
///
/// # Errors
///
/// It is too large or incomplete.
pub(crate) async fn take_in(mut body: Incoming) -> Result<Bytes, NotTaken> {
    let mut taken = BytesMut::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NotTaken::Broken)?.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size <= EVENT_LIMIT_BYTES {
            taken.extend_from_slice(&data);
        } else if size > DISCARD_LIMIT_BYTES {
            break;
        }
    }
    if size > EVENT_LIMIT_BYTES {
        Err(NotTaken::TooLarge)
    } else {
        Ok(taken.freeze())
    }
}
