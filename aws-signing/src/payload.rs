//! How a body enters the signature.

use std::fmt;

use http::HeaderMap;

use crate::hash;
use crate::refusal::Refusal;

/// The header that states the hash of the body.
pub(crate) const HEADER: &str = "x-amz-content-sha256";

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// How the body enters the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The caller collects the body and hashes it: [`PayloadHash::of`].
    Held,
    /// The handler states the digest. The body is streamed.
    Digest(PayloadHash),
    /// Not signed. Streamed, over TLS only.
    Unsigned,
    /// Not signed, with a checksum in a trailer. Streamed unchanged, over TLS only.
    UnsignedTrailer,
}

/// What stands for the body in the signature: SHA-256 in hexadecimal digits, or a marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadHash(String);

impl PayloadHash {
    /// Hashes the parts of a body.
    #[must_use]
    pub fn of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Self {
        Self(hash::sha256_hex_of(parts))
    }

    /// Returns the hash or the marker.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PayloadHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Payload {
    /// Returns what stands for the body. `None` for a held body, whose hash the caller computes.
    #[must_use]
    pub fn hash(&self) -> Option<PayloadHash> {
        match self {
            Self::Held => None,
            Self::Digest(hash) => Some(hash.clone()),
            Self::Unsigned => Some(PayloadHash(UNSIGNED.to_owned())),
            Self::UnsignedTrailer => Some(PayloadHash(UNSIGNED_TRAILER.to_owned())),
        }
    }

    /// Reads `x-amz-content-sha256`.
    pub(crate) fn of(headers: &HeaderMap, is_tls: bool) -> Result<Self, Refusal> {
        let Some(value) = headers.get(HEADER) else {
            return Ok(Self::Held);
        };
        let payload = match value.as_bytes() {
            text if text == UNSIGNED.as_bytes() => Self::Unsigned,
            text if text == UNSIGNED_TRAILER.as_bytes() => Self::UnsignedTrailer,
            text if text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit) => {
                let digest = String::from_utf8_lossy(text).to_ascii_lowercase();
                return Ok(Self::Digest(PayloadHash(digest)));
            }
            text if text.starts_with(b"STREAMING-AWS4-ECDSA") => return Err(Refusal::SigV4a),
            text if text == b"STREAMING-AWS4-HMAC-SHA256-EVENTS" => {
                return Err(Refusal::SignedEvents);
            }
            text if text.starts_with(b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD") => {
                return Err(Refusal::SignedChunks(Refusal::shown(text)));
            }
            text => return Err(Refusal::PayloadMode(Refusal::shown(text))),
        };
        if is_tls {
            Ok(payload)
        } else {
            Err(Refusal::UnsignedWithoutTls(Refusal::shown(
                value.as_bytes(),
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str, is_tls: bool) -> Result<Payload, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, value.parse().unwrap());
        Payload::of(&headers, is_tls)
    }

    #[test]
    fn the_header_decides_how_the_body_is_signed() {
        assert_eq!(Payload::of(&HeaderMap::new(), false), Ok(Payload::Held));
        let digest = hash::sha256_hex(b"body");
        for stated in [digest.clone(), digest.to_uppercase()] {
            let payload = of(&stated, false).unwrap();
            assert_eq!(payload, Payload::Digest(PayloadHash::of(["bo", "dy"])));
            assert_eq!(payload.hash().unwrap().as_str(), digest);
        }
        assert_eq!(of(UNSIGNED, true), Ok(Payload::Unsigned));
        assert_eq!(of(UNSIGNED_TRAILER, true), Ok(Payload::UnsignedTrailer));
        for payload in [Payload::Unsigned, Payload::UnsignedTrailer] {
            let marker = payload.hash().unwrap();
            assert_eq!(of(marker.as_str(), true), Ok(payload));
        }
        assert_eq!(Payload::Held.hash(), None);
    }

    #[test]
    fn what_cannot_be_signed_is_refused_by_name() {
        for (value, is_tls, text) in [
            (
                UNSIGNED,
                false,
                "its body is unsigned (`UNSIGNED-PAYLOAD`): use https",
            ),
            (
                UNSIGNED_TRAILER,
                false,
                "its body is unsigned (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`): use https",
            ),
            (
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                true,
                "its body is signed in chunks (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD`): use https, or switch chunk signing off",
            ),
            (
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                true,
                "its body is signed in chunks (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`): use https, or switch chunk signing off",
            ),
            (
                "STREAMING-AWS4-HMAC-SHA256-EVENTS",
                true,
                "its body is a stream of signed events (`STREAMING-AWS4-HMAC-SHA256-EVENTS`), which is not supported",
            ),
            (
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
                true,
                "SigV4a is not supported",
            ),
            (
                "STREAMING-X",
                true,
                "`x-amz-content-sha256` is `STREAMING-X`: expected SHA-256 in 64 hexadecimal digits, `UNSIGNED-PAYLOAD` or `STREAMING-UNSIGNED-PAYLOAD-TRAILER`",
            ),
            (
                "",
                true,
                "`x-amz-content-sha256` is ``: expected SHA-256 in 64 hexadecimal digits, `UNSIGNED-PAYLOAD` or `STREAMING-UNSIGNED-PAYLOAD-TRAILER`",
            ),
            (
                "unsigned-payload",
                true,
                "`x-amz-content-sha256` is `unsigned-payload`: expected SHA-256 in 64 hexadecimal digits, `UNSIGNED-PAYLOAD` or `STREAMING-UNSIGNED-PAYLOAD-TRAILER`",
            ),
        ] {
            assert_eq!(of(value, is_tls).unwrap_err().to_string(), text);
        }
        let long = hash::sha256_hex(b"") + "0";
        assert!(of(&long, true).is_err());
    }
}
