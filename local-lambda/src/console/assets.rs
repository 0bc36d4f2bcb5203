//! The files of the console's page.

use std::path::PathBuf;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// A file of the console's page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The path, such as `/app.js`.
    pub path: &'static str,
    /// The media type.
    pub content_type: &'static str,
    /// The content.
    pub bytes: &'static [u8],
}

/// The files that are served, and no others.
#[derive(Debug)]
pub(super) struct Assets {
    files: &'static [Asset],
    /// A folder whose files of the same names are served instead.
    folder: Option<PathBuf>,
}

/// A file, ready to be sent.
pub(super) struct File {
    pub(super) content_type: &'static str,
    pub(super) bytes: Bytes,
    pub(super) etag: String,
}

impl Assets {
    pub(super) fn new(files: &'static [Asset], folder: Option<PathBuf>) -> Self {
        Self { files, folder }
    }

    /// Finds the file at a path. The index is at `/`.
    pub(super) fn at(&self, path: &str) -> Option<File> {
        let path = if path == "/" { "/index.html" } else { path };
        let file = self.files.iter().find(|file| file.path == path)?;
        let bytes = match &self.folder {
            None => Bytes::from_static(file.bytes),
            Some(folder) => std::fs::read(folder.join(path.trim_start_matches('/')))
                .ok()?
                .into(),
        };
        Some(File {
            content_type: file.content_type,
            etag: etag(&bytes),
            bytes,
        })
    }
}

fn etag(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut etag = String::from("\"");
    for byte in Sha256::digest(bytes) {
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}
