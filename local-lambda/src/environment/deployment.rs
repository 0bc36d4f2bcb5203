//! A version of a function's code: the folder that becomes the task root.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::digest::sha256;
use crate::failure::Failure;

/// One version of a function's code, in the folder that becomes `LAMBDA_TASK_ROOT`.
#[derive(Debug)]
pub struct Deployment {
    folder: Folder,
}

#[derive(Debug)]
enum Folder {
    Temporary {
        /// Removed with the last environment that runs it.
        folder: TempDir,
        /// Where the handler is in the folder, and the file it was made from.
        handler: PathBuf,
        origin: PathBuf,
        /// The SHA-256 of that file.
        digest: Option<String>,
    },
    Permanent(PathBuf),
}

impl Deployment {
    /// A temporary folder with a handler in it. The folder is removed with the last environment that runs
    /// it. Error messages name `origin`, the file that the handler was made from, instead of the copy.
    #[must_use]
    pub fn temporary(folder: TempDir, handler: PathBuf, origin: PathBuf) -> Self {
        Self {
            folder: Folder::Temporary {
                digest: std::fs::read(&origin).ok().map(|bytes| sha256(&bytes)),
                folder,
                handler,
                origin,
            },
        }
    }

    /// A folder that is deployed as it is. Dropping the deployment does not remove it.
    #[must_use]
    pub fn permanent(folder: PathBuf) -> Self {
        Self {
            folder: Folder::Permanent(folder),
        }
    }

    /// The folder.
    #[must_use]
    pub fn task_root(&self) -> &Path {
        match &self.folder {
            Folder::Temporary { folder, .. } => folder.path(),
            Folder::Permanent(folder) => folder,
        }
    }

    /// Returns the SHA-256 of the file that the handler was made from, in hexadecimal digits.
    pub(crate) fn digest(&self) -> Option<&str> {
        match &self.folder {
            Folder::Temporary { digest, .. } => digest.as_deref(),
            Folder::Permanent(_) => None,
        }
    }

    /// Replaces the path of the handler in the task root by that of its origin.
    pub(crate) fn with_original_paths(&self, text: &str) -> String {
        match &self.folder {
            Folder::Temporary {
                handler, origin, ..
            } => text.replace(&*handler.to_string_lossy(), &origin.to_string_lossy()),
            Folder::Permanent(_) => text.to_owned(),
        }
    }

    /// Replaces the path of the handler in a failure by that of its origin.
    pub(crate) fn failure_with_original_paths(&self, failure: Failure) -> Failure {
        failure.map_text(|text| self.with_original_paths(text))
    }
}
