//! The digest of a handler's file, which pins the file to load.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

use artifact::hex;
use sha2::{Digest as _, Sha256};

use super::error::LoadError;

/// Bytes read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest([u8; 32]);

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidDigest;

impl Digest {
    /// Computes the digest of the file at `path`.
    pub(crate) fn of_file(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(Self(hasher.finalize().into()));
            }
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
    }
}

/// Checks that `path` is the pinned file.
///
/// # Errors
///
/// When it is another file, or cannot be read.
pub(crate) fn check_digest(path: &Path, expected: Digest) -> Result<(), LoadError> {
    let actual = Digest::of_file(path).map_err(|source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    if actual == expected {
        return Ok(());
    }
    Err(LoadError::WrongDigest {
        path: path.to_owned(),
        actual: actual.to_string(),
        expected: expected.to_string(),
    })
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 2 * bytes.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidDigest);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidDigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of FIPS 180-2, appendix B.1.
    #[test]
    fn the_digest_is_that_of_the_standard() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Digest::of_file(file.path()).unwrap();
        assert_eq!(digest.to_string(), known);
        assert_eq!(known.to_uppercase().parse(), Ok(digest));
    }

    #[test]
    fn other_texts_are_no_digest() {
        for text in [
            "",
            "abc",
            &"g".repeat(64),
            &"+1".repeat(32),
            &"0".repeat(66),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(InvalidDigest));
        }
    }
}
