//! The form of a capsule in a log: compressed, as text without spaces.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Begins a capsule in a line of a log.
pub(super) const MARK: &str = "bootstream-capsule-1:";

/// A compromise between time and size.
const LEVEL: u8 = 6;

/// Returns `capsule` as text.
pub(super) fn pack(capsule: &[u8]) -> String {
    let compressed = miniz_oxide::deflate::compress_to_vec_zlib(capsule, LEVEL);
    let mut text = MARK.to_owned();
    BASE64_STANDARD.encode_string(compressed, &mut text);
    text
}

/// Returns the capsule in a line of a log, whatever is before and after it. `None` if there is none.
///
/// # Errors
///
/// It is not complete, or larger than `limit_bytes`.
#[cfg(any(test, feature = "rehearsal"))]
pub(super) fn unpack(text: &str, limit_bytes: usize) -> Option<Result<Vec<u8>, NotPacked>> {
    let (_, rest) = text.split_once(MARK)?;
    let is_base64 =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '=');
    let end = rest.find(|letter| !is_base64(letter)).unwrap_or(rest.len());
    let packed = rest.get(..end).unwrap_or_default();
    Some(decompressed(packed, limit_bytes))
}

#[cfg(any(test, feature = "rehearsal"))]
fn decompressed(packed: &str, limit_bytes: usize) -> Result<Vec<u8>, NotPacked> {
    use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

    let compressed = BASE64_STANDARD.decode(packed).map_err(|_| NotPacked::Cut)?;
    decompress_to_vec_zlib_with_limit(&compressed, limit_bytes).map_err(|error| {
        match error.status {
            TINFLStatus::HasMoreOutput => NotPacked::TooLarge(limit_bytes),
            _ => NotPacked::Cut,
        }
    })
}

/// Why a capsule in a log cannot be read.
#[cfg(any(test, feature = "rehearsal"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotPacked {
    #[error("the record of the log is not whole: copy all of it, from `{MARK}` to its end")]
    Cut,
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    #[test]
    fn a_capsule_is_found_in_a_line_with_anything_around_it() {
        let capsule = b"[\"a\"]\n".repeat(50);
        let packed = pack(&capsule);
        assert!(packed.len() < capsule.len());
        for line in [
            packed.clone(),
            format!("2026-11-29T12:00:00.000Z\tid\tERROR x {packed} requestId=id\n"),
            format!("{{\"message\":\"capsule\",\"capsule\":\"{packed}\",\"requestId\":\"id\"}}"),
        ] {
            assert_eq!(unpack(&line, LIMIT), Some(Ok(capsule.clone())), "{line}");
        }
        assert_eq!(unpack("nothing", LIMIT), None);
        assert_eq!(unpack(&packed, 100), Some(Err(NotPacked::TooLarge(100))));
        for length in [0, 1, 10, 40, packed.len() - MARK.len() - 1] {
            let cut = packed.get(..MARK.len() + length).unwrap();
            assert_eq!(unpack(cut, LIMIT), Some(Err(NotPacked::Cut)), "{length}");
        }
    }
}
