//! Reads and writes files, with errors that name them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Reads a file.
///
/// # Errors
///
/// The file cannot be read. The error names it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| unreadable(path))
}

/// Reads a file of UTF-8 text.
///
/// # Errors
///
/// The file cannot be read. The error names it.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| unreadable(path))
}

fn unreadable(path: &Path) -> String {
    format!("cannot read `{}`", path.display())
}

/// Writes a file so that readers see the old one or the whole new one.
///
/// # Errors
///
/// The folder is missing or not writable. The error names the file.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, 0o644).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a program the same way.
///
/// # Errors
///
/// The folder is missing or not writable. The error names the file.
pub(crate) fn write_executable(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, 0o755).with_context(|| format!("cannot write `{}`", path.display()))
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Temporary files are private by default; a deployment package is read by another user.
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    let file = tempfile::Builder::new()
        .prefix(".bootstream-")
        .permissions(permissions)
        .tempfile_in(folder)?;
    std::fs::write(file.path(), bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Returns the path of this executable.
///
/// # Errors
///
/// The system does not know it.
pub(crate) fn own_executable() -> Result<PathBuf> {
    std::env::current_exe().context("cannot tell where this executable is")
}
