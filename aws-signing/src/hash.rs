//! SHA-256 and its keyed form.

use std::fmt::Write as _;

use ring::{digest, hmac};

/// Returns SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Hashes parts as one.
pub(crate) fn sha256_hex_of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part.as_ref());
    }
    hex(context.finish().as_ref())
}

pub(crate) fn hmac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes all");
    }
    text
}
