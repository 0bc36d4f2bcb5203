//! Loads a file as a component that this engine can run.
//!
//! Machine code runs only after its [`Stamp`] has been checked: it was compiled for this host, from the component
//! beside it if there is one, and is complete. Code that does not fit is compiled again if its component and the
//! compile helper are available.
//!
//! A start reads the stamp and the tables of the code, not the code itself: its time must not grow with the file.
//!
//! `docs/design/no-compiler.md` explains why the compiler is not in this process, and `docs/design/cold-start.md` what
//! a start reads.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use artifact::{
    Arch, Called, Concurrency, Forms, MemoryInit, Origin, PRECOMPILED_EXTENSION, Stamp, Unfit,
};
use memmap2::Mmap;
use wasmtime::component::Component;

use super::cache::Cache;
use super::config::{check_fits, compiler_digest};
use super::engines::Engines;
use super::error::{LoadError, cause};
use super::find::{form_alone, forms};
use super::helper::Helper;
use super::origin::check_beside;
use super::read_ahead::{ReadAhead, request};
use super::sources::Sources;

/// A component with what else its file has.
pub(crate) struct Loaded {
    pub(crate) component: Component,
    pub(crate) sources: Sources,
    /// What is to be read of the file before the first call. `None` if it is small, or was read whole.
    pub(crate) read_ahead: Option<ReadAhead>,
    pub(crate) memory_init: MemoryInit,
    /// SHA-256 of the component, in hexadecimal.
    pub(crate) digest: String,
}

/// Loads the component in `path`, or its precompiled form beside it. Compiles it first if it was not
/// precompiled, or for another host. For a `pinned` file, ignores the form beside it, which is not pinned.
///
/// # Errors
///
/// When the file cannot be read, is not a component, or was compiled for another host and cannot be
/// compiled here.
pub(crate) fn load_component(
    engines: Engines,
    path: &Path,
    pinned: bool,
) -> Result<Loaded, LoadError> {
    let forms = if pinned {
        form_alone(path)?
    } else {
        forms(path)?
    };
    match forms {
        Forms::Code(code) => {
            map_precompiled(engines, &code, None).map_err(|unfit| incompatible(code, unfit))
        }
        Forms::Component(component) if pinned => compile(engines, &component, &Why::Pinned),
        Forms::Component(component) => compile(engines, &component, &Why::NotPrecompiled),
        Forms::Both { component, code } => {
            match map_precompiled(engines, &code, Some(&component)) {
                Ok(loaded) => Ok(loaded),
                Err(unfit @ Unfit::NoConcurrency) => Err(incompatible(code, unfit)),
                Err(unfit) => compile(engines, &component, &Why::Unfit { code, unfit }),
            }
        }
    }
}

fn incompatible(path: PathBuf, unfit: Unfit) -> LoadError {
    match unfit {
        Unfit::NoConcurrency => LoadError::NoConcurrency { path },
        unfit => LoadError::Incompatible { path, unfit },
    }
}

/// Checks that this host can run the code that `stamp` describes.
fn check_runs(stamp: &Stamp) -> Result<(), Unfit> {
    check_fits(stamp, Arch::HOST)?;
    if stamp.concurrency == Concurrency::On && !cfg!(feature = "wasi-p3") {
        return Err(Unfit::NoConcurrency);
    }
    Ok(())
}

/// Why a component has to be compiled at the start.
#[derive(Debug)]
pub(super) enum Why {
    NotPrecompiled,
    Pinned,
    Unfit { code: PathBuf, unfit: Unfit },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPrecompiled => f.write_str("it is not precompiled"),
            Self::Pinned => f.write_str("`handler-sha256` pins the component, not machine code"),
            Self::Unfit { code, unfit } => {
                write!(f, "`{}` does not fit this host: {unfit}", code.display())
            }
        }
    }
}

fn map_precompiled(
    engines: Engines,
    code: &Path,
    component: Option<&Path>,
) -> Result<Loaded, Unfit> {
    let file = File::open(code)?;
    let stamp = read_stamp(&file)?;
    check_runs(&stamp)?;
    if let Some(component) = component {
        check_beside(&stamp, &file, component)?;
    }
    request(&file, stamp.tables.ranges());
    // Unmapped last. Callgrind, which counts instructions for the tests, fails in signal handlers whose stack is where
    // this was.
    let bytes = bytes_of(&file)?;
    stamp.check_tables(&bytes)?;
    let called = Called::of(&bytes);
    if stamp.memory_init == MemoryInit::Copy {
        // The first instance copies it.
        request(&file, [called.data.clone()]);
    }
    let read_ahead = ReadAhead::of(&file, called);
    let loaded = map(engines, &stamp, file)?;
    Ok(Loaded {
        read_ahead,
        ..loaded
    })
}

/// Reads the stamp of a file, and nothing else of it.
fn read_stamp(file: &File) -> Result<Stamp, Unfit> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(Stamp::LIMIT_BYTES as u64);
    let mut end = [0; Stamp::LIMIT_BYTES];
    let end = end
        .get_mut(..usize::try_from(length - start).unwrap_or_default())
        .unwrap_or_default();
    file.read_exact_at(end, start)?;
    Stamp::read_end(end, length)
}

/// Maps a file into memory. Only the pages that are used are read.
pub(super) fn bytes_of(file: &File) -> io::Result<Mmap> {
    #[expect(unsafe_code, reason = "a mapped file changes if it is written to")]
    // SAFETY: the file is part of the deployment package, or of a cache that only this user can write.
    // Neither is written in place; the engine maps it in the same way, and runs it.
    unsafe {
        Mmap::map(file)
    }
}

/// Loads a checked file by mapping it.
fn map(engines: Engines, stamp: &Stamp, file: File) -> Result<Loaded, Unfit> {
    // The file that was checked, even if its name refers to another one by now.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let component = engines.engine(stamp.flavour()).and_then(|engine| {
        #[expect(
            unsafe_code,
            reason = "runs machine code that our own compiler produced"
        )]
        // SAFETY: the file's stamp confirms that our compiler wrote it and that it is complete. It is part of the
        // deployment package, as trusted as `bootstrap` itself, or of a cache that only this user can write.
        // Wasmtime compares its own record of the settings and the processor.
        unsafe {
            Component::deserialize_file(&engine, &path)
        }
    });
    let component = component.map_err(|error| Unfit::Engine(cause(&error)))?;
    Ok(Loaded {
        component,
        sources: Sources::in_file(stamp, file),
        read_ahead: None,
        memory_init: stamp.memory_init,
        digest: stamp.component.sha256.clone(),
    })
}

/// Loads checked machine code from memory.
fn load(engines: Engines, stamp: &Stamp, code: &[u8]) -> Result<Loaded, Unfit> {
    let component = engines.engine(stamp.flavour()).and_then(|engine| {
        #[expect(
            unsafe_code,
            reason = "runs machine code that our own compiler produced"
        )]
        // SAFETY: as for a file; these bytes come straight from the compile helper.
        unsafe {
            Component::deserialize(&engine, code)
        }
    });
    let component = component.map_err(|error| Unfit::Engine(cause(&error)))?;
    Ok(Loaded {
        component,
        sources: Sources::in_memory(stamp, code),
        read_ahead: None,
        memory_init: stamp.memory_init,
        digest: stamp.component.sha256.clone(),
    })
}

/// Takes the machine code of `component` from the cache, or compiles it. Logs one line.
fn compile(engines: Engines, component: &Path, why: &Why) -> Result<Loaded, LoadError> {
    let started = Instant::now();
    let bytes = std::fs::read(component).map_err(|source| LoadError::Unreadable {
        path: component.to_owned(),
        source,
    })?;
    let origin = Origin::of(&bytes);
    drop(bytes);
    let cache = Cache::open(&std::env::temp_dir());
    let (loaded, how) = match cache
        .as_ref()
        .ok()
        .and_then(|cache| cached(engines, cache, &origin))
    {
        Some(loaded) => (loaded, "took from the cache".to_owned()),
        None => compile_now(engines, component, why, &origin, cache)?,
    };
    tracing::warn!(
        "{how} `{}` in {} ms, because {why}; \
         precompile it with the `bootstream compile` of this release to save this",
        component.display(),
        started.elapsed().as_millis(),
    );
    Ok(loaded)
}

/// Loads the cache's entry for this component, if there is a valid one.
fn cached(engines: Engines, cache: &Cache, origin: &Origin) -> Option<Loaded> {
    let file = cache.entry(&entry_name(origin)).ok()?;
    let stamp = check_compiled(&bytes_of(&file).ok()?, origin).ok()?;
    map(engines, &stamp, file).ok()
}

fn entry_name(origin: &Origin) -> String {
    let digest = compiler_digest(Arch::HOST);
    format!("{}-{digest}.{PRECOMPILED_EXTENSION}", origin.sha256)
}

fn check_compiled(file: &[u8], origin: &Origin) -> Result<Stamp, Unfit> {
    let stamp = Stamp::read(file)?;
    check_runs(&stamp)?;
    if stamp.component != *origin {
        return Err(Unfit::OtherComponent);
    }
    // All of it: `/tmp` may have been full, and no tool has checked it.
    stamp.check_code(file)?;
    Ok(stamp)
}

/// Runs the compile helper, and caches its output if there is a cache.
fn compile_now(
    engines: Engines,
    component: &Path,
    why: &Why,
    origin: &Origin,
    cache: io::Result<Cache>,
) -> Result<(Loaded, String), LoadError> {
    let helper = Helper::find().ok_or_else(|| LoadError::NoCompiler {
        path: component.to_owned(),
        why: why.to_string(),
    })?;
    let failed = |reason: String| LoadError::CompilerFailed {
        path: component.to_owned(),
        reason,
    };
    let code = helper.compile(component).map_err(failed)?;
    let stamp = check_compiled(&code, origin).map_err(|unfit| match unfit {
        Unfit::NoConcurrency => incompatible(component.to_owned(), unfit),
        unfit => failed(format!(
            "`bootstream-compile` is of another release: {unfit}"
        )),
    })?;
    let kept = cache.and_then(|cache| {
        let file = cache.store(&entry_name(origin), &code)?;
        let loaded = map(engines, &stamp, file).map_err(io::Error::other)?;
        Ok((
            loaded,
            format!("compiled and kept in `{}`", cache.path().display()),
        ))
    });
    kept.or_else(|error| {
        let loaded = load(engines, &stamp, &code).map_err(|unfit| failed(unfit.to_string()))?;
        Ok((loaded, format!("compiled (and could not keep: {error})")))
    })
}
