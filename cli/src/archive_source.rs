//! Reads archives from a path or a URL, and their checksums.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::files;

/// Largest archive that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Reads a file or, if `from` is the URL of one, downloads it.
///
/// # Errors
///
/// It cannot be read, or the server does not send it. The error names it.
pub(crate) fn fetch(from: &str) -> Result<Vec<u8>> {
    match from.split_once("://") {
        None => files::read(Path::new(from)),
        Some(("http" | "https", _)) => {
            download(from).with_context(|| format!("cannot download `{from}`"))
        }
        Some((scheme, _)) => {
            bail!("`{from}`: `{scheme}` is not supported: name a file, or a URL of http or https")
        }
    }
}

fn download(url: &str) -> Result<Vec<u8>> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        // A redirect must not leave it.
        .https_only(url.starts_with("https:"))
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let mut response = agent.get(url).call()?;
    let body = response.body_mut().with_config().limit(LARGEST);
    Ok(body.read_to_vec()?)
}

/// Returns the SHA-256 of `bytes` in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    artifact::hex(&Sha256::digest(bytes))
}

/// Reads the SHA-256 at the start of a file that `sha256sum` writes. Returns `None` if there is none.
pub(crate) fn digest(text: &[u8]) -> Option<String> {
    const DIGITS: usize = 64;
    let text = std::str::from_utf8(text).ok()?;
    let first = text.split_ascii_whitespace().next()?;
    let is_digest = first.len() == DIGITS && first.chars().all(|c| c.is_ascii_hexdigit());
    is_digest.then(|| first.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_and_http_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, "bytes").unwrap();
        assert_eq!(fetch(file.to_str().unwrap()).unwrap(), b"bytes");

        let error = fetch("ftp://127.0.0.1/x").unwrap_err().to_string();
        assert!(error.contains("`ftp` is not supported"), "{error}");
    }

    #[test]
    fn checksums_are_read_as_sha256sum_writes_them() {
        let hex = "0123456789abcdef".repeat(4);
        for text in [
            hex.clone(),
            format!("{hex}  a.tar.gz\n"),
            hex.to_uppercase(),
        ] {
            assert_eq!(digest(text.as_bytes()), Some(hex.clone()));
        }
        for text in [
            "",
            "\n",
            "0123",
            "a.tar.gz",
            &"g".repeat(64),
            &"0".repeat(65),
        ] {
            assert_eq!(digest(text.as_bytes()), None, "{text}");
        }
        assert_eq!(digest(&[0xff; 64]), None);
    }
}
