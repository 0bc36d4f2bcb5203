//! Which release a file of the host is of.

use std::path::Path;

use anyhow::{Result, anyhow};
use artifact::release::{self, VERSION};

use crate::files;

/// What a file is.
#[derive(Debug)]
pub(super) enum Judgement {
    /// Of this release.
    Own,
    /// Of another release. The error names the file and both releases.
    Other(anyhow::Error),
    /// Not a file of this project.
    Foreign,
}

/// Judges the file at `path`.
///
/// # Errors
///
/// It cannot be read.
pub(super) fn of(path: &Path) -> Result<Judgement> {
    Ok(judge(path, &files::read(path)?))
}

/// Judges a file with this content.
pub(super) fn judge(path: &Path, bytes: &[u8]) -> Judgement {
    match release::of(bytes) {
        Some(VERSION) => Judgement::Own,
        Some(other) => Judgement::Other(anyhow!(
            "`{}` is of release {other}, and this command is of {VERSION}: remove it, or replace it by the one that \
             `bootstream host install` installs",
            path.display()
        )),
        None => Judgement::Foreign,
    }
}
