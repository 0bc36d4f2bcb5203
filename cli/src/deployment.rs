//! Prepares a version of a handler: the folder that becomes the task root.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use artifact::{Arch, COMPONENT_EXTENSION, FileKind, PRECOMPILED_EXTENSION, Stamp, Unfit};
use bootstream_host::config::FILE_NAME;
use local_lambda::Deployment;

use crate::compile_cache;
use crate::component;
use crate::files;
use crate::package::include::{Included, IncludedFile};
use crate::precompile::check_code;
use crate::printer::{Printer, Tone};

/// The name of the handler in the task root, without its extension.
pub(crate) const HANDLER_NAME: &str = "handler";

/// The parts of a version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    /// The component, or its machine code.
    pub(crate) file: &'a Path,
    /// The file of settings, if there is one.
    pub(crate) project: &'a Path,
    /// The included files.
    pub(crate) included: &'a Included,
    /// The previous version, whose files need not be copied again.
    pub(crate) before: Option<&'a Deployment>,
}

/// Checks quickly that `file` can be a handler, without compiling it.
///
/// # Errors
///
/// The file is missing or not a handler. The error names the file.
pub(crate) fn check(file: &Path) -> Result<()> {
    let bytes = files::read(file)?;
    match FileKind::of_source(&bytes) {
        FileKind::Precompiled => Ok(()),
        _ => component::check_handler(&bytes)
            .map(drop)
            .with_context(|| format!("`{}`", file.display())),
    }
}

/// Checks and precompiles the component, and puts the settings and the included files beside it, as in a
/// package. Blocks until it is compiled.
///
/// # Errors
///
/// A file is missing, the component is not a handler or does not compile, or an included file would take
/// its place. The error names the file.
pub(crate) fn prepare(parts: Parts<'_>, printer: Printer) -> Result<Deployment> {
    let Parts {
        file,
        project,
        included,
        before,
    } = parts;
    included
        .check(HANDLER_NAME)
        .with_context(|| format!("`{}`", project.display()))?;
    let code = machine_code(file, printer)?;
    let folder = tempfile::Builder::new()
        .prefix("bootstream-")
        .tempdir()
        .context("cannot make a temporary folder")?;
    let target = folder
        .path()
        .join(HANDLER_NAME)
        .with_extension(PRECOMPILED_EXTENSION);
    std::fs::write(&target, code)
        .with_context(|| format!("cannot write `{}`", target.display()))?;
    if project.is_file() {
        std::fs::copy(project, folder.path().join(FILE_NAME))
            .with_context(|| format!("cannot copy `{}`", project.display()))?;
    }
    for (name, file) in &included.files {
        let before = before.map(|before| before.task_root().join(name));
        place(file, before.as_deref(), &folder.path().join(name))
            .with_context(|| format!("cannot copy `{}`", file.path.display()))?;
    }
    Ok(Deployment::temporary(folder, target, file.to_owned()))
}

/// Returns the path of a handler's `bootstream.toml`, which need not exist: in its folder, or beside a
/// component.
pub(crate) fn project_file(handler: &Path) -> PathBuf {
    if handler.is_dir() {
        handler.join(FILE_NAME)
    } else {
        handler.with_file_name(FILE_NAME)
    }
}

/// Returns the machine code for `file`. Code that does not match the component beside it is compiled again.
fn machine_code(file: &Path, printer: Printer) -> Result<Vec<u8>> {
    let bytes = files::read(file)?;
    if FileKind::of_source(&bytes) != FileKind::Precompiled {
        return compiled(file, &bytes, printer);
    }
    // The host checks whether it fits, unless there is a component to compile instead. It does not read all of it.
    let Some((path, component)) = component_beside(file) else {
        if let Err(damage @ Unfit::Damaged { .. }) =
            Stamp::read(&bytes).and_then(|stamp| stamp.check_code(&bytes))
        {
            bail!("`{}`: {damage}; compile it again", file.display());
        }
        return Ok(bytes);
    };
    let Err(unfit) = check_code(&bytes, Some(&component), Arch::HOST) else {
        return Ok(bytes);
    };
    let text = format!(
        "taking `{}` in place of `{}`: {unfit}",
        path.display(),
        file.display()
    );
    printer.message(Tone::Plain, &text);
    compiled(&path, &component, printer)
}

/// Returns the machine code of a component. It runs outside any sandbox, so it comes from the compiler
/// or from this user's cache, never from a file that happens to be beside the component.
fn compiled(file: &Path, component: &[u8], printer: Printer) -> Result<Vec<u8>> {
    component::check_handler(component)
        .and_then(|_| compile_cache::machine_code(component, file, printer))
        .with_context(|| format!("`{}`", file.display()))
}

fn component_beside(code: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let path = code.with_extension(COMPONENT_EXTENSION);
    let bytes = (path != code).then(|| std::fs::read(&path).ok())??;
    (FileKind::of_source(&bytes) == FileKind::Component).then_some((path, bytes))
}

/// Links a file into the task root, from its origin or from the previous version, or copies it.
fn place(file: &IncludedFile, before: Option<&Path>, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::hard_link(&file.path, to).is_ok() {
        return Ok(());
    }
    if let Some(before) = before
        && is_copy(before, file)
        && std::fs::hard_link(before, to).is_ok()
    {
        return Ok(());
    }
    std::fs::copy(&file.path, to)?;
    if let Some(modified) = file.modified {
        // On failure the next version copies it again.
        let _ = File::open(to).and_then(|copy| copy.set_modified(modified));
    }
    Ok(())
}

/// Returns whether a file of the previous version is a copy that [`place`] made of this one.
fn is_copy(before: &Path, file: &IncludedFile) -> bool {
    before.metadata().is_ok_and(|metadata| {
        metadata.len() == file.bytes
            && file.modified.is_some()
            && metadata.modified().ok() == file.modified
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn included(path: &Path, bytes: u64, modified: SystemTime) -> IncludedFile {
        IncludedFile {
            path: path.to_owned(),
            executable: false,
            bytes,
            modified: Some(modified),
        }
    }

    fn inode(path: &Path) -> u64 {
        path.metadata().unwrap().ino()
    }

    #[test]
    fn a_file_on_the_same_disk_is_linked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.bin");
        std::fs::write(&path, "data").unwrap();
        let to = folder.path().join("root/a/data.bin");

        place(&included(&path, 4, SystemTime::now()), None, &to).unwrap();

        assert_eq!(inode(&path), inode(&to));
    }

    #[test]
    fn a_file_of_another_disk_is_copied_for_the_first_version_only() {
        let folder = tempfile::tempdir().unwrap();
        let before = folder.path().join("before");
        std::fs::write(&before, "data").unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        File::open(&before).unwrap().set_modified(modified).unwrap();
        // It can neither be linked nor copied.
        let unreachable = Path::new("/nowhere/data.bin");
        let to = folder.path().join("root/data.bin");

        place(&included(unreachable, 4, modified), Some(&before), &to).unwrap();
        assert_eq!(inode(&before), inode(&to));

        std::fs::remove_file(&to).unwrap();
        let later = modified + Duration::from_secs(1);
        for other in [
            included(unreachable, 4, later),
            included(unreachable, 5, modified),
        ] {
            assert!(place(&other, Some(&before), &to).is_err());
        }
    }
}
