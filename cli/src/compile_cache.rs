//! A cache of machine code for `dev` and `invoke`, in the folder `bootstream` of the user's cache
//! (`$XDG_CACHE_HOME`, else `~/.cache`).
//!
//! The name of an entry contains the component's SHA-256 and everything else that affects the code.
//! Entries are checked as `bootstrap` checks a precompiled component, and compiled again if they fail.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use artifact::{Arch, Origin, PRECOMPILED_EXTENSION};
use bootstream_host::engine::{self, Cache};

use crate::commands::compile::size;
use crate::precompile::{check_code, precompile};
use crate::printer::{Printer, Tone};

const FOLDER: &str = "bootstream";

/// Largest total size of the entries, in bytes.
const LIMIT_BYTES: u64 = 1024 * 1024 * 1024;

/// Returns the machine code of a component for this machine, from the cache if possible. `file` is its
/// name in messages.
///
/// # Errors
///
/// The component does not compile.
pub(crate) fn machine_code(component: &[u8], file: &Path, printer: Printer) -> Result<Vec<u8>> {
    let cache = open(printer);
    let name = entry_name(component);
    if let Some(code) = cache.as_ref().and_then(|it| entry(it, &name, component)) {
        return Ok(code);
    }
    let text = format!(
        "compiling `{}` ({}, the first time takes a while) ...",
        file.display(),
        size(component.len())
    );
    printer.message(Tone::Faint, &text);
    let code = precompile(component, Arch::HOST).context("does not compile")?;
    if let Some(cache) = cache {
        keep(&cache, &name, &code, printer);
    }
    Ok(code)
}

/// Caches machine code that another command has just compiled, if it is for this machine.
pub(crate) fn record(component: &[u8], code: &[u8], arch: Arch, printer: Printer) {
    if arch == Arch::HOST
        && let Some(cache) = open(printer)
    {
        keep(&cache, &entry_name(component), code, printer);
    }
}

/// Opens the cache. Without it, everything still works, only slower.
fn open(printer: Printer) -> Option<Cache> {
    let path = parent()?.join(FOLDER);
    match open_at(path.clone()) {
        Ok(cache) => Some(cache),
        Err(error) => {
            let advice = if error.kind() == io::ErrorKind::PermissionDenied {
                ": it must be this user's, with mode 0700, because its content is executed"
            } else {
                ""
            };
            let text = format!(
                "machine code is not kept: cannot use `{}`: {error}{advice}",
                path.display()
            );
            printer.message(Tone::Bad, &text);
            None
        }
    }
}

fn open_at(path: PathBuf) -> io::Result<Cache> {
    if let Some(parent) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
    }
    Cache::open_at(path)
}

/// Returns the user's cache folder, by the XDG Base Directory Specification, which makes relative
/// paths invalid.
fn parent() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from);
    let absolute = |path: &PathBuf| path.is_absolute();
    set("XDG_CACHE_HOME")
        .filter(absolute)
        .or_else(|| Some(set("HOME").filter(absolute)?.join(".cache")))
}

fn entry_name(component: &[u8]) -> String {
    let Origin { sha256, .. } = Origin::of(component);
    let compiler = engine::compiler_digest(Arch::HOST);
    let release = env!("CARGO_PKG_VERSION");
    format!("{sha256}-{compiler}-{release}.{PRECOMPILED_EXTENSION}")
}

fn entry(cache: &Cache, name: &str, component: &[u8]) -> Option<Vec<u8>> {
    let mut file = cache.entry(name).ok()?;
    let mut code = Vec::new();
    file.read_to_end(&mut code).ok()?;
    check_code(&code, Some(component), Arch::HOST).ok()?;
    mark_as_used(&file);
    Some(code)
}

fn mark_as_used(file: &File) {
    // On failure the entry is only removed sooner.
    let _ = file.set_modified(SystemTime::now());
}

fn keep(cache: &Cache, name: &str, code: &[u8], printer: Printer) {
    match cache.store(name, code) {
        Ok(_) => cache.prune(LIMIT_BYTES),
        Err(error) => {
            let path = cache.path().display();
            let text = format!("machine code is not kept: cannot write to `{path}`: {error}");
            printer.message(Tone::Bad, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_is_damaged_or_of_another_component_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open_at(folder.path().join("made/on/the/way")).unwrap();
        let component = b"(component)".as_slice();
        let code = precompile(component, Arch::HOST).unwrap();
        let name = entry_name(component);
        assert!(entry(&cache, &name, component).is_none());

        cache.store(&name, &code).unwrap();
        assert_eq!(entry(&cache, &name, component), Some(code.clone()));
        assert!(entry(&cache, &name, b"(component )").is_none());

        let mut damaged = code.clone();
        damaged[100] ^= 1;
        for bytes in [&damaged, &code[..code.len() / 2], b""] {
            cache.store(&name, bytes).unwrap();
            assert!(entry(&cache, &name, component).is_none());
        }
    }

    #[test]
    fn use_keeps_an_entry() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open_at(folder.path().join(FOLDER)).unwrap();
        let component = b"(component)".as_slice();
        let name = entry_name(component);
        let file = cache.store(&name, &precompile(component, Arch::HOST).unwrap());
        file.unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        cache.store("newer", b"x").unwrap();

        entry(&cache, &name, component).unwrap();

        cache.prune(0);
        assert!(cache.entry(&name).is_ok() && cache.entry("newer").is_err());
    }
}
